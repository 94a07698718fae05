"""Regression and rising curves, against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from editjudge.calibration.regression import fit, fit_rising


def test_the_regression_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(400, 3)) * [1.0, 20.0, 0.1] + [0.0, 5.0, 3.0]
    done = (random.random(400) < 1 / (1 + np.exp(-(features @ [1.0, -0.1, 5.0] - 14.5)))).astype(float)
    known = LogisticRegression(C=np.inf, tol=1e-10, max_iter=5000).fit(features, done)
    np.testing.assert_allclose(fit(features, done, 0.0), [*known.intercept_, *known.coef_[0]], rtol=1e-4)


def test_decay_is_of_features_of_one_spread() -> None:
    random = np.random.default_rng(1)
    features = random.normal(size=(300, 2))
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    done = (random.random(300) < 1 / (1 + np.exp(-2 * features[:, 0]))).astype(float)
    decay = 0.05
    known = LogisticRegression(C=1 / (decay * 300), tol=1e-10, max_iter=5000).fit(features, done)
    np.testing.assert_allclose(fit(features, done, decay), [*known.intercept_, *known.coef_[0]], rtol=1e-4, atol=1e-6)
    # A feature in other units has another weight, and gives the same probabilities.
    scaled = fit(features * [1000.0, 1.0], done, decay)
    np.testing.assert_allclose(scaled * [1.0, 1000.0, 1.0], fit(features, done, decay), rtol=1e-6, atol=1e-9)


def test_shares_are_fitted_as_so_many_of_each() -> None:
    features = np.array([[0.0], [0.0], [0.0], [1.0], [1.0], [1.0]])
    weights = fit(features, np.array([0.2, 0.2, 0.2, 0.8, 0.8, 0.8]), 0.0)
    assert 1 / (1 + np.exp(-weights[0])) == pytest.approx(0.2)
    assert 1 / (1 + np.exp(-weights.sum())) == pytest.approx(0.8)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_rising_curve_is_that_of_scikit_learn(weighted: bool) -> None:
    random = np.random.default_rng(2)
    x = random.integers(0, 40, 300) / 40.0
    y = x + random.normal(size=300)
    weight = random.uniform(0.5, 2.0, 300) if weighted else None
    places, heights = fit_rising(x, y, weight)
    known = IsotonicRegression().fit(x, y, sample_weight=weight)
    np.testing.assert_array_equal(places, np.unique(x))
    np.testing.assert_allclose(heights, known.predict(places), atol=1e-12)
