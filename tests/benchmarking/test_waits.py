"""How long a user waits: what counts as a fresh edit and as a further candidate, by a clock that is told the time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from editjudge import Scorer
from editjudge.benchmarking import latency, waits
from editjudge.benchmarking.inputs import demo_edits, group_candidates
from editjudge.benchmarking.latency import Configuration
from editjudge.benchmarking.waits import FRESH, FURTHER, measure_waits, time_waits
from editjudge.datasets import EditSample

EDITS = [
    EditSample("1", "a.png", "a1.png", "Make it red."),
    EditSample("2", "b.png", "b1.png", "Make it blue."),
    EditSample("3", "a.png", "a2.png", "Make it red."),
]


class ToldScorer:
    """Stands where a scorer does; its calls take 100 (parse), 40 (prepare), 10 (score) and 4 milliseconds (further),
    and what is opened with the first one of its kind 1000 more.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.log: list[str] = []
        self._known: set[str] = set()

    def parse(self, instruction: str) -> None:
        self._spend("parse", instruction, 100)

    def score(self, original: str, edited: str, instruction: str) -> Any:
        self._spend("score", edited, 10)
        return SimpleNamespace(value=1.0, timings_ms={})

    def prepare(self, original: str, instruction: str) -> Any:
        self._spend("prepare", original, 40)
        return SimpleNamespace(score=self._further)

    def _further(self, edited: str) -> Any:
        self._spend("further", edited, 4 if edited in self._known else 1004)
        self._known.add(edited)
        return SimpleNamespace(value=None if edited == "a2.png" else 1.0)

    def _spend(self, what: str, of: str, milliseconds: float) -> None:
        self.log.append(f"{what} {of}")
        self.now += milliseconds / 1000


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> ToldScorer:
    scorer = ToldScorer()
    clock = SimpleNamespace(perf_counter=lambda: scorer.now)
    monkeypatch.setattr(latency, "time", clock)
    monkeypatch.setattr(waits, "time", clock)
    return scorer


def test_a_fresh_edit_is_parsed_anew_and_a_further_candidate_is_scored_alone(told: ToldScorer) -> None:
    done: list[None] = []
    times, judged = time_waits(told, EDITS, 2, advance=lambda: done.append(None))  # type: ignore[arg-type]
    assert times["parse"] == pytest.approx([100, 100])
    assert times[FRESH] == pytest.approx([110] * 6)
    assert times[FURTHER] == pytest.approx([4] * 6)
    assert judged == [True, False, True]  # a1, a2, b1
    assert len(done) == 6
    assert told.log[:8] == [
        f"parse {latency.LOADER}", "parse Make it red.", "prepare a.png", "further a1.png", "score a1.png",
        "further a1.png", "further a2.png", "score a2.png",
    ]  # fmt: skip


def test_a_slow_bundle_is_not_timed_to_the_end(told: ToldScorer) -> None:
    """The first edit ends after 0.1 + 0.04 + 1.004 + 0.01 + 0.004 seconds, the second one 1.018 later."""
    times, judged = time_waits(told, EDITS, 9, most_seconds=1.2)  # type: ignore[arg-type]
    assert (len(times[FRESH]), len(times[FURTHER]), judged) == (2, 2, [True, False])
    assert len(time_waits(told, EDITS, 9, most_seconds=0)[0][FRESH]) == 1  # type: ignore[arg-type]


def test_candidates_by_their_original_and_instruction() -> None:
    assert dict(group_candidates(EDITS)) == {
        ("a.png", "Make it red."): ["a1.png", "a2.png"],
        ("b.png", "Make it blue."): ["b1.png"],
    }


def test_the_studio_bundle() -> None:
    edits = demo_edits()[:2]
    bundle = measure_waits(Configuration("studio", "cpu", 1), edits, 2)
    assert (bundle.name, bundle.title, bundle.look, bundle.on_cpu) == ("studio@cpu", "studio 1", "changes", True)
    assert {name: row["n"] for name, row in bundle.ms.items()} == {"parse": 1, FRESH: 4, FURTHER: 4}
    assert bundle.ms[FRESH]["p50"] > bundle.ms["parse"]["p50"] > 0  # which is a part of it
    assert {"detector", "parser"} <= set(bundle.models)
    with Scorer.load("studio", "cpu", 1) as scorer:
        numbers = [scorer.score(*sample.edit()).value for sample in edits]
    assert bundle.judged == (sum(number is not None for number in numbers), 2)
