"""Several rewards of which some are not there in time: those that are there are answered, and the others are errors."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.testclient import TestClient

from editjudge.datasets.demo import DemoInput
from editjudge.ranking import Prepared
from editjudge.server.app import build_app
from editjudge.server.engine.engine import Engine
from editjudge.server.options import RequestLimits, ServiceOptions
from editjudge.server.telemetry import Telemetry
from support.engine_runs import SECONDS, HeldScorer, open_engine, wait_until
from support.request_bodies import encode


class LaterHeldScorer(HeldScorer):
    """Its gate shuts behind so many originals. free: how many; the warm-up's is one of them."""

    free = 1

    def prepare(self, *args: Any, **kwargs: Any) -> Prepared:
        if self.originals == self.free:
            self.gate.clear()
        return super().prepare(*args, **kwargs)


@contextmanager
def holding(free: int, seconds: float = SECONDS) -> Iterator[tuple[TestClient, Engine, LaterHeldScorer]]:
    """A client whose requests may take so long, and are held after so many instructions; one is worked on at a time."""
    opened: list[LaterHeldScorer] = []

    def open_scorer(options: ServiceOptions) -> LaterHeldScorer:
        scorer = LaterHeldScorer.open(options)
        assert isinstance(scorer, LaterHeldScorer)
        scorer.free = 1 + free
        opened.append(scorer)
        return scorer

    with open_engine(open_scorer, bundle="studio", inference_threads=1) as engine:
        options = ServiceOptions(device="cpu", queue=2, limits=RequestLimits(answer_seconds=seconds))
        app = build_app(options, engine, Telemetry())
        try:
            yield TestClient(app, base_url="http://localhost"), engine, opened[0]
        finally:
            opened[0].gate.set()


@pytest.fixture
def body(color: DemoInput) -> dict[str, Any]:
    """Three items that share no instruction."""
    pictures = encode(color.original), encode(color.candidates[0].file)
    return {
        "requests": [
            {
                "history": [{"text": f"Make the car {name}.", "image_b64": picture} for picture in pictures],
                "required_rewards": ["l2"],
            }
            for name in ("blue", "red", "green")
        ]
    }


def test_what_is_there_when_the_time_is_over(body: dict[str, Any]) -> None:
    with holding(free=1, seconds=4.0) as (client, _, _):
        answer = client.post("/score", json=body)
    assert answer.status_code == 200
    told = answer.json()
    assert [result.keys() for result in told["results"]] == [{"l2", "reward"}, set(), set()]
    assert told["results"][0]["l2"]["l2"] > 0
    assert [error.get("l2") for error in told["errors"]] == [
        None,
        *["this could not be answered within 4 seconds; try again later"] * 2,
    ]


def test_where_nothing_is_there_all_of_it_is_refused(body: dict[str, Any]) -> None:
    with holding(free=0, seconds=0.3) as (client, _, _):
        answer = client.post("/score", json=body)
    assert (answer.status_code, answer.json()["error"]["kind"]) == (503, "OverdueError")
    assert int(answer.headers["Retry-After"]) >= 1


def test_what_was_taken_before_the_service_ends(body: dict[str, Any]) -> None:
    with holding(free=1) as (client, engine, scorer), ThreadPoolExecutor(1) as pool:
        asked = pool.submit(client.post, "/score", json=body)
        assert wait_until(lambda: scorer.originals == 3)  # the second is worked on
        engine.drain(0.0)
        scorer.gate.set()
        answer = asked.result(SECONDS)
    assert answer.status_code == 200
    told = answer.json()
    assert [result.keys() for result in told["results"]] == [{"l2", "reward"}, {"l2", "reward"}, set()]
    assert "the service is about to end" in told["errors"][2]["l2"]
