"""Raters against each other and metrics against them, on ratings of our own: by published libraries, and by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import krippendorff
import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr
from sklearn.metrics import cohen_kappa_score

from editjudge.cli.main import run
from editjudge.errors import InputError
from editjudge.evaluation import EXPERIMENTS, EvaluationOptions, Result, ScoreTable, select_columns
from editjudge.evaluation.statistics.rank_correlation import fisher_mean
from editjudge.evaluation.statistics.rater_agreement import alpha, icc, kappa
from support.command_line import assert_fails

SCALE = np.array([0.0, 0.5, 1.0])
MODELS = ("P", "Q", "R")
SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7.0]])
"""Six targets and four judges (Shrout and Fleiss 1979, table 2); their ICC(2,1) is .29."""


def once(ratings: np.ndarray) -> np.ndarray:
    return np.ones((1, len(ratings)))


def made_ratings(missing: float = 0.0) -> dict[str, list[Any]]:
    """Forty inputs by three models, rated by three people from two sides, with a judge and a distance beside them."""
    rng = np.random.default_rng(7)
    columns: dict[str, list[Any]] = {"uid": [], "editor": []}
    for uid in range(40):
        for model in MODELS:
            columns["uid"].append(f"input {uid}")
            columns["editor"].append(model)
            for side in ("sc", "pq"):
                truth = rng.random()
                for rater in (1, 2, 3):
                    rating = float(SCALE[int(np.clip(round(2 * truth + rng.normal(0, 0.4)), 0, 2))])
                    columns.setdefault(f"rater{rater}_{side}", []).append("" if rng.random() < missing else rating)
                columns.setdefault(f"judge_{side}", []).append(int(np.clip(round(10 * truth + rng.normal()), 0, 10)))
            columns.setdefault("distance", []).append(float(1 - truth + rng.normal(0, 0.5)))
    return columns


def evaluate(columns: dict[str, list[Any]], metrics: Sequence[str] = (), **options: Any) -> Result:
    table = ScoreTable("ratings.csv", columns)
    chosen = EvaluationOptions(**{"resamples": 0, "model": "editor", "group": "uid", **options})
    return EXPERIMENTS["agreement"](table, select_columns(table, metrics, needed=False), chosen)


def value(result: Result, grid: str, row: str, column: str) -> float:
    return result.grids[grid].row(row)[column].value


def by_fisher(columns: dict[str, list[Any]], x: np.ndarray, y: np.ndarray) -> float:
    """SciPy's Spearman over the edits of each model, averaged as z."""
    model = np.array(columns["editor"])
    return float(np.tanh(np.mean([np.arctanh(spearmanr(x[model == m], y[model == m])[0]) for m in MODELS])))


def test_the_icc_of_the_paper_that_defines_it() -> None:
    assert icc(SHROUT_FLEISS, once(SHROUT_FLEISS))[0] == pytest.approx(0.2898, abs=5e-5)


