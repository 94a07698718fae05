"""Rows without a number: each experiment says how many there are, and none takes them for a 0 or a right answer."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from editjudge.errors import InputError
from editjudge.evaluation import EXPERIMENTS, EvaluationOptions, ScoreTable, select_columns
from editjudge.evaluation.recorded_parts import RecordedParts
from editjudge.evaluation.rescore import rescore
from editjudge.evaluation.result import Result
from editjudge.metrics.registry import RULES, PartScore, RegionScore, SemanticScore
from editjudge.types import EditIntent

NONE = EvaluationOptions(resamples=0)


def table(columns: str, *rows: Sequence[Any]) -> ScoreTable:
    return ScoreTable("scores.csv", dict(zip(columns.split(), zip(*rows, strict=True), strict=True)))


def evaluate(
    experiment: str, scores: ScoreTable, options: EvaluationOptions = NONE, metrics: Sequence[str] | None = None
) -> Result:
    return EXPERIMENTS[experiment](scores, select_columns(scores, metrics), options)


def value(result: Result, grid: str, row: str, column: str) -> float:
    return result.grids[grid].row(row)[column].value


@pytest.mark.parametrize("ties", ["wrong", "half", "formula"])
@pytest.mark.parametrize("humans", [(2, 1), (1, 2)])
@pytest.mark.parametrize("silent", [0, 1])
def test_a_pair_of_which_one_is_not_measured_is_not_right(ties: Any, humans: tuple[int, int], silent: int) -> None:
    """Whichever is silent, and whichever is better: with a 0 or a 1 in its place one of these would be right."""
    bpm: list[float | None] = [0.5, 0.5]
    bpm[silent] = None
    scores = table(
        "group model human bpm metrics.l2",
        ("1", "A", humans[0], bpm[0], humans[1]), ("1", "B", humans[1], bpm[1], humans[0]),
        ("2", "A", 2, 1.0, 0.1), ("2", "B", 1, 0.5, 0.2),
    )  # fmt: skip
    result = evaluate("human-alignment", scores, EvaluationOptions(resamples=0, ties=ties))
    assert value(result, "mean", "bpm", "all pairs") == 0.5
    assert value(result, "mean", "l2", "all pairs") == 1.0  # who did judge it is asked for it
    assert value(result, "judged", "bpm", "pairs judged") == 0.5
    assert value(result, "judged", "bpm", "agreement on those") == 1.0
    assert value(result, "judged", "l2", "pairs judged") == 1.0
    assert result.notes[:2] == (
        "rows without a number: bpm (1 of 4)",
        "pairs that could not be judged, counted as wrong: bpm (1 of 2)",
    )


def test_no_word_of_judging_where_all_was_judged() -> None:
    result = evaluate("human-alignment", table("group human bpm", ("1", 1, 0.5), ("1", 2, 0.7)))
    assert (list(result.grids), result.notes) == (["mean", "pairs"], ())


def test_who_judges_no_pair_has_no_agreement() -> None:
    """Not even a 0, with resamples as without."""
    scores = table("group human bpm metrics.l2", ("1", 1, 0.5, 2), ("1", 2, None, 1), ("2", 1, 1, 2), ("2", 2, None, 1))
    for resamples in (0, 20):
        result = evaluate("human-alignment", scores, EvaluationOptions(resamples=resamples))
        mean = result.grids["mean"]
        assert math.isnan(mean.row("bpm")["all pairs"].value)
        assert math.isnan(mean.row("bpm")["all pairs"].high)
        assert mean.row("l2")["all pairs"].value == 1.0
        assert result.notes == (
            "rows without a number: bpm (2 of 4)",
            "left out, as none of the 2 pairs could be judged: bpm",
        )


def test_a_table_without_any_number_has_no_agreement_and_says_so() -> None:
    scores = table(
        "group human bpm semantic.score intent.edit_type", *[("1", row, None, None, "add") for row in (1, 2)]
    )
    result = evaluate("human-alignment", scores)
    assert math.isnan(value(result, "mean", "bpm", "all pairs"))
    assert "rows without a number: bpm (2 of 2)" in result.notes
    with pytest.raises(InputError, match="no pair of edits that could be judged"):
        evaluate("alpha-sweep", scores)


def test_margins_and_confidences_are_of_pairs_that_were_judged() -> None:
    """As many pairs without a number as with one: they would fill the narrowest fifth, and the least confidence."""
    silent = [(f"s{row}", model, human, None, 0.0) for row in range(60) for model, human in (("A", 2), ("B", 1))]
    result = evaluate("human-alignment", table("group model human bpm confidence", *_pairs(60), *silent))
    for grid in ("margin", "confidence"):
        cells = result.grids[grid].row("bpm").values()
        assert sum(cell.count for cell in cells) == 60
        assert {cell.value for cell in cells if cell.count} == {1.0}
    assert value(result, "mean", "bpm", "all pairs") == 0.5


def _pairs(count: int) -> list[tuple[str, str, int, float, float]]:
    return [
        (str(row), model, human, float(human), 0.9) for row in range(count) for model, human in (("A", 2), ("B", 1))
    ]


@pytest.mark.parametrize("silent", ["well_done", "noise", "regenerated"])
def test_an_input_of_three_that_are_not_all_judged_is_won_by_none(silent: str) -> None:
    """A 0 for the noise would let the edit win, a 0 for the edit would let the noise win."""
    scored = {"well_done": 1.0, "noise": 0.5, "regenerated": 0.4}
    rows = [(group, kind, None if (group, kind) == ("1", silent) else bpm, 1 - bpm)
            for group in "12" for kind, bpm in scored.items()]  # fmt: skip
    result = evaluate("ground-truth", table("group kind bpm metrics.l2", *rows))
    liked = result.grids["liked"]
    assert liked.columns == ("preserved", "modified", "edited", "not judged")
    assert [cell.value for cell in liked.row("bpm").values()] == [0, 0, 0.5, 0.5]
    assert [cell.value for cell in liked.row("l2").values()] == [0, 0, 1.0, 0]
    assert value(result, "ahead", "bpm", "share") == 0.5
    assert "inputs that could not be judged, counted as won by none of the three: bpm (1 of 2)" in result.notes
    assert "rows without a number: bpm (1 of 6)" in result.notes


def test_the_kind_that_a_data_set_brings_comes_before_that_of_the_score() -> None:
    rows = [("1", kind, "edit", bpm) for kind, bpm in (("edited", 1.0), ("noise", 0.2), ("em", 0.1))]
    result = evaluate("ground-truth", table("group input.kind kind bpm", *rows))
    assert value(result, "liked", "bpm", "edited") == 1.0


def test_a_part_that_was_not_measured_is_wrong_and_one_that_does_not_apply_is_left_out() -> None:
    scores = table(
        "group model bpm semantic.preserve_raw region.size intent.source human.preserve human.size",
        ("1", "A", 1.0, 0.9, 1.0, "cat", 2, 5), ("1", "B", 1.0, 0.5, 0.0, "cat", 1, 1),
        ("2", "A", None, None, None, "cat", 2, 1), ("2", "B", 1.0, 0.5, 1.0, "cat", 1, 5),
        ("3", "A", 1.0, None, None, "all", 2, 5), ("3", "B", None, None, None, "all", 1, 1),
        ("4", "A", 0.2, 0.9, None, "cat", 2, 1), ("4", "B", 0.1, 0.8, None, "cat", 1, 5),
    )  # fmt: skip
    result = evaluate("components", scores)
    # Input 1 and 4 are right, 2 was not measured, and nothing is to be preserved in 3.
    assert value(result, "preserve", "preserve", "all pairs") == pytest.approx(2 / 3)
    assert value(result, "preserve_judged", "preserve", "agreement on those") == 1.0
    assert result.left_out["rated rows to which preserve does not apply"] == 2
    # Size: of A, right, and not measured; of B, right and right. The others have no size.
    region = {name: (cell.value, cell.count) for name, cell in result.grids["region"].row("size").items()}
    assert region == {"A": (0.5, 2), "B": (1.0, 2), "mean": (0.75, 4)}
    assert "pairs that could not be judged, counted as wrong: preserve (1 of 3)" in result.notes
    assert "rows that could not be judged, counted as wrong: size (1 of 4)" in result.notes


def test_no_alpha_gives_a_number_to_a_row_that_has_none() -> None:
    """The region of A was not measured: its semantic score alone would order the pair right for every alpha over 0."""
    columns = "group model human bpm semantic.score region.score intent.edit_type intent.source"
    scores = table(
        columns,
        ("1", "A", 2, None, 1.9, None, "size", "cat"), ("1", "B", 1, 0.7, 0.1, 2.0, "size", "cat"),
        ("2", "A", 2, 2.0, 2.0, 2.0, "size", "cat"), ("2", "B", 1, 0.1, 0.1, 0.1, "size", "cat"),
    )  # fmt: skip
    result = evaluate("alpha-sweep", scores)
    assert [cells[0].value for cells in result.grids["alpha"].cells] == [0.5] * 11
    assert "rows without a number: 1 of 4" in result.notes
    assert value(result, "judged", "0.0", "pairs judged") == 0.5
    for options in (EvaluationOptions(alpha=0.3), EvaluationOptions(norm="data", alpha=0.3)):
        wider = scores.with_columns({
            "semantic.modify_raw": [None, 0.1, 0.9, 0.4], "semantic.modify": [None, 0.1, 0.9, 0.4],
            "semantic.preserve_raw": [1.0, 0.2, 0.9, 0.1],
        })  # fmt: skip
        assert np.isnan(rescore(wider, options).columns["bpm"]).tolist() == [True, False, False, False]
    with pytest.raises(InputError, match="no pair of edits that could be judged"):
        evaluate("alpha-sweep", scores.with_columns({"bpm": [None] * 4}))


def test_a_local_edit_without_a_region_is_no_global_one() -> None:
    """What is not there, or was never edited, has a region score of nothing; only a global edit has no need of one."""
    columns = "bpm semantic.score region.score intent.edit_type intent.source"
    scores = table(columns, (1, 1.0, None, "color", "car"), (1, 1.0, None, "style", "all"))
    assert RecordedParts.of(scores).weigh(0.7).tolist() == pytest.approx([0.7, 1.0])


def test_rows_without_a_number_are_left_out_of_a_correlation_and_counted() -> None:
    rng = np.random.default_rng(0)
    rows = [(str(row), "A", row % 5, float(row % 5), rng.random()) for row in range(20)]
    known = evaluate("correlation", table("group model human bpm metrics.l2", *rows))
    more = [*rows, ("x", "A", 5, None, 0.1), ("y", "A", 5, None, 0.2)]  # with a 0 they would turn the order around
    result = evaluate("correlation", table("group model human bpm metrics.l2", *more))
    assert value(result, "correlation", "bpm", "A") == pytest.approx(1.0)
    assert value(result, "correlation", "l2", "A") == value(known, "correlation", "l2", "A")
    assert result.left_out["rows that a metric has no score for"] == 2
    assert result.notes == ("rows without a number: bpm (2 of 22)",)


def part(modify: float | None, preserve: float | None, region: float | None = 2.0, source: str = "car") -> PartScore:
    both = None if modify is None or preserve is None else modify + preserve
    half = None if region is None else region / 2
    semantic = SemanticScore(both, modify, preserve, modify, preserve)
    return PartScore(EditIntent("color", source, f"blue {source}"), semantic, RegionScore(region, half, half))


def as_row(parts: Sequence[PartScore], bpm: float | None) -> tuple[Any, ...]:
    """As scoring writes it; of a compound the means."""
    first, texts = parts[0], json.dumps([one.to_dict() for one in parts])
    semantic, region = first.semantic, first.region
    return ("1", bpm, semantic.score, semantic.modify, semantic.preserve, semantic.modify_raw, semantic.preserve_raw,
            region.score, "color", "car", "[]", texts)  # fmt: skip


COLUMNS = (
    "group bpm semantic.score semantic.modify semantic.preserve semantic.modify_raw semantic.preserve_raw region.score "
    "intent.edit_type intent.source flags parts"
)


@pytest.mark.parametrize("compat", RULES)
def test_norm_of_the_data_keeps_the_rules_that_a_table_follows(compat: Any) -> None:
    """The ranges are those of the scores already, so each must come out as it was: compounds, and nothing for null."""
    combine = RULES[compat].combine
    edits = [[part(1e-9, 1.0)], [part(1.0, 0.0)], [part(0.55, 0.7, 1.0)], [part(0.9, 0.8), part(0.2, 0.8, None, "cat")],
             [part(0.9, 0.8), part(None, None, None, "cat")]]  # fmt: skip
    bpm = [sum(map(combine, parts)) / len(parts) for parts in edits[:-1]]
    scores = table(COLUMNS, *map(as_row, edits, [*bpm, None]))
    done = rescore(scores, EvaluationOptions(norm="data"))
    assert done.columns["bpm"][:4] == pytest.approx(bpm)
    assert math.isnan(done.columns["bpm"][4])
    assert done.columns["semantic.modify"][3] == pytest.approx(0.55)
    assert math.isnan(done.columns["semantic.modify"][4])
    plain = rescore(scores, EvaluationOptions(alpha=0.7)).columns["bpm"]
    assert plain[3] == pytest.approx((0.7 * 1.7 + 0.3 * 2 + 0.7 * 1.0) / 2)
    assert math.isnan(plain[4])


def test_parts_that_are_none_are_refused() -> None:
    scores = table(COLUMNS, as_row([part(0.5, 0.5)], 1.0), (*as_row([part(0.4, 0.4)], 1.0)[:-1], '[{"intent": 1}]'))
    with pytest.raises(InputError, match="no parts in the column parts, row 2; score the data set"):
        rescore(scores, EvaluationOptions(alpha=0.5))
