"""Batches judged by a model behind an endpoint, a real one over HTTP: none lost, none made up."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from editjudge.errors import InputError
from editjudge.rewards import Reward
from support.judge_server import JudgeServer, Reply, Request, complete, fill_schema
from support.told_judge import draw, draw_pillow

Open = Callable[..., Reward]


def open_reward(server: JudgeServer, **options: Any) -> Reward:
    return Reward("openai", model="eyes", base_url=server.url, **options)


def test_rows_come_in_the_order_of_the_edits(server: JudgeServer) -> None:
    words = ["score 1", "score 5", "score 3", "paint it"]
    rows = open_reward(server)([draw(1)] * 4, [draw_pillow(shade) for shade in (2, 3, 4, 5)], words)
    assert [row["following"]["score"] for row in rows] == [1, 5, 3, 4]
    assert [row["overall"] for row in rows] == pytest.approx([math.sqrt(4), math.sqrt(20), math.sqrt(12), 4])
    assert all(row["error"] is None for row in rows)
    assert rows[0]["judge"]["name"] == "openai"
    assert rows[0]["judge"]["model"] == "eyes"
    assert json.loads(json.dumps(rows)) == rows


def test_a_failed_edit_has_no_number_and_takes_none_along(server: JudgeServer, tmp_path: Any) -> None:
    words = ["score 5", "refuse", "chat", "broken", "", None, "score 2", "score 2", "score 2"]
    edited = [draw(shade) for shade in range(6)] + [None, tmp_path / "missing.png", draw(9)]
    rows = open_reward(server)([draw(100)] * 9, edited, words)  # type: ignore[list-item]
    assert [row["overall"] is not None for row in rows] == [True] + [False] * 7 + [True]
    for row in rows[1:8]:
        assert row["following"] is row["preserving"] is row["quality"] is row["overall"] is None
        assert row["judge"]["model"] == "eyes"
        assert row["error"]
        assert "bug" not in row["error"]
    assert "missing.png" in rows[7]["error"]


def test_the_same_batch_twice_asks_once(server: JudgeServer) -> None:
    batch = [draw(1)] * 3, [draw(2), draw(3), draw(4)], ["score 1", "score 2", "chat"]
    with open_reward(server) as reward:
        first = reward(*batch)
        asked = len(server.requests)
        second = reward(*batch)
    assert second[:2] == first[:2]
    assert len(server.requests) - asked <= 3  # of the edit whose answer could not be read, and so was not kept
    assert second[2]["overall"] is None


def test_no_more_at_once_than_was_said(server: JudgeServer) -> None:
    def slowly(request: Request, number: int) -> Reply:
        return Reply(body=complete(json.dumps(fill_schema(request))), wait=0.02)

    server.behave = slowly
    rows = open_reward(server, requests=3)([draw(1)] * 8, [draw(shade) for shade in range(8)], ["paint it"] * 8)
    assert all(row["overall"] is not None for row in rows)
    assert len(server.requests) == 24
    assert 1 < server.most_at_once <= 3


def test_several_passes_tell_their_spread(server: JudgeServer) -> None:
    scores = iter(range(100))

    def waver(request: Request, number: int) -> Reply:
        return Reply(body=complete(json.dumps({**fill_schema(request), "score": next(scores) % 2 * 2 + 1})))

    server.behave = waver
    (row,) = open_reward(server, passes=2, requests=1)([draw(1)], [draw(2)], ["paint it"])
    assert row["following"]["score"] == 2
    assert row["following"]["spread"] == pytest.approx(math.sqrt(2))


def test_it_can_be_sent_to_a_process(server: JudgeServer) -> None:
    reward = open_reward(server, passes=1, seed=3)
    sent = pickle.loads(pickle.dumps(reward))
    batch = [draw(1)], [draw(2)], ["score 2"]
    assert sent(*batch) == reward(*batch)
    assert sent(*batch)[0]["judge"]["seed"] == 3


def test_a_closed_one_is_refused_and_the_model_stays_open(server: JudgeServer) -> None:
    one, other = open_reward(server), open_reward(server)
    one.close()
    with pytest.raises(InputError, match="this Reward is closed; open another one"):
        one([], [], [])
    assert other([draw(1)], [draw(2)], ["score 2"])[0]["overall"] is not None


def test_lists_that_do_not_fit(server: JudgeServer) -> None:
    reward = open_reward(server)
    with pytest.raises(InputError, match="2 originals, 1 edited pictures and 2 instructions; hand in as many of each"):
        reward([draw(1)] * 2, [draw(2)], ["a", "b"])
    with pytest.raises(InputError, match="instructions is 'paint it'; give a list"):
        reward([draw(1)], [draw(2)], "paint it")
    assert reward([], [], []) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"judge": "gpt"}, "there is no judge 'gpt'; choose local, llama, openai"),
        ({"judge": 7}, "judge is 7; give a text"),
        ({"judge": "openai"}, "no model is named for openai to judge by; give one with model="),
        ({"judge": "llama", "bundle": "studio"}, "no model is named for llama"),
        ({"model": "m.gguf"}, "the local reward has no model to choose; name a bundle, or judge by llama or openai"),
        ({"passes": 2}, "the local reward says the same each time; leave passes at 1"),
        ({"judge": "openai", "model": "m", "passes": 0}, "passes is 0; give a whole number from 1"),
        ({"judge": "openai", "model": "m", "requests": 0}, "requests is 0; give a whole number from 1"),
        ({"judge": "openai", "model": "m", "seed": -1}, "seed is -1; give a whole number from 0"),
        ({"judge": "openai", "model": 7}, "model is 7; give a path"),
    ],
)
def test_options_that_do_not_go_together(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Reward(**options)