def test_the_icc_is_that_of_the_mean_squares() -> None:
    rng = np.random.default_rng(0)
    ratings = rng.normal(size=(30, 1)) + rng.normal(0, 0.7, size=(30, 4)) + [0, 0.2, 0.4, 3]
    n, k = ratings.shape
    rows, raters, mean = ratings.mean(axis=1, keepdims=True), ratings.mean(axis=0, keepdims=True), ratings.mean()
    of_rows, of_raters = k * ((rows - mean) ** 2).sum() / (n - 1), n * ((raters - mean) ** 2).sum() / (k - 1)
    error = ((ratings - rows - raters + mean) ** 2).sum() / ((n - 1) * (k - 1))
    expected = (of_rows - error) / (of_rows + (k - 1) * error + k * (of_raters - error) / n)
    for far in (0.0, 1e6):
        assert icc(ratings + far, once(ratings))[0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_alpha_is_krippendorffs(missing: float) -> None:
    rng = np.random.default_rng(1)
    ratings = np.clip(np.round(rng.normal(5, 2, size=(60, 1)) + rng.normal(0, 1, size=(60, 3))), 0, 10)
    ratings[rng.random(ratings.shape) < missing] = np.nan
    expected = krippendorff.alpha(ratings.T, level_of_measurement="interval")
    assert alpha(ratings, once(ratings))[0] == pytest.approx(expected, abs=1e-12)


def test_kappa_is_scikit_learns_where_ratings_are_evenly_spaced() -> None:
    rng = np.random.default_rng(2)
    first = rng.integers(0, 5, size=80)
    ratings = np.stack([first, np.clip(first + rng.integers(-1, 3, size=80), 0, 4)], axis=1) / 4
    expected = cohen_kappa_score(*(4 * ratings.T).astype(int), weights="quadratic")
    assert kappa(ratings, once(ratings))[0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("measure", [icc, alpha, kappa])
def test_a_weight_counts_as_so_many_copies(measure: Any) -> None:
    rng = np.random.default_rng(3)
    ratings, weights = rng.integers(0, 4, size=(25, 2)) / 3, rng.integers(0, 4, size=(2, 25))
    for row in weights:
        copied = np.repeat(ratings, row, axis=0)
        expected = measure(copied, once(copied))[0]
        assert measure(ratings, row[None].astype(float))[0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("measure", [icc, alpha, kappa])
@pytest.mark.parametrize("level", [0.1, 1 / 3, 1e9])
def test_equal_ratings_have_no_agreement_to_speak_of(measure: Any, level: float) -> None:
    ratings = np.full((20, 2), level)
    assert np.isnan(measure(ratings, once(ratings))[0])
    ratings[0] = level + 1  # a resample without the one row that differs
    weights = np.ones((1, 20))
    weights[0, 0] = 0
    assert np.isnan(measure(ratings, weights)[0])


def test_the_mean_of_correlations() -> None:
    means = fisher_mean(np.array([[0.2, 0.6, np.nan], [1.0, 0.5, -1.0], [1.0, 1.0, np.nan], [np.nan] * 3]))
    expected = np.tanh((np.arctanh(0.2) + np.arctanh(0.6)) / 2)
    np.testing.assert_allclose(means, [expected, 0.5, 1.0, np.nan])


def test_everything_on_two_sides_and_overall() -> None:
    columns = made_ratings()
    result = evaluate(columns, ["judge_{side}:higher", "distance:lower"], sides=("sc", "pq"))
    raters = {s: np.stack([columns[f"rater{r}_{s}"] for r in (1, 2, 3)], axis=1) for s in ("sc", "pq")}
    judge = {s: np.array(columns[f"judge_{s}"], dtype=float) for s in ("sc", "pq")}
    raters["overall"], judge["overall"] = np.sqrt(raters["sc"] * raters["pq"]), np.sqrt(judge["sc"] * judge["pq"])
    assert result.grids["metrics"].columns == ("sc", "pq", "overall")
    for side, ratings in raters.items():
        mean = ratings.mean(axis=1)
        assert value(result, "metrics", "judge", side) == pytest.approx(by_fisher(columns, judge[side], mean), abs=1e-9)
        distance = -np.array(columns["distance"])
        expected = by_fisher(columns, distance, mean)
        assert value(result, "metrics", "distance", side) == pytest.approx(expected, abs=1e-9)
        assert value(result, "correlation", f"distance, {side}", "mean") == pytest.approx(expected, abs=1e-9)
        pairs = [by_fisher(columns, ratings[:, a], ratings[:, b]) for a, b in combinations(range(3), 2)]
        for name, pair in zip(("1 and 2", "1 and 3", "2 and 3"), pairs, strict=True):
            assert value(result, "raters", name, side) == pytest.approx(pair, abs=1e-9)
        assert value(result, "raters", "mean", side) == pytest.approx(np.tanh(np.mean(np.arctanh(pairs))), abs=1e-9)
        expected = krippendorff.alpha(ratings.T, level_of_measurement="interval")
        assert value(result, "reliability", "Krippendorff's alpha", side) == pytest.approx(expected, abs=1e-9)
    levels = (2 * raters["pq"]).astype(int)
    expected = [
        cohen_kappa_score(levels[:, a], levels[:, b], weights="quadratic") for a, b in combinations(range(3), 2)
    ]
    assert value(result, "kappa", "1 and 3", "pq") == pytest.approx(expected[1], abs=1e-9)
    assert value(result, "kappa", "mean", "pq") == pytest.approx(np.mean(expected), abs=1e-9)
    assert result.used == {"rows": 120, "groups": 40, "raters": 3}
    assert result.notes == ("overall is the geometric mean of sc and pq",)


def test_intervals_hold_the_value_and_come_from_whole_groups() -> None:
    columns = made_ratings()
    result = evaluate(columns, ["judge_{side}:higher"], sides=("sc", "pq"), resamples=200)
    for grid in result.grids.values():
        for cell in (cell for row in grid.cells for cell in row):
            assert cell.low <= cell.value <= cell.high
            assert 0 < cell.high - cell.low < 0.7
    doubled = {name: cells * 2 for name, cells in columns.items()}  # every input twice, in its own group
    again = evaluate(doubled, ["judge_{side}:higher"], sides=("sc", "pq"), resamples=200)
    first, second = (one.grids["metrics"].row("judge")["sc"] for one in (result, again))
    assert (second.value, second.low, second.high) == pytest.approx((first.value, first.low, first.high))


def test_missing_ratings_are_left_out_where_they_are_needed() -> None:
    columns = made_ratings(missing=0.2)
    for rater in (1, 2, 3):
        columns[f"rater{rater}_sc"][5] = ""
    columns["distance"][7] = ""
    result = evaluate(columns, ["distance:lower"], raters=("rater{n}_sc",))
    ratings = np.array([[np.nan if cell == "" else cell for cell in columns[f"rater{r}_sc"]] for r in (1, 2, 3)]).T
    both = ~np.isnan(ratings[:, :2]).any(axis=1)
    kept = {name: list(np.array(cells, dtype=object)[both]) for name, cells in columns.items()}
    expected = by_fisher(kept, *ratings[both, :2].T)
    assert value(result, "raters", "1 and 2", "ratings") == pytest.approx(expected, abs=1e-9)
    assert result.grids["raters"].row("1 and 2")["ratings"].count == both.sum()
    whole = ~np.isnan(ratings).any(axis=1)
    assert result.grids["reliability"].row("ICC(2,1)")["ratings"].count == whole.sum()
    rated = ~np.isnan(ratings).all(axis=1)
    rated[7] = False
    kept = {name: list(np.array(cells, dtype=object)[rated]) for name, cells in columns.items()}
    distance = -np.array(kept["distance"], dtype=float)
    expected = by_fisher(kept, distance, np.nanmean(ratings[rated], axis=1))
    assert value(result, "metrics", "distance", "ratings") == pytest.approx(expected, abs=1e-9)
    assert result.left_out["rows that nobody rated from some side"] == np.isnan(ratings).all(axis=1).sum() > 0
    assert result.notes == ("rows without a number, left out for all metrics: distance (1 of 120)",)


def test_what_does_not_vary_has_no_correlation_and_the_mean_is_that_of_the_others() -> None:
    columns = made_ratings()
    columns["distance"] = [
        0.5 if model == "P" else number for number, model in zip(columns["distance"], columns["editor"], strict=True)
    ]
    result = evaluate(columns, ["distance:lower"], raters=("rater{n}_sc",))
    row = result.grids["correlation"].row("distance")
    assert np.isnan(row["P"].value)
    others = [row["Q"].value, row["R"].value]
    assert row["mean"].value == pytest.approx(np.tanh(np.mean(np.arctanh(others))))
    assert any("does not vary: 1 of" in note for note in result.notes)
    constant = {**columns, **{f"rater{r}_sc": [1.0] * 120 for r in (1, 2, 3)}}
    result = evaluate(constant, raters=("rater{n}_sc",), resamples=20)
    assert result.notes == ("no agreement can be told where all ratings are the same: ratings",)
    assert {cell.value for grid in result.grids.values() for row in grid.cells for cell in row} != {1.0}
    assert all(np.isnan(cell.value) for grid in result.grids.values() for row in grid.cells for cell in row)


def test_a_rater_without_a_rating_of_some_model_and_metrics_of_one_title() -> None:
    columns = made_ratings()
    columns["rater1_sc"] = [
        "" if model == "Q" else cell for cell, model in zip(columns["rater1_sc"], columns["editor"], strict=True)
    ]
    columns["judge"] = columns["judge_pq"]
    metrics = ["judge_{side}:higher", "judge:higher"]
    result = evaluate(columns, metrics, sides=("sc",), method="kendall", resamples=20)
    kept = [row for row, model in enumerate(columns["editor"]) if model != "Q"]
    assert result.grids["raters"].row("1 and 2")["sc"].count == len(kept)
    pairs = [
        [columns[f"rater{rater}_sc"][row] for row in kept if columns["editor"][row] == model]
        for model in ("P", "R")
        for rater in (1, 2)
    ]
    expected = np.tanh(np.mean([np.arctanh(kendalltau(*pairs[i : i + 2])[0]) for i in (0, 2)]))
    assert value(result, "raters", "1 and 2", "sc") == pytest.approx(expected, abs=1e-9)
    assert result.grids["metrics"].rows == ("judge_{side}", "judge")


@pytest.mark.parametrize("rows", [1, 2])
def test_hardly_any_rows(rows: int) -> None:
    columns = {name: cells[:rows] for name, cells in made_ratings().items()}
    result = evaluate(columns, ["judge_{side}:higher"], sides=("sc", "pq"), resamples=10)
    assert result.used["rows"] == rows


def test_the_scores_of_a_set_against_a_reward() -> None:
    columns = made_ratings()
    table = {"human.following": columns["rater1_sc"], "judges.reward.following": columns["judge_sc"]}
    options = {"raters": ("human.{side}",), "sides": ("following",), "model": "model", "group": "group"}
    result = evaluate(table, ["judges.reward.{side}:higher"], **options)
    expected = spearmanr(columns["rater1_sc"], columns["judge_sc"])[0]
    assert value(result, "metrics", "judges.reward", "following") == pytest.approx(expected, abs=1e-9)


def test_one_rater_one_model_and_the_order_of_sides() -> None:
    columns = {name: cells for name, cells in made_ratings().items() if name != "editor"}
    result = evaluate(columns, ["judge_{side}:higher"], raters=("rater2_{side}",), sides=("pq",), model="model")
    assert set(result.grids) == {"metrics"}
    expected = spearmanr(columns["judge_pq"], columns["rater2_pq"])[0]
    assert value(result, "metrics", "judge", "pq") == pytest.approx(expected, abs=1e-9)


BY_HAND: dict[str, list[Any]] = {
    "rater1_a": [1, 9, 5, 3],
    "rater2_a": [4, 4.2, 5, 4.1],
    "rater1_b": [2, 2, 4, 3],
    "rater2_b": [0, 10, 5, 5],
    "distance": [0.1, 0.5, 0.9, 0.2],
    "judge_a": [-1, 0, 1, 0.5],
    "judge_b": [-3, -1, -2, -3],
}
"""Four edits. From 0 to 1, the raters say of side a [0, 1, .5, .25] and [0, .2, 1, .1], of b [0, 0, 1, .5] and
[0, 1, .5, .5]; the judge [0, .5, 1, .75] and [0, 1, .5, 0]."""


def test_a_rater_who_uses_little_of_the_scale_counts_as_much_where_numbers_are_brought_to_0_to_1() -> None:
    """By hand: the mean raters order side a 1 4 3 2 and 1 3 4 2, and the metric 1 3 4 2."""
    options: dict[str, Any] = {"raters": ("rater{n}_a",), "model": "model", "group": "group"}
    raw = evaluate(BY_HAND, ["distance:higher"], **options)
    scaled = evaluate(BY_HAND, ["distance:higher"], **options, scale="minmax")
    assert value(raw, "metrics", "distance", "ratings") == pytest.approx(1 - 6 * 2 / (4 * 15))
    assert value(scaled, "metrics", "distance", "ratings") == pytest.approx(1)
    for grid, row in (("raters", "1 and 2"), ("raters", "mean")):  # no order changes
        assert value(raw, grid, row, "ratings") == value(scaled, grid, row, "ratings")
    expected = krippendorff.alpha([[0, 1, 0.5, 0.25], [0, 0.2, 1, 0.1]], level_of_measurement="interval")
    assert value(scaled, "reliability", "Krippendorff's alpha", "ratings") == pytest.approx(expected)
    assert scaled.notes[0].startswith("numbers brought to 0..1 by the least and the greatest")
    assert raw.notes == ()


def test_overall_is_the_mean_of_what_was_brought_to_0_to_1() -> None:
    """By hand: the mean rater says [0, .55, .75, .3375] and the judge [0, .75, .75, .375]."""
    options: dict[str, Any] = {"sides": ("a", "b"), "scale": "minmax", "model": "model", "group": "group"}
    for direction, sign in (("higher", 1), ("lower", -1)):
        result = evaluate(BY_HAND, [f"judge_{{side}}:{direction}"], **options)
        assert value(result, "metrics", "judge", "overall") == pytest.approx(sign * 0.9**0.5)
    by_rater = [[0, 0.5, 0.75, 0.375], [0, 0.6, 0.75, 0.3]]
    expected = krippendorff.alpha(by_rater, level_of_measurement="interval")
    assert value(result, "reliability", "Krippendorff's alpha", "overall") == pytest.approx(expected)
    assert "overall is the mean of a and b" in result.notes


def test_gaps_stay_gaps_where_numbers_are_brought_to_0_to_1() -> None:
    columns = {**BY_HAND, "rater1_a": [1, "", 9, 3], "distance": [0.1, 0.5, 0.9, ""]}
    options: dict[str, Any] = {"raters": ("rater{n}_a",), "model": "model", "group": "group", "scale": "minmax"}
    result = evaluate(columns, ["distance:higher"], **options)
    assert value(result, "metrics", "distance", "ratings") == pytest.approx(1)  # 0, .2 of the other alone, 1
    assert result.grids["metrics"].row("distance")["ratings"].count == 3


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, {"sides": ("sc", "pq"), "scale": "zscore"}, "--scale is 'zscore'; it must be one of raw, minmax"),
        (
            {"rater2_pq": [0.5] * 120},
            {"sides": ("sc", "pq"), "scale": "minmax"},
            "no number but 0.5 in rater2_pq, which minmax cannot bring to 0..1; leave it out, or take --scale raw",
        ),
        ({}, {}, "no ratings in 'rater{n}'; name the columns of the raters with --raters"),
        ({}, {"raters": ("rater{n}_sc", "rater9_sc")}, "no column rater9_sc"),
        ({}, {"raters": ("rater1_sc",)}, "one rater and no metric to compare"),
        ({}, {"raters": ("rater{n}_sc",), "model": "editr"}, "no column 'editr'; name another one with --model"),
        ({}, {"raters": ("rater{n}_sc",), "group": "input"}, "no column 'input'; name another one with --group"),
        ({}, {"sides": ("sc", "sc")}, "names a side twice"),
        ({"rater3_pq": [""] * 120}, {"sides": ("sc", "pq")}, "rater 3 in ratings.csv has not rated every side"),
        ({"rater1_sc": ["good"] * 120}, {"sides": ("sc", "pq")}, "'good' in the column rater1_sc, row 1; it must be a"),
        ({"rater1_sc": [-1] * 120}, {"sides": ("sc", "pq")}, "-1 among the numbers of a side"),
    ],
)
def test_what_cannot_be_compared(change: dict[str, Any], options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as error:
        evaluate({**made_ratings(), **change}, **options)
    assert words in str(error.value)


@pytest.fixture
def ratings(tmp_path: Path) -> str:
    columns = made_ratings()
    lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    (tmp_path / "ratings.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(tmp_path / "ratings.csv")


def test_the_command(capfd: pytest.CaptureFixture[str], ratings: str, tmp_path: Path) -> None:
    command = ["evaluate", "agreement", ratings, "--sides", "sc,pq", "--model", "editor", "--group", "uid"]
    command += ["--metrics", "judge_{side}:higher,distance:lower", "--resamples", "20"]
    assert run([*command, "--plot", str(tmp_path / "plot.png")]) == 0
    printed, error = capfd.readouterr()
    assert error == ""
    assert "Spearman correlation with the mean rater" in printed
    assert max(map(len, printed.splitlines())) <= 100
    assert (tmp_path / "plot.png").stat().st_size > 1000
    assert run([*command, "--json"]) == 0
    result = json.loads(capfd.readouterr().out)
    assert list(result["tables"]) == ["metrics", "correlation", "reliability", "kappa", "raters"]
    assert (result["options"]["sides"], result["options"]["scale"]) == (["sc", "pq"], "raw")
    assert run([*command, "--json", "--scale", "minmax"]) == 0
    assert json.loads(capfd.readouterr().out)["notes"][-1] == "overall is the mean of sc and pq"
    assert run(["evaluate", "agreement", ratings, "--raters", "rater{n}_sc", "--resamples", "0"]) == 0
    assert "Krippendorff's alpha" in capfd.readouterr().out
    assert_fails(capfd, ["evaluate", "agreement", ratings], 2, "no ratings in 'rater{n}'")
