"""UniRL's form of requests: rewards and errors for each item, aligned, and never a 0 for what was not measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from starlette.testclient import TestClient

from editjudge.datasets.demo import DemoInput, load_demo
from editjudge.metrics.registry import DEFAULT
from editjudge.scorer import Scorer
from editjudge.server.engine.engine import Engine
from server.http.conftest import OpenClient
from support.request_bodies import encode
from support.unirl_client import Sample, UniRlClient

REWARDS = (DEFAULT.name, "reward", "l2")


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    """All candidates of two inputs of the demo, in turn."""
    first, second = load_demo()[:2]
    pairs = [
        pair
        for each in zip(first.candidates, second.candidates, strict=False)
        for pair in zip((first, second), each, strict=True)
    ]
    return [Sample(f"{one.id}/{n}", one.instruction, one.original, edit.file) for n, (one, edit) in enumerate(pairs)]


def item(demo: DemoInput, edited: Path | None = None, **changed: Any) -> dict[str, Any]:
    pictures = encode(demo.original), encode(edited or demo.candidates[0].file)
    history = [{"text": demo.instruction, "image_b64": picture} for picture in pictures]
    return {"history": history, "required_rewards": ["l2"], **changed}


def test_a_trainer_gets_its_rewards_in_order(client: TestClient, engine: Engine, samples: list[Sample]) -> None:
    trainer = UniRlClient(client, REWARDS, engine.bundle_hash)
    assert trainer.is_available()
    rewarded = trainer.score(samples)
    with Scorer.load("studio", "cpu") as scorer:
        for sample, given in zip(samples, rewarded, strict=True):
            score = scorer.score(sample.source, sample.edited, sample.prompt, metrics=("reward", "l2"))
            expected = {DEFAULT.name: score.value} | {name: result.value for name, result in score.metrics.items()}
            measured = {name: value for name, value in expected.items() if value is not None}
            assert given.rewards == pytest.approx(measured, abs=1e-4)
            assert given.errors.keys() == expected.keys() - measured.keys()


def test_what_was_not_measured_is_no_zero(client: TestClient, color: DemoInput) -> None:
    asked = UniRlClient(client, [DEFAULT.name, "psnr"])
    (given,) = asked.score([Sample("1", "Make the hippogriff blue.", color.original, color.original)])
    assert given.rewards == {}
    assert given.errors[DEFAULT.name].startswith("not measured: ")
    assert given.errors["psnr"].startswith("infinite")


def test_errors_are_those_of_their_items(client: TestClient, color: DemoInput) -> None:
    good = item(color)
    turns = good["history"]
    listed = [
        (good, None),
        (item(color, required_rewards=["l2", "beauty"]), "there is no reward of this name"),
        (item(color, required_rewards=["lpips"]), "there is no reward of this name"),
        (item(color, history=turns[1:]), "no two pictures"),
        (item(color, history=[]), "no two pictures"),
        (item(color, history="no"), "no list of turns"),
        (item(color, history=[turns[0], {"text": "a", "image_b64": "aGFsbG8="}]), "not a picture"),
        (item(color, history=[{"text": "a", "image_b64": "http://a.b/c"}, turns[1]]), "nothing is fetched"),
        (item(color, history=[turns[0], {"text": "a", "video_path": "/etc/passwd"}]), "no two pictures"),
        (item(color, history=[{"image_b64": one["image_b64"]} for one in turns]), "no turn of the history has a text"),
        (item(color, history=[turns[0], {"text": "\0", "image_b64": turns[1]["image_b64"]}]), "NUL"),
        (good, None),
    ]
    answer = client.post("/score", json={"requests": [one for one, _ in listed]})
    assert answer.status_code == 200
    body = answer.json()
    for (sent, words), results, errors in zip(listed, body["results"], body["errors"], strict=True):
        named, refused = results.keys() - {"reward"}, errors.keys() - {"reward"}
        assert named | refused == set(sent["required_rewards"])
        assert not named & refused
        assert results.get("reward", {}) == {name: results[name][name] for name in named}
        assert ("reward" in errors) == bool(refused)
        if words is None:
            assert results["l2"]["l2"] > 0
        else:
            assert words in errors[sent["required_rewards"][-1]]
    assert body["results"][1] == {"l2": body["results"][1]["l2"], "reward": body["results"][1]["l2"]}
    assert body["errors"][1]["reward"] == f"beauty: {body['errors'][1]['beauty']}"


def test_the_instruction_is_the_last_text(client: TestClient, color: DemoInput) -> None:
    done = next(each.file for each in color.candidates if each.label == "well done")
    plain = item(color, done, required_rewards=["reward"])
    said_first = item(color, done, required_rewards=["reward"])
    said_first["history"][1]["text"] = ""
    other = item(color, done, required_rewards=["reward"])
    other["history"][0]["text"] = "Remove the gift."
    body = client.post("/score", json={"requests": [plain, said_first, other]}).json()
    assert body["results"][0] == body["results"][1] == body["results"][2] != {}


def test_more_groups_than_may_wait_at_once(open_client: OpenClient, color: DemoInput) -> None:
    few = open_client(queue=1)
    edits = [
        {**item(color), "history": [{**turn, "text": f"Make the car {name}."} for turn in item(color)["history"]]}
        for name in ("blue", "red", "green", "white", "black")
    ]
    body = few.post("/score", json={"requests": edits}).json()
    assert [list(one) for one in body["results"]] == [["l2", "reward"]] * 5


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({}, 400, "'requests' is missing"),
        ({"requests": {}}, 400, "'requests' is missing"),
        ({"protocol_version": "2", "requests": []}, 400, "this service reads '1'"),
        ({"protocol_version": 2, "requests": []}, 400, "this service reads '1'"),
        ({"protocol_version": True, "requests": []}, 400, "this service reads '1'"),
        ({"requests": [{"required_rewards": ["l2"]}] * 65}, 413, "65 items, more than the 64"),
    ],
)
def test_what_is_no_such_request(client: TestClient, body: dict[str, Any], status: int, words: str) -> None:
    answer = client.post("/score", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert words in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (7, "the item is 7; give an object"),
        ({"history": []}, "required_rewards is None; give a list of names"),
        ({"required_rewards": []}, "required_rewards is []; give a list of names"),
        ({"required_rewards": [7]}, "required_rewards is of type list; give a list of names"),
        ({"required_rewards": "l2"}, "required_rewards is 'l2'; give a list of names"),
    ],
)
def test_an_item_that_names_no_rewards_keeps_the_others(
    client: TestClient, color: DemoInput, bad: Any, words: str
) -> None:
    if isinstance(bad, dict):
        bad = {**bad, "sample_id": "s7"}
    answer = client.post("/score", json={"protocol_version": 1, "requests": [item(color), bad]})
    assert answer.status_code == 200
    body = answer.json()
    assert body["results"][0]["l2"]["l2"] > 0
    assert body["results"][1] == {}
    assert body["errors"] == [{}, {"reward": words}]
    assert body["identities"][1]["sample_id"] == ("s7" if isinstance(bad, dict) else None)


def test_more_pixels_than_are_taken(open_client: OpenClient, color: DemoInput) -> None:
    """Of an item, which the others do not suffer from; and of all, where each file counts once."""
    with PIL.Image.open(color.original) as opened:
        each = opened.width * opened.height
    items = [item(color, candidate.file) for candidate in color.candidates[:2]]
    together = {"requests": items}
    assert open_client({"max_request_pixels": 3 * each}).post("/score", json=together).status_code == 200
    refused = open_client({"max_request_pixels": 3 * each - 1}).post("/score", json=together)
    assert (refused.status_code, refused.json()["error"]["kind"]) == (413, "TooLargeError")
    same = item(color, color.original)
    body = open_client({"max_request_pixels": each}).post("/score", json={"requests": [items[0], same]}).json()
    assert "the pictures together have more pixels" in body["errors"][0]["l2"]
    assert body["results"][1]["l2"] == {"l2": 0.0}


def test_nothing_asked_is_nothing_answered(client: TestClient) -> None:
    body = client.post("/score", json={"requests": []}).json()
    assert body == {"protocol_version": "1", "results": [], "errors": [], "identities": []}


def test_the_rewards_and_what_they_mean(client: TestClient) -> None:
    body = client.get("/rewards").json()
    assert body["rewards"] == [about["name"] for about in body["about"]]
    reward = next(about for about in body["about"] if about["name"] == "reward")
    assert (reward["range"], reward["higher_is_better"]) == ([0.0, 5.0], True)
    assert all(about["meaning"] for about in body["about"])
    assert "lpips" not in body["rewards"]  # the bundle has no model for it
