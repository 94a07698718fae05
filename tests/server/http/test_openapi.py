"""/openapi.json is whole and true: every reference resolves, every example fits, and real answers fit too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from editjudge.datasets.demo import DemoInput
from editjudge.server.http.openapi import EDITS
from editjudge.server.http.schemas import bodies, results
from editjudge.server.http.schemas.model import Described
from support.request_bodies import encode, json_body

PATHS = {"/v1/score", "/v1/rank", "/v1/differences", "/v1/reward", "/score", "/rewards", "/health", "/metrics"}


@pytest.fixture(scope="module")
def schema(client: TestClient) -> dict[str, Any]:
    answer = client.get("/openapi.json")
    assert answer.status_code == 200
    content: dict[str, Any] = answer.json()
    return content


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """All objects in it."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(one)


def list_models(base: type[Described] = Described) -> list[type[Described]]:
    return [base, *(model for child in base.__subclasses__() for model in list_models(child))]


def test_every_reference_resolves(schema: dict[str, Any]) -> None:
    references = {one["$ref"] for one in walk(schema["paths"]) if "$ref" in one}
    references |= {one["$ref"] for one in walk(schema["components"]) if isinstance(one.get("$ref"), str)}
    assert references
    for reference in references:
        place: Any = schema
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert place["type"] == "object"


def test_every_path_and_its_errors_are_there(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    assert set(schema["paths"]) == PATHS
    ids = [method["operationId"] for path in schema["paths"].values() for method in path.values()]
    assert len(ids) == len(set(ids)) == len(PATHS)
    for task in EDITS:
        route = schema["paths"][f"/v1/{task}"]["post"]
        assert set(route["requestBody"]["content"]) == {"application/json", "multipart/form-data"}
        assert set(route["responses"]) == {"200", "400", "401", "403", "408", "413", "415", "429", "500", "503"}
        assert ("text/html" in route["responses"]["200"]["content"]) == (task != "reward")
        for status, response in route["responses"].items():
            told = response["content"]["application/json"]["schema"]["$ref"]
            assert told.endswith("/ErrorBody") == (status != "200")


def test_every_example_fits_its_model(schema: dict[str, Any]) -> None:
    models = {model.__name__: model for model in list_models()}
    seen = set()
    for name, one in schema["components"]["schemas"].items():
        for example in one.get("examples", ()):
            TypeAdapter(models[name]).validate_python(example, strict=True)
            seen.add(name)
    assert seen >= {answer.__name__ for _, _, answer in EDITS.values()} | {
        body.__name__ for body, _, _ in EDITS.values()
    }
    assert seen >= {"ScoreItemsBody", "ScoreItemsAnswer", "RewardsAnswer", "HealthAnswer", "ErrorBody"}


@pytest.mark.parametrize("task", list(EDITS))
def test_the_example_of_a_body_is_taken(client: TestClient, schema: dict[str, Any], task: Any) -> None:
    body, _, answer = EDITS[task]
    (example,) = schema["components"]["schemas"][body.__name__]["examples"]
    answered = client.post(f"/v1/{task}", json=example)
    assert answered.status_code == 200, answered.text
    answer.model_validate_json(answered.content, strict=True)


@pytest.mark.parametrize("task", list(EDITS))
def test_real_answers_fit_their_models(client: TestClient, color: DemoInput, task: Any) -> None:
    body = json_body(color)
    if task == "rank":
        body["edited"] = [*(encode(one.file) for one in color.candidates), "aGFsbG8="]
    if task == "score":
        body["metrics"] = "all"
    answered = client.post(f"/v1/{task}", json=body)
    assert answered.status_code == 200, answered.text
    EDITS[task][2].model_validate_json(answered.content, strict=True)


def test_the_other_answers_fit_theirs(client: TestClient, schema: dict[str, Any]) -> None:
    results.HealthAnswer.model_validate_json(client.get("/health").content, strict=True)
    results.RewardsAnswer.model_validate_json(client.get("/rewards").content, strict=True)
    results.ErrorBody.model_validate_json(client.get("/nowhere").content, strict=True)
    (example,) = schema["components"]["schemas"][bodies.ScoreItemsBody.__name__]["examples"]
    answered = client.post("/score", json=example)
    results.ScoreItemsAnswer.model_validate_json(answered.content, strict=True)


def test_it_fetches_nothing(client: TestClient) -> None:
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404
