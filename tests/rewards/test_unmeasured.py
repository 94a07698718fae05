"""The number that a trainer is given for an edit without a reward."""

from __future__ import annotations

import numpy as np
import pytest

from editjudge.rewards.unmeasured import NeutralRewards


def test_a_gap_gets_the_mean_of_its_prompt_and_so_no_advantage() -> None:
    filled = NeutralRewards().fill([1.0, None, 4.0, 5.0, None, 2.0], ["a", "a", "a", "b", "b", "a"])
    assert filled == pytest.approx([1.0, 7 / 3, 4.0, 5.0, 5.0, 2.0])
    group = np.array([filled[index] for index in (0, 1, 2, 5)])
    advantages = (group - group.mean()) / group.std()
    assert abs(advantages[1]) < 1e-12
    assert advantages[0] < 0 < advantages[2]


def test_a_prompt_of_which_nothing_was_measured_gets_the_mean_so_far() -> None:
    neutral = NeutralRewards()
    assert neutral.fill([None, None], ["a", "a"]) == [0.0, 0.0]
    neutral.fill([1.0, 2.0], ["b", "c"])
    assert neutral.fill([None, None, 6.0], ["a", "a", "d"]) == [3.0, 3.0, 6.0]  # of 1, 2 and 6


def test_what_was_measured_stays_as_it_is() -> None:
    values = [0.1, 0.7, 0.0, 5.0]
    assert NeutralRewards().fill(values, ["a", "a", "b", "c"]) == values
