"""How long a user waits: what counts as a fresh edit and as a further candidate, by a clock that is told the time."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from editjudge import Scorer
from editjudge.benchmarking import latency, waits
from editjudge.benchmarking.inputs import demo_edits, group_candidates
from editjudge.benchmarking.latency import Configuration
from editjudge.benchmarking.waits import FRESH, FURTHER, measure_waits, open_looks, time_waits
from editjudge.datasets import EditSample

TOY = Path(__file__).parents[1] / "fixtures" / "toy"
EDITS = [
    EditSample("1", "a.png", "a1.png", "Make it red."),
    EditSample("2", "b.png", "b1.png", "Make it blue."),
    EditSample("3", "a.png", "a2.png", "Make it red."),
]


class ToldScorer:
    """Stands where a scorer does; its calls take 100 (parse), 40 (prepare), 10 (score) and 4 milliseconds (further),
    and what is opened with the first one of its kind 1000 more.

    clock: seconds and a log, which several of them share.
    """

    def __init__(self, clock: SimpleNamespace, name: str = "", score: float = 10, further: float = 4) -> None:
        self.clock, self.name = clock, name
        self._score, self._more = score, further
        self._known: set[str] = set()

    def parse(self, instruction: str) -> str:
        self._spend("parse", instruction, 100)
        return f"parsed {instruction}"

    def score(self, original: str, edited: str, request: str) -> Any:
        assert request.startswith("parsed ")
        self._spend("score", edited, self._score)
        return SimpleNamespace(value=1.0)

    def prepare(self, original: str, request: str) -> Any:
        assert request.startswith("parsed ")
        self._spend("prepare", original, 40)
        return SimpleNamespace(score=self._further)

    def _further(self, edited: str) -> Any:
        self._spend("further", edited, self._more + (0 if edited in self._known else 1000))
        self._known.add(edited)
        return SimpleNamespace(value=None if edited == "a2.png" else 1.0)

    def _spend(self, what: str, of: str, milliseconds: float) -> None:
        self.clock.log.append(f"{self.name} {what} {of}".strip())
        self.clock.now += milliseconds / 1000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    told = SimpleNamespace(now=0.0, log=[])
    told.perf_counter = lambda: told.now
    monkeypatch.setattr(latency, "time", told)
    monkeypatch.setattr(waits, "time", told)
    return told


def test_a_fresh_edit_is_parsed_anew_and_a_further_candidate_is_scored_alone(clock: SimpleNamespace) -> None:
    done: list[None] = []
    scorers: Any = {"all": ToldScorer(clock)}
    parsing, times, judged = time_waits(scorers, EDITS, 2, advance=lambda: done.append(None))
    assert parsing == pytest.approx([100, 100])
    assert times["all"][FRESH] == pytest.approx([110] * 6)
    assert times["all"][FURTHER] == pytest.approx([4] * 6)
    assert judged == [True, False, True]  # a1, a2, b1
    assert len(done) == 6
    assert clock.log[:8] == [
        f"parse {latency.LOADER}", "parse Make it red.", "prepare a.png", "further a1.png", "score a1.png",
        "further a1.png", "further a2.png", "score a2.png",
    ]  # fmt: skip


def test_looks_take_turns_and_share_the_parse(clock: SimpleNamespace) -> None:
    scorers: Any = {"all": ToldScorer(clock, "all"), "changes": ToldScorer(clock, "changes", 7, 2)}
    _, times, judged = time_waits(scorers, EDITS[:2], 1)
    assert times["all"] == {FRESH: pytest.approx([110] * 2), FURTHER: pytest.approx([4] * 2)}
    assert times["changes"] == {FRESH: pytest.approx([107] * 2), FURTHER: pytest.approx([2] * 2)}
    assert judged == [True, True]
    assert not [line for line in clock.log if line.startswith("changes parse")]
    scored = [line for line in clock.log if " score " in line]
    assert scored == ["all score a1.png", "changes score a1.png", "changes score b1.png", "all score b1.png"]


def test_a_slow_bundle_is_not_timed_to_the_end(clock: SimpleNamespace) -> None:
    """The first edit ends after 0.1 + 0.04 + 1.004 + 0.01 + 0.004 seconds, the second one 1.018 later."""
    scorers: Any = {"all": ToldScorer(clock)}
    _, times, judged = time_waits(scorers, EDITS, 9, most_seconds=1.2)
    assert (len(times["all"][FRESH]), len(times["all"][FURTHER]), judged) == (2, 2, [True, False])
    _, times, _ = time_waits(scorers, EDITS, 9, most_seconds=0)
    assert len(times["all"][FRESH]) == 1


def test_candidates_by_their_original_and_instruction() -> None:
    assert dict(group_candidates(EDITS)) == {
        ("a.png", "Make it red."): ["a1.png", "a2.png"],
        ("b.png", "Make it blue."): ["b1.png"],
    }


def test_the_studio_bundle() -> None:
    edits = demo_edits()[:2]
    bundle = measure_waits(Configuration("studio", "cpu", 1), edits, 2)
    assert (bundle.name, bundle.title, bundle.on_cpu) == ("studio@cpu", "studio 1", True)
    assert bundle.parse["n"] == 1
    assert set(bundle.ms) == {"all", "changes"}
    assert [row["n"] for ways in bundle.ms.values() for row in ways.values()] == [4] * 4
    assert bundle.ms["all"][FRESH]["p50"] > bundle.parse["p50"] > 0  # which is a part of it
    assert {"detector", "parser"} <= set(bundle.models)
    with Scorer.load("studio", "cpu", 1) as scorer:
        assert bundle.look == scorer.look
        numbers = [scorer.score(*sample.edit()).value for sample in edits]
    assert bundle.judged == (sum(number is not None for number in numbers), 2)


def test_a_bundle_without_windows_has_one_look() -> None:
    with open_looks(Configuration(f"{TOY}/", "cpu", 1)) as scorers:
        assert set(scorers) == {"all"}
