"""Rewards by type of edit and pairs by dimension, on small tables worked by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from editjudge.cli.main import run
from editjudge.errors import InputError
from editjudge.evaluation import EXPERIMENTS, EvaluationOptions, Result, ScoreTable, select_columns
from editjudge.evaluation.statistics.pairwise_accuracy import tied_accuracy
from support.command_line import assert_fails

JUDGED = "id type judges.reward.following judges.reward.following.pass judges.reward.quality judges.reward.quality.pass"
ROWS = (
    ("a", "Add", 5, "true", 4, "true", 4.5, ""),
    ("b", "Add", 1, "false", 2, "true", 1.5, ""),
    ("c", "Style", 3, "true", None, None, None, ""),
    ("d", "Style", None, None, None, None, None, "d.png is empty"),
    ("e", "", 4, "", 5, "false", 4.2, ""),
)


def table(columns: str, *rows: Sequence[Any]) -> ScoreTable:
    return ScoreTable("scores.csv", dict(zip(columns.split(), zip(*rows, strict=True), strict=True)))


def evaluate(scores: ScoreTable, metrics: Sequence[str] | None = None, **options: Any) -> Result:
    chosen = EvaluationOptions(**{"resamples": 0, **options})
    return EXPERIMENTS["rewards"](scores, select_columns(scores, metrics, needed=False), chosen)


def cells(result: Result, grid: str, row: str) -> dict[str, tuple[Any, int]]:
    return {
        column: (None if np.isnan(cell.value) else cell.value, cell.count)
        for column, cell in result.grids[grid].row(row).items()
    }


def test_yes_and_number_are_of_the_same_rows() -> None:
    result = evaluate(table(f"{JUDGED} metrics.reward error", *ROWS))
    assert result.grids["yes"].rows == result.grids["reward"].rows == ("Add", "Style", "no type", "all")
    assert cells(result, "yes", "Add") == {"following": (0.5, 2), "quality": (1.0, 2)}
    assert cells(result, "reward", "Add") == {"following": (3, 2), "quality": (3, 2), "overall": (3, 2)}
    assert cells(result, "reward", "Style") == {"following": (3, 1), "quality": (None, 0), "overall": (None, 0)}
    # "e" says no yes or no on following, and so its number is not in the mean, either
    assert cells(result, "yes", "all") == {"following": (pytest.approx(2 / 3), 3), "quality": (pytest.approx(2 / 3), 3)}
    assert cells(result, "reward", "all")["following"] == (3, 3)
    assert cells(result, "reward", "all")["quality"] == (pytest.approx(11 / 3), 3)
    assert result.left_out["rows with an error"] == 1
    assert result.left_out["rows without a reward"] == 0
    assert "rows that no figure rests on: d" in result.notes
    assert (
        "of 5 rows, the shares and means rest on those that have them: following 3, quality 3, overall 3"
        in result.notes
    )


def test_a_side_that_rests_on_few_rows_says_so() -> None:
    columns = "id judges.reward.following judges.reward.following.pass judges.reward.quality"
    result = evaluate(table(columns, ("a", None, "", 4), ("b", 0, "false", 5), ("c", None, "", 3)))
    assert cells(result, "yes", "all") == {"following": (0, 1)}
    assert result.left_out["rows without a reward"] == 0
    assert result.notes == ("of 3 rows, the shares and means rest on those that have them: following 1, quality 3",)
    assert evaluate(table(columns, ("b", 0, "false", 5))).notes == ()


def test_plain_columns_of_the_sides_and_another_judge() -> None:
    scores = table("metrics.reward_following vlm_sc vlm_pq", (5, 8, 6), (3, 4, 10))
    assert cells(evaluate(scores), "reward", "all") == {"following": (4, 2)}
    assert cells(evaluate(scores, judge="vlm_{side}"), "reward", "all") == {"sc": (6, 2), "pq": (8, 2)}
    assert cells(evaluate(scores, judge="vlm_{side}", sides=("pq",)), "reward", "all") == {"pq": (8, 2)}
    assert "yes" not in evaluate(scores).grids


def test_a_judge_with_colons_and_slashes_in_its_name() -> None:
    judge = "vlm:three_sides@openai:Org/Model-7B:q4"
    columns = f"judges.{judge}.following judges.{judge}.following.pass judges.{judge}.asked metrics.{judge} error"
    scores = table(columns, (5, True, "x", 4.0, None), (None, None, None, None, f"{judge}: no answer"))
    result = evaluate(scores, judge=judge)
    assert cells(result, "yes", "all") == {"following": (1, 1)}
    assert cells(result, "reward", "all") == {"following": (5, 1), "overall": (4, 1)}
    assert result.left_out["rows with an error"] == 1


@pytest.mark.parametrize(
    ("columns", "row", "options", "words"),
    [
        ("bpm", (1,), {}, "no columns of the judge reward and no pairs with a preference"),
        ("bpm", (1,), {"judge": "vlm:x"}, "no numbers of the judge vlm:x"),
        (
            "judges.reward.quality",
            ("good",),
            {},
            "'good' in the column judges.reward.quality, row 1; it must be a number",
        ),
        ("judges.reward.quality judges.reward.quality.pass", (1, "perhaps"), {}, "'perhaps' in the column"),
        ("human group", (1, "a"), {}, "no columns of the judge reward"),
    ],
)
def test_what_holds_no_rewards(columns: str, row: tuple[Any, ...], options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as error:
        evaluate(table(columns, row), **options)
    assert words in str(error.value)


PAIRS = (
    # group, dimension, type, human, bpm: the preferred one first
    ("1", "consistency", "add", 1, 1.5), ("1", "consistency", "add", 0, 1.0),  # right
    ("2", "consistency", "add", 1, 1.0), ("2", "consistency", "add", 0, 1.5),  # wrong
    ("3", "consistency", "add", 1, 1.0), ("3", "consistency", "add", 0, 1.0),  # a tie is wrong
    ("4", "consistency", "style", 1, 1.0), ("4", "consistency", "style", 0, 0.9),  # right
    ("5", "overall", "add", 1, 1.0), ("5", "overall", "add", 0, 0.5),  # right
    ("6", "overall", "style", 0, 0.5), ("6", "overall", "style", 1, None),  # not judged
)  # fmt: skip


def test_a_dimension_is_the_mean_over_types_and_a_tie_is_wrong() -> None:
    result = evaluate(table("group dimension type human bpm", *PAIRS), ["bpm"])
    assert cells(result, "dimensions", "bpm") == {
        "consistency": (pytest.approx((1 / 3 + 1) / 2), 4),
        "overall": (pytest.approx((1 + 0) / 2), 2),
    }
    assert cells(result, "types", "consistency, add") == {"bpm": (pytest.approx(1 / 3), 3)}
    assert "tied" not in result.grids
    assert result.used["pairs"] == 6
    assert "pairs that could not be judged, counted as wrong: bpm (1 of 6)" in result.notes
    assert "pairs that a metric ties and people do not, counted as wrong: bpm (1)" in result.notes
    half = evaluate(table("group dimension type human bpm", *PAIRS), ["bpm"], ties="half")
    assert cells(half, "types", "consistency, add") == {"bpm": (pytest.approx(1.5 / 3), 3)}


def test_a_metric_without_any_number_has_no_accuracy() -> None:
    rows = [(*row[:3], 0.5 if row[0] == "1" else row[3], None, row[4]) for row in PAIRS]
    result = evaluate(table("group dimension type human metrics.psnr bpm", *rows), ["bpm", "psnr"])
    for grid in ("dimensions", "tied"):
        assert {found for found, _ in cells(result, grid, "psnr").values()} == {None}
        assert None not in {found for found, _ in cells(result, grid, "bpm").values()}
    assert {cells(result, "types", row)["psnr"][0] for row in result.grids["types"].rows} == {None}
    assert "left out, as none of the 6 pairs could be judged: psnr" in result.notes
    assert "pairs that could not be judged, counted as wrong: bpm (1 of 6)" in result.notes


def test_two_edits_of_one_model_are_a_pair_here() -> None:
    rows = [("1", "same", 1, 2.0), ("1", "same", 0, 1.0), ("2", "same", None, 1.0), ("2", "same", 0, 1.0)]
    result = evaluate(table("group model human bpm", *rows), ["bpm"])
    assert cells(result, "dimensions", "bpm") == {"all pairs": (1, 1)}
    assert result.left_out["pairs without a preference"] == 1


def test_ties_of_people_and_the_margin_that_fits_best() -> None:
    rows = []
    for number, (human, ahead) in enumerate([(1, 0.9), (0, 0.1), (0, -0.3), (-1, 0.2), (1, 0.4), (-1, -0.8)]):
        preferred = {1: (1, 0), 0: (0.5, 0.5), -1: (0, 1)}[human]
        rows += [(str(number), preferred[0], ahead), (str(number), preferred[1], 0.0)]
    result = evaluate(table("group human bpm", *rows), ["bpm"], resamples=50)
    # No margin: 3 of 6. Up to .1: 4, up to .2: 4 (-1 is wrong either way), up to .3: 5, up to .4: 4.
    cell = result.grids["tied"].row("bpm")["all pairs"]
    assert (cell.value, cell.count) == (pytest.approx(5 / 6), 6)
    assert cell.low <= cell.value <= cell.high
    assert cells(result, "dimensions", "bpm") == {"all pairs": (pytest.approx(3 / 4), 4)}
    assert "margins within which a metric ties, by dimension, fitted on these pairs: bpm 0.3" in result.notes


def test_accuracy_with_ties_against_every_margin_tried() -> None:
    rng = np.random.default_rng(4)
    ahead, wanted = np.round(rng.normal(size=40), 1), rng.integers(-1, 2, size=40).astype(float)
    ahead[:3] = np.nan
    weights = rng.integers(0, 3, size=(5, 40)).astype(float)
    shares, margins = tied_accuracy(ahead, wanted, weights)
    for row, share, margin in zip(weights, shares, margins, strict=True):
        tried = {}
        for limit in (0.0, *np.abs(ahead[3:])):
            told = np.where(np.isnan(ahead), 9, np.where(np.abs(ahead) <= limit, 0, np.sign(ahead)))
            tried[limit] = (row * (told == wanted)).sum() / row.sum()
        assert share == pytest.approx(max(tried.values()))
        assert tried[margin] == pytest.approx(share)


def test_the_command(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    columns = f"{JUDGED} metrics.reward error".split()
    path = tmp_path / "scores.jsonl"
    path.write_text("".join(json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in ROWS), encoding="utf-8")
    command = ["evaluate", "rewards", str(path), "--resamples", "20"]
    assert run([*command, "--plot", str(tmp_path / "plot.svg")]) == 0
    printed, error = capfd.readouterr()
    assert error == ""
    assert "Left out: rows with an error (1)." in printed
    assert run([*command, "--json"]) == 0
    result = json.loads(capfd.readouterr().out)
    assert list(result["tables"]) == ["yes", "reward"]
    assert result["tables"]["reward"]["rows"]["Style"]["quality"]["value"] is None
    assert run([*command, "--type", "id", "--judge", "judges.reward.{side}", "--sides", "quality", "--json"]) == 0
    assert list(json.loads(capfd.readouterr().out)["tables"]["yes"]["rows"]) == ["a", "b", "c", "d", "e", "all"]
    assert_fails(capfd, [*command, "--judge", "nobody"], 2, "no numbers of the judge nobody")
