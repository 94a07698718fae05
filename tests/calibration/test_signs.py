"""Regressions whose weights may speak one way alone: of data in which one feature speaks the other way by chance."""

from __future__ import annotations

import numpy as np

from editjudge.calibration.regression import fit

RANDOM = np.random.default_rng(11)
FEATURES = RANDOM.uniform(size=(400, 3))
LOGITS = 4 * FEATURES[:, 0] - 3 * FEATURES[:, 1] - 0.5
DONE = 1 / (1 + np.exp(-LOGITS))


def test_signs_that_hold_change_nothing() -> None:
    np.testing.assert_allclose(fit(FEATURES, DONE, 0.0, [1, -1, 0]), fit(FEATURES, DONE, 0.0), atol=1e-9)
    np.testing.assert_allclose(fit(FEATURES, DONE, 0.0, [1, -1, 0]), [-0.5, 4, -3, 0], atol=1e-6)


def test_a_feature_that_speaks_the_wrong_way_is_left_out() -> None:
    bias, first, second, third = fit(FEATURES, DONE, 0.0, [1, 1, 0])
    assert second == 0
    np.testing.assert_allclose([bias, first, third], fit(FEATURES[:, [0, 2]], DONE, 0.0), atol=1e-9)


def test_where_all_speak_the_wrong_way_the_share_is_left() -> None:
    bias, *weights = fit(FEATURES[:, :2], DONE, 0.0, [-1, 1])
    assert weights == [0, 0]
    np.testing.assert_allclose(1 / (1 + np.exp(-bias)), DONE.mean(), atol=1e-9)
