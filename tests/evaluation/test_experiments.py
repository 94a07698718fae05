"""The paper's experiments on small tables, against counts and formulas worked by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from editjudge.errors import InputError
from editjudge.evaluation import EXPERIMENTS, EvaluationOptions, ScoreTable, select_columns
from editjudge.evaluation.rescore import refit_sums, rescore
from editjudge.evaluation.result import Result

NONE = EvaluationOptions(resamples=0)


def table(columns: str, *rows: Sequence[Any]) -> ScoreTable:
    return ScoreTable("scores.csv", dict(zip(columns.split(), zip(*rows, strict=True), strict=True)))


def evaluate(
    experiment: str, scores: ScoreTable, options: EvaluationOptions = NONE, metrics: Sequence[str] | None = None
) -> Result:
    return EXPERIMENTS[experiment](scores, select_columns(scores, metrics), options)


def value(result: Result, grid: str, row: str, column: str) -> float:
    return result.grids[grid].row(row)[column].value


@pytest.fixture
def rated() -> ScoreTable:
    """Three inputs, three models A, B, C. Humans: A > B twice and a tie; A > C, C > A, A > C; B > C, C > B, tie."""
    return table(
        "group model human bpm metrics.l2",
        ("1", "A", 5, 1.9, 0.1), ("1", "B", 3, 1.2, 0.3), ("1", "C", 1, 1.4, 0.2),
        ("2", "A", 4, 1.5, 0.2), ("2", "B", 2, 1.5, 0.1), ("2", "C", 5, 1.7, 0.4),
        ("3", "A", 3, 1.1, 0.3), ("3", "B", 3, 1.0, 0.2), ("3", "C", 3, 0.9, 0.1),
    )  # fmt: skip


def test_human_alignment_by_hand(rated: ScoreTable) -> None:
    result = evaluate("human-alignment", rated)
    # A vs B: bpm right, then a tie, which is wrong; l2 right, wrong. A vs C: bpm both right; l2 right, wrong.
    # B vs C: bpm wrong, right; l2 wrong, wrong. The third input has ties of the humans alone.
    expected = {"A vs B": (0.5, 0.5), "A vs C": (1.0, 0.5), "B vs C": (0.5, 0.0)}
    for pair, (bpm, l2) in expected.items():
        assert (value(result, "pairs", pair, "bpm"), value(result, "pairs", pair, "l2")) == (bpm, l2)
    assert value(result, "mean", "bpm", "mean over models") == pytest.approx((0.5 + 1 + 0.5) / 3)
    assert value(result, "mean", "l2", "all pairs") == pytest.approx(2 / 6)
    assert value(result, "mean", "l2", "bpm ahead by") == pytest.approx(2 / 3 - 1 / 3)
    assert result.used == {"rows": 9, "groups": 3, "pairs": 6}
    assert result.left_out["pairs that humans rate the same"] == 3
    assert result.notes == ("pairs that a metric ties, counted as wrong: bpm (1)",)


def test_what_a_calibrated_bundle_says_is_known_and_shown(rated: ScoreTable) -> None:
    # Of A > B, A > C twice, C > A, B > C, C > B the ratings order all but C > A and C > B; what nobody edited has none.
    ratings = [4.5, 3.0, 1.5, 4.0, 2.0, 1.0, None, None, None]
    calibrated = rated.with_columns({"expected_rating": ratings, "verdict.probability": [0.5] * 9})
    result = evaluate("human-alignment", calibrated)
    assert result.grids["mean"].rows == ("bpm", "expected_rating", "verdict.probability", "l2")
    assert value(result, "mean", "expected_rating", "all pairs") == pytest.approx(4 / 6)
    assert value(result, "mean", "verdict.probability", "all pairs") == 0  # all are ties
    named = evaluate("human-alignment", calibrated, metrics=["expected_rating"])
    assert value(named, "mean", "expected_rating", "all pairs") == pytest.approx(4 / 6)
    empty = rated.with_columns({"expected_rating": [None] * 9, "verdict.probability": [None] * 9})
    assert evaluate("human-alignment", empty).grids["mean"].rows == ("bpm", "l2")


@pytest.mark.parametrize(
    ("ties", "first_preferred", "second_preferred"), [("wrong", 0, 0), ("half", 0.5, 0.5), ("formula", 0, 1)]
)
def test_what_a_tie_counts(ties: Any, first_preferred: float, second_preferred: float) -> None:
    # The paper's formula: P_m = 1[M1 > M2] is 0 for a tie, as P_h = 1[H1 > H2] is where humans prefer the second.
    for humans, right in (((5, 1), first_preferred), ((1, 5), second_preferred)):
        tied = table("group model human bpm", ("1", "A", humans[0], 1.0), ("1", "B", humans[1], 1.0))
        result = evaluate("human-alignment", tied, EvaluationOptions(resamples=0, ties=ties))
        assert value(result, "mean", "bpm", "mean over models") == right


def test_the_mean_over_models_does_not_weigh_pairs_by_how_many_there_are() -> None:
    rows = [(str(group), model, human, 1.0 + human) for group in range(3) for model, human in (("A", 2), ("B", 1))]
    result = evaluate("human-alignment", table("group model human bpm", *rows, ("9", "A", 1, 1.5), ("9", "C", 2, 1.0)))
    assert value(result, "mean", "bpm", "mean over models") == pytest.approx((1.0 + 0.0) / 2)
    assert value(result, "mean", "bpm", "all pairs") == pytest.approx(3 / 4)


def test_tables_without_models_compare_any_two_of_a_group() -> None:
    scores = table("group human bpm", ("1", 1, 0.5), ("1", 2, 0.6), ("1", 3, 0.4), ("2", 1, 1.0), ("2", 0, 0.9))
    result = evaluate("human-alignment", scores)
    assert value(result, "pairs", "any two", "bpm") == pytest.approx(2 / 4)


def test_what_cannot_be_compared_is_left_out_and_counted() -> None:
    nan = float("nan")
    scores = table(
        "group model human bpm metrics.clip_i error",
        ("1", "A", 2, 1.0, 0.5, ""), ("1", "B", 1, 0.5, 0.4, None), ("1", "C", nan, 0.4, 0.3, ""),
        ("2", "A", 2, 1.0, 0.5, ""), ("2", "B", 1, None, None, "b.png is empty"),
        ("3", "A", 2, 1.0, 0.5, ""), ("3", "B", 1, 1.2, nan, ""), ("", "A", 5, 1.0, 0.5, ""),
    )  # fmt: skip
    result = evaluate("human-alignment", scores)
    assert value(result, "mean", "bpm", "all pairs") == 0.5
    assert {what: count for what, count in result.left_out.items() if count} == {
        "rows with an error": 1,
        "groups with a single candidate": 1,
        "rows without a group": 1,
        "pairs without a human rating": 2,
    }
    assert result.used["pairs"] == 2


def test_two_perfect_psnrs_are_a_tie_and_one_beats_any_number() -> None:
    inf = float("inf")
    rows = [("1", "A", 2, inf), ("1", "B", 1, inf), ("2", "A", 2, inf), ("2", "B", 1, 40.0)]
    scores = table("group model human metrics.psnr", *rows * 30)
    result = evaluate("human-alignment", scores, metrics=["psnr"])
    assert value(result, "mean", "psnr", "all pairs") == 0.5
    assert "margin" in result.grids


def test_ground_truth_by_hand() -> None:
    scores = table(
        "group kind bpm metrics.lpips",
        ("1", "well_done", 1.9, 0.3), ("1", "noise", 1.0, 0.1), ("1", "regenerated", 0.3, 0.9), ("1", "wrong", 2.0, 0),
        ("2", "regenerated", 1.2, 0.8), ("2", "well_done", 1.1, 0.2), ("2", "noise", 1.0, 0.2),
        ("3", "noise", 0.5, 0.1), ("3", "well_done", 0.9, 0.5), ("3", "noise", 0.4, 0.1), ("3", "regenerated", 0, 1),
    )  # fmt: skip
    result = evaluate("ground-truth", scores)
    # Of inputs 1 and 2 (the third has two of a kind): BPM likes the edited and the modified one; LPIPS, of which less
    # is better, likes the preserved one, and then shares between the preserved and the edited.
    grid = result.grids["liked"]
    liked = {row: [cell.value for cell in grid.row(row).values()] for row in grid.rows}
    assert grid.columns == ("preserved", "modified", "edited")
    assert liked == {"bpm": [0, 0.5, 0.5], "lpips": [0.75, 0, 0.25]}
    assert value(result, "ahead", "lpips", "bpm ahead by") == 0.25
    assert result.left_out["groups without exactly one candidate of each kind"] == 1
    assert result.notes == ("inputs with a tie, shared: lpips (1)",)


def test_kinds_by_other_names() -> None:
    rows = [("1", number, score) for number, score in ((1, 0.5), (2, 0.4), (3, 0.3))]
    kinds = {"preserved": ("2",), "modified": ("3",), "edited": ("1",)}
    scores = table("group candidate bpm", *rows)
    result = evaluate("ground-truth", scores, EvaluationOptions(kind="candidate", kinds=kinds, resamples=0))
    assert value(result, "liked", "bpm", "edited") == 1
    with pytest.raises(InputError, match="no group with exactly one candidate of each kind in candidate"):
        evaluate("ground-truth", scores, EvaluationOptions(kind="candidate"))


def test_components_by_hand() -> None:
    scores = table(
        "group model bpm semantic.modify_raw metrics.clip_t metrics.clip_i region.size region.position "
        "human.modify human.size human.position",
        ("1", "A", 1, 0.4, 0.1, 0.1, 1, 0.5, 5, 5, 4), ("1", "B", 1, 0.2, 0.2, 0.9, 0, 1, 3, 4, 3),
        ("2", "A", 1, 0.3, 0.2, 0.1, 1, 0, 2, 2, 1), ("2", "B", 1, 0.4, 0.1, 0.9, None, 1, 1, 5, 5),
    )  # fmt: skip
    result = evaluate("components", scores)
    assert result.grids["modify"].rows == ("modify", "clip_t")  # CLIP-I and BPM do not look at the modification alone
    assert value(result, "modify", "modify", "all pairs") == 0.5
    assert value(result, "modify", "clip_t", "all pairs") == 0.5
    # A rating of more than 3 of 5 finds it right. Size, A: yes and yes, yes and no. B: no and yes; one is not judged.
    region = {row: [cell.value for cell in result.grids["region"].row(row).values()] for row in ("size", "position")}
    assert result.grids["region"].columns == ("A", "B", "mean")
    assert region["size"] == [0.5, 0.0, 0.25]
    # Position, A: half and yes, no and no. B: yes and no, yes and yes.
    assert region["position"] == [0.75, 0.5, 0.625]
    assert result.used["rows for size"] == 3
    assert "preserve" not in result.grids


def test_ratings_on_another_scale_need_a_word() -> None:
    scores = table("group model region.size human.size", ("1", "A", 1, 80), ("1", "B", 0, 30))
    with pytest.raises(InputError, match=r"ratings from 30 to 80 in human\.size; say above which"):
        evaluate("components", scores, metrics=["bpm"])
    result = evaluate("components", scores, EvaluationOptions(satisfied=50, resamples=0), ["bpm"])
    assert value(result, "region", "size", "mean") == 1.0


@pytest.fixture
def parts() -> ScoreTable:
    """Semantic and region score at odds: the first is right on inputs 1 and 2, the second on 1 and 3; and a global."""
    return table(
        "group model human bpm semantic.score region.score metrics.l2 intent.edit_type intent.source",
        ("1", "A", 2, 1.44, 1.2, 2.0, 1, "add", None), ("1", "B", 1, 0.44, 0.2, 1.0, 2, "add", None),
        ("2", "A", 2, 1.05, 1.5, 0.0, 1, "size", "cat"), ("2", "B", 1, 0.95, 0.5, 2.0, 2, "size", "cat"),
        ("3", "A", 2, 0.95, 0.5, 2.0, 1, "size", "cat"), ("3", "B", 1, 1.0, 1.0, 1.0, 2, "size", "cat"),
        ("4", "A", 2, 0.5, 0.5, None, 1, "style", "all"), ("4", "B", 1, 1.0, 1.0, None, 2, "style", "all"),
    )  # fmt: skip


def test_alpha_sweep_says_which_score_it_sweeps_and_what_ties_count(parts: ScoreTable) -> None:
    notes = " ".join(evaluate("alpha-sweep", parts).notes)
    assert (
        "alpha * semantic.score + (1 - alpha) * region.score; the bpm of this table, where it has one, is that" in notes
    )
    assert "counts as wrong (--ties)" in notes
    # What did nothing has 0 by other rules than the plain sum.
    undone = parts.with_columns({"bpm": [1.44, 0.0, 1.05, 0.0, 0.95, 1.0, 0.5, 1.0]})
    notes = " ".join(evaluate("alpha-sweep", undone, EvaluationOptions(resamples=0, ties="half")).notes)
    assert "the bpm of this table is another score, 0 where nothing of the edit was done" in notes
    assert "counts as half right (--ties)" in notes


def test_alpha_sweep_by_hand(parts: ScoreTable) -> None:
    # Input 2: 1.5 a > 0.5 a + 2 (1 - a) from a > 2/3. Input 3: 0.5 a + 2 (1 - a) > a + (1 - a) as long as a < 2/3.
    result = evaluate("alpha-sweep", parts)
    swept = [cells[0].value for cells in result.grids["alpha"].cells]
    assert swept == [0.5] * 11
    assert value(result, "alpha", "0.6", "against 0.7") == 0
    assert result.grids["others"].rows == ("l2",)  # the score is the sum at 0.7 and so not among them
    assert value(result, "others", "l2", "all pairs") == 1.0
    only = parts.pick(np.array([True, True, True, True, False, False, False, False]))
    swept = [cells[0].value for cells in evaluate("alpha-sweep", only).grids["alpha"].cells]
    assert swept == [0.5] * 7 + [1.0] * 4
    assert evaluate("alpha-sweep", only).notes[0] == "best at alpha = 0.7"


def test_alpha_of_the_other_experiments(parts: ScoreTable) -> None:
    only = parts.pick(np.array([False, False, True, True, False, False, False, False]))
    assert (
        value(evaluate("human-alignment", only, EvaluationOptions(resamples=0, alpha=0.6)), "mean", "bpm", "all pairs")
        == 0
    )
    assert (
        value(evaluate("human-alignment", only, EvaluationOptions(resamples=0, alpha=0.7)), "mean", "bpm", "all pairs")
        == 1
    )


def test_norm_refitted_by_hand() -> None:
    scores = table(
        "group model human bpm semantic.score semantic.modify semantic.modify_raw semantic.preserve "
        "semantic.preserve_raw region.score intent.edit_type intent.source flags",
        ("1", "A", 2, 0.6, 0, 0, 0.2, 0, 0.80, 2, "color", "car", "[]"),
        ("1", "B", 1, 0.3, 0, 0, 0.6, 0, 0.90, 1, "color", "car", "[]"),
        ("2", "A", 2, 0, 0, 0, 0.3, 0, 1.00, 0, "add", None, "[]"),
        ("3", "A", 2, 0.63, 0.9, 0.9, 0.9, 0, 0.95, 0, "move", "car", "[]"),
        ("4", "A", 2, 0, 0, 0.0, 0.0, 0, 0.85, None, "color", "car", '["no_op"]'),
        ("5", "A", 2, 0, 0, 0, 0.5, None, None, None, "style", "all", '["global"]'),
    )  # fmt: skip

    done = rescore(scores, EvaluationOptions(norm="data"))
    # The range of S_modify is 0.2 to 0.6: a move's is a share already, and an edit that did nothing has done nothing.
    assert list(done.columns["semantic.modify"]) == pytest.approx([0, 1, 0.25, 0.9, 0, 0.75])
    np.testing.assert_allclose(done.columns["semantic.preserve"], [0, 0.5, 1, 0.75, 0.25, np.nan])
    assert list(done.columns["semantic.score"]) == pytest.approx([0, 1.5, 1.25, 1.65, 0.25, 1.5])
    expected = [0.6, 0.7 * 1.5 + 0.3, 0.7 * 1.25, 0.7 * 1.65, 0.7 * 0.25, 1.5]
    assert list(done.columns["bpm"]) == pytest.approx(expected)
    assert rescore(scores, EvaluationOptions()) is scores


def test_a_sum_of_metrics_is_refitted_by_its_parts() -> None:
    rows = [(0.1, 0.5, 0.6), (0.2, 0.9, 1.1), (0.3, 0.7, 1.0)]
    done = refit_sums(table("metrics.clip_t metrics.clip_i metrics.clip_t_plus_i", *rows))
    assert list(done.columns["metrics.clip_t_plus_i"]) == pytest.approx([0.0, 1.5, 1.5])


def test_json_of_a_result(rated: ScoreTable) -> None:
    content = json.loads(json.dumps(evaluate("human-alignment", rated, EvaluationOptions(resamples=10)).to_dict()))
    cell = content["tables"]["pairs"]["rows"]["A vs C"]["bpm"]
    assert (cell["value"], cell["count"]) == (1.0, 2)
    assert cell["low"] <= cell["value"] <= cell["high"]


@pytest.mark.parametrize(
    ("experiment", "columns", "words"),
    [
        ("human-alignment", "group model bpm", "no column human; add the ratings of humans, or name their column"),
        ("human-alignment", "model human bpm", "no column group; it tells which candidates"),
        ("human-alignment", "group human metrics.l2", "no column bpm; score the data set with it"),
        ("ground-truth", "group bpm", "no column kind; it tells the well edited candidate"),
        ("components", "group bpm", "none of the columns human.modify, human.preserve, human.size, human.position"),
        ("alpha-sweep", "group human bpm", "no column semantic.score; score the data set"),
        ("correlation", "group bpm", "no column human"),
    ],
)
def test_a_missing_column_is_named_with_what_to_do(experiment: str, columns: str, words: str) -> None:
    names = columns.split()
    scores = table(columns, *[[row] * len(names) for row in range(1, 4)])
    with pytest.raises(InputError, match=words):
        evaluate(experiment, scores)


def test_nothing_to_compare() -> None:
    scores = table("group human bpm", ("1", 1, 0.5), ("2", 1, 0.5))
    with pytest.raises(InputError, match=r"no two candidates .*left out were 2 groups with a single candidate"):
        evaluate("human-alignment", scores)
    with pytest.raises(InputError, match="2 pairs that humans rate the same"):
        evaluate("human-alignment", table("group human bpm", *[(row // 2, 3, 0.5) for row in range(4)]))
    columns = "group human bpm semantic.score semantic.modify semantic.modify_raw intent.edit_type"
    same = table(columns, *[(1, 1, 1, 0, 0, 0.5, "color")] * 3)
    with pytest.raises(InputError, match=r"has the one value 0\.5 in semantic\.modify_raw"):
        evaluate("human-alignment", same, EvaluationOptions(norm="data"))
