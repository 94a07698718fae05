"""What looking only where pictures changed saves: as the looks themselves say, and by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from editjudge import Scorer
from editjudge.benchmarking.inputs import demo_edits
from editjudge.benchmarking.latency import PARTS, Configuration
from editjudge.benchmarking.looks import LookRecord, compare, measure_looks, record_looks
from editjudge.benchmarking.looks_table import describe_looks
from editjudge.datasets import EditSample
from editjudge.errors import BundleError
from editjudge.metrics.bpm.score import Verdict
from editjudge.metrics.looking.looked_at import UNSEEN, LookedAt
from support.scores import part_of, score_of
from support.toy_world import COLOR

TOY = Path(__file__).parents[1] / "fixtures" / "toy"
WINDOW, WHOLE = LookedAt(0.2, ((0, 0, 9, 9),)), LookedAt(1.3, ((0, 0, 99, 99),), "40% of the picture changed")


@pytest.fixture
def record() -> LookRecord:
    """Three candidates, timed once and a third time of two: one in a window, one unseen, one as a whole."""
    record = LookRecord()
    parts = [part_of(COLOR, modify=0.5), part_of(COLOR, modify=None), part_of(COLOR, position=None)]
    every = [score_of(part) for part in parts]
    near = [
        score_of(part_of(COLOR, modify=0.75, size=0.0), looked_at=WINDOW),
        score_of(parts[1], looked_at=UNSEEN),
        score_of(part_of(COLOR, position=0.5, preserve=0.9), looked_at=WHOLE),
    ]
    near[0] = replace(near[0], verdict=Verdict("reject", 0.1))
    record.scores = {"changes": near, "all": every}
    for look, totals in (("changes", [10.0, 5.0, 60.0, 14.0, 5.0]), ("all", [40.0, 5.0, 50.0, 40.0, 5.0])):
        record.times[look] = {part: list(totals) for part in (*PARTS, "total")}  # type: ignore[index]
    return record


def test_what_the_looks_differ_in_by_hand(record: LookRecord) -> None:
    found = compare(record)
    assert [found[name] for name in ("candidates", "in_windows", "unseen", "whole")] == [3, 1, 1, 1]
    assert found["share"] == 0.5
    assert found["time"] == round(94 / 140, 4)
    assert found["time_in_windows"] == round(24 / 80, 4)
    assert found["ratio"]["p50"] == 1  # of 0.25, 1, 1.2, 0.35, 1
    assert found["largest_change"] == {"modify": 0.25, "preserve": pytest.approx(0.1), "position": 0, "size": 1}
    assert found["measured_by_one"] == 1
    assert found["same_verdicts"] == 2
    assert found["ms"]["all"]["total"]["n"] == 5


def test_it_is_told_in_sentences(record: LookRecord) -> None:
    saved, seen, scores = describe_looks({"name": "a", **compare(record)})
    assert saved.startswith(
        "a: looking only where pictures changed takes 0.67 of the time of a candidate, 18.8 ms of 28.0"
    )
    assert seen == (
        "it looked at 0.50 of what looking at all does: 1 of 3 candidates in windows alone, in 0.30 of the time, 1 not "
        "at all, 1 as a whole"
    )
    assert scores == (
        "the largest change of a sub-score is 1.000 (size), sub-scores that only one look gives: 1; the verdict is the "
        "same for 2 of 3"
    )


def test_where_nothing_was_measured_no_number_is_made_up(record: LookRecord) -> None:
    nothing = part_of(COLOR, modify=None, preserve=None, position=None, size=None)
    record.scores = {look: [score_of(nothing, looked_at=UNSEEN)] * 3 for look in ("changes", "all")}
    found = compare(record)
    assert found["largest_change"] == dict.fromkeys(("modify", "preserve", "position", "size"))
    assert found["time_in_windows"] is None
    assert found["measured_by_one"] == 0
    sentences = describe_looks({"name": "a", **found})
    assert "0 of 3 candidates in windows alone, 3 not at all, 0 as a whole" in sentences[1]
    assert sentences[2].startswith("no sub-score was measured with both")


class LoggedScorer:
    """Stands where a scorer does, and writes down what it is asked for."""

    def __init__(self, look: str, log: list[str]) -> None:
        self.look, self.log = look, log

    def parse(self, instruction: str) -> str:
        return instruction

    def prepare(self, original: object, request: object) -> Any:
        return SimpleNamespace(score=self._score)

    def _score(self, _: object) -> Any:
        self.log.append(self.look)
        return SimpleNamespace(timings_ms={}, without_evidence=lambda: self.look)


def test_looks_take_turns_and_are_warm(grey_edit: tuple[Path, Path]) -> None:
    log: list[str] = []
    scorers: Any = {look: LoggedScorer(look, log) for look in ("changes", "all")}
    edits = [EditSample(name, *grey_edit, "Make the car blue.") for name in "12"]
    record = record_looks(scorers, edits, 2)
    warm, first, second = ["changes", "all"], ["changes", "all"], ["all", "changes"]
    assert log == [*warm, *first, *warm, *second, *first, *second]
    assert record.scores == {"changes": ["changes"] * 2, "all": ["all"] * 2}
    assert [len(record.times[look]["total"]) for look in ("changes", "all")] == [4, 4]
    log.clear()
    assert len(record_looks(scorers, edits, 2, most_seconds=0).scores["all"]) == 1
    assert log == [*warm, *first]


def test_the_studio_bundle() -> None:
    """What is told of two edits of one picture is what scorers with the one and the other look say."""
    edits = demo_edits()[1:3]
    found = measure_looks(Configuration("studio", "cpu", 1), edits, 1)
    scores: dict[str, list[Any]] = {}
    for look in ("changes", "all"):
        with Scorer.load("studio", "cpu", 1, look=look) as scorer:  # type: ignore[arg-type]
            original, _, instruction = edits[0].edit()
            scores[look] = [scorer.prepare(original, instruction).score(sample.edit()[1]) for sample in edits]
    near, every = scores["changes"], scores["all"]
    assert found["share"] == pytest.approx(sum(score.looked_at.share for score in near) / 2, abs=1e-4)
    assert found["in_windows"] == sum(score.looked_at.reason is None for score in near) > 0
    assert found["same_verdicts"] == sum(
        a.verdict.decision == b.verdict.decision for a, b in zip(near, every, strict=True)
    )
    changes = [abs(a.semantic.modify - b.semantic.modify) for a, b in zip(near, every, strict=True)]
    assert found["largest_change"]["modify"] == pytest.approx(max(changes), abs=1e-5)
    assert found["ms"]["all"]["detect"]["n"] == 2
    assert {"detector", "detector_medium"} & set(found["models"])


def test_a_bundle_without_windows() -> None:
    with pytest.raises(BundleError, match="bundle toy always looks at all of a picture, as it has no detector of wind"):
        measure_looks(Configuration(f"{TOY}/", "cpu", 1), demo_edits()[:1], 1)
