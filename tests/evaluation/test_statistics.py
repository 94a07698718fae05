"""Correlations against SciPy, and the bootstrap against what is known of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from editjudge.evaluation import EXPERIMENTS, EvaluationOptions, ScoreTable, select_columns
from editjudge.evaluation.statistics.bootstrap import Resampling, tally
from editjudge.evaluation.statistics.rank_correlation import METHODS

SCIPY = {
    "pearson": lambda x, y: stats.pearsonr(x, y).statistic,
    "spearman": lambda x, y: stats.spearmanr(x, y).statistic,
    "kendall": lambda x, y: stats.kendalltau(x, y).statistic,
}


@pytest.mark.parametrize("method", METHODS)
def test_correlations_are_those_of_scipy_also_of_resamples_with_ties(method: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 8, 60) / 3
    y = x + rng.normal(0, 1, 60).round(1)
    weights = np.concatenate([np.ones((1, 60)), rng.multinomial(60, np.full(60, 1 / 60), size=20)])
    for correlation, times in zip(METHODS[method](x, y, weights), weights.astype(int), strict=True):
        assert correlation == pytest.approx(SCIPY[method](np.repeat(x, times), np.repeat(y, times)), abs=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_what_does_not_vary_correlates_with_nothing(method: str) -> None:
    x, same = np.arange(10.0), np.full(10, 0.1)
    weights = np.ones((1, 10)) * 3
    assert np.isnan(METHODS[method](x, same, weights)).all()
    assert np.isnan(METHODS[method](same, x, weights)).all()
    one = np.eye(10)[:1]
    assert np.isnan(METHODS[method](x, x, one)).all()


def test_correlation_by_model() -> None:
    rng = np.random.default_rng(1)
    human, distance = rng.integers(1, 6, 40), rng.random(40)
    columns = {
        "group": [str(row // 2) for row in range(40)], "model": ["A", "B"] * 20, "human": list(human),
        "metrics.l2": list(distance),
    }  # fmt: skip
    columns["human"][3] = None
    scores = ScoreTable("scores.csv", columns)
    for method, expected in SCIPY.items():
        result = EXPERIMENTS["correlation"](
            scores, select_columns(scores, ["l2"]), EvaluationOptions(method=method, resamples=200)
        )
        row = result.grids["correlation"].row("l2")
        rows = [row for row in range(1, 40, 2) if row != 3]
        by_model = [expected(-distance[::2], human[::2]), expected(-distance[rows], human[rows])]
        assert [row["A"].value, row["B"].value] == pytest.approx(by_model)
        assert row["mean"].value == pytest.approx(np.mean(by_model))
        assert (row["A"].count, row["B"].count) == (20, 19)
        assert row["A"].low < row["A"].value < row["A"].high
    assert result.left_out["rows without a human rating"] == 1


def test_weights_are_draws_with_replacement() -> None:
    blocks = list(Resampling(groups=7, resamples=130, seed=0).weights())
    weights = np.concatenate(blocks)
    assert weights.shape == (130, 7)
    assert (weights.sum(axis=1) == 7).all()
    assert weights.mean() == 1.0
    assert weights.var() == pytest.approx(1 - 1 / 7, rel=0.1)  # of a binomial of 7 draws with a chance of 1 in 7
    again = np.concatenate(list(Resampling(7, 130, 0).weights()))
    np.testing.assert_array_equal(weights, again)
    assert (weights != np.concatenate(list(Resampling(7, 130, 1).weights()))).any()


def test_the_interval_of_a_share_is_that_of_the_normal_approximation() -> None:
    right = (np.random.default_rng(0).random((400, 1)) < 0.8).astype(float)
    sampled = Resampling(400, 4000, 0).shares(right, np.ones((400, 1)))
    low, high = sampled.interval()
    share = right.mean()
    reach = 1.96 * np.sqrt(share * (1 - share) / 400)
    assert sampled.value[0] == pytest.approx(share)
    assert low[0] == pytest.approx(share - reach, abs=0.005)
    assert high[0] == pytest.approx(share + reach, abs=0.005)


def test_candidates_of_one_input_are_drawn_together() -> None:
    # Ten pairs of each input are right or wrong together: the interval is that of 50 inputs, not of 500 pairs.
    right = np.repeat(np.random.default_rng(0).random(50) < 0.5, 10).astype(float)
    group, label = np.repeat(np.arange(50), 10), np.zeros(500, np.intp)
    sums, counts = tally(right, group, label, 50, 1), tally(np.ones(500), group, label, 50, 1)
    low, high = Resampling(50, 2000, 0).shares(sums, counts).interval()
    assert high[0] - low[0] == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 50), rel=0.1)


def test_the_lead_of_a_metric_is_paired() -> None:
    # The second metric is right wherever the first is, but for five inputs of 200: its lead is certain to be small,
    # though either share alone is not certain at all.
    rng = np.random.default_rng(0)
    rows = []
    for group in range(200):
        better = bool(rng.random() < 0.6)
        rows += [(group, "A", 2, float(better), float(better and group % 40)), (group, "B", 1, 0.5, 0.5)]
    names = ["group", "model", "human", "bpm", "metrics.clip_i"]
    scores = ScoreTable("scores.csv", dict(zip(names, zip(*rows, strict=True), strict=True)))
    grid = EXPERIMENTS["human-alignment"](scores, select_columns(scores), EvaluationOptions()).grids["mean"]
    alone, lead = grid.row("clip_i")["mean over models"], grid.row("clip_i")["bpm ahead by"]
    assert alone.high - alone.low > 0.1
    assert 0 <= lead.low <= lead.value <= lead.high < 0.05


def test_reliability_by_margin() -> None:
    # Pairs with a margin of 1 to 5: right in as many of ten.
    rows = []
    for group in range(100):
        margin = group % 5 + 1
        right = group // 5 % 10 < 2 * margin
        rows += [(group, "A", 2, margin * (1 if right else -1), margin / 5), (group, "B", 1, 0.0, 1.0)]
    names = ["group", "model", "human", "bpm", "confidence"]
    scores = ScoreTable("scores.csv", dict(zip(names, zip(*rows, strict=True), strict=True)))
    result = EXPERIMENTS["human-alignment"](scores, select_columns(scores), EvaluationOptions(resamples=0))
    margin = list(result.grids["margin"].row("bpm").values())
    assert [cell.value for cell in margin] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert [cell.count for cell in margin] == [20] * 5
    confidence = list(result.grids["confidence"].row("bpm").values())  # the lesser: 0.2, 0.4, 0.6, 0.8 and 1
    assert np.isnan(confidence[0].value)
    assert [cell.value for cell in confidence[1:]] == pytest.approx([0.2, 0.4, 0.6, 0.9])
