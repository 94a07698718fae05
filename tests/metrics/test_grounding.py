"""What the detector doubts counts where the pixels show that something happened there, and a result of it was seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from editjudge.metrics.grounding import Region
from support.groundings import HERE, MOVES, NOWHERE, SIDE, grounding, region_at

CHANGED = np.zeros((SIDE, SIDE), bool)
CHANGED[40:60, 20:40] = True  # HERE


def doubted(region: Region) -> Region:
    return replace(region, detections=replace(region.detections, is_weak=True))


def test_what_is_doubted_counts_where_something_changed() -> None:
    here, elsewhere = doubted(region_at(HERE)), doubted(region_at(MOVES["up"]))
    assert grounding(here, region_at(HERE)).without_weak(CHANGED).missing is None
    assert grounding(elsewhere, region_at(HERE)).without_weak(CHANGED).missing == "source_not_found"
    assert grounding(region_at(HERE), elsewhere).without_weak(CHANGED).missing == "target_not_found"
    assert grounding(here, None).without_weak(CHANGED).missing is None  # a remove
    assert grounding(here, None).without_weak(None).missing == "source_not_found"


def test_a_doubted_source_whose_result_is_missing_is_no_measurement() -> None:
    here, doubted_up = doubted(region_at(HERE)), doubted(region_at(MOVES["up"]))
    for result in (NOWHERE, doubted_up):
        assert grounding(here, result).without_weak(CHANGED).missing == "source_not_found"
        assert grounding(region_at(HERE), result).without_weak(CHANGED).missing == "target_not_found"
