"""What docs/metrics.md works out by hand is what the code gives, and its formulas have the numbers of the code."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from editjudge.metrics.bpm import region
from editjudge.metrics.bpm.aggregate import norm
from editjudge.metrics.bpm.rules import DONE, FAILED, Rules, plain_sum
from editjudge.metrics.bpm.score import ALPHA, PartScore, RegionScore, SemanticScore
from editjudge.metrics.bpm.semantic import modify, preserve
from editjudge.metrics.registry import METRICS
from editjudge.types import EditIntent
from support.groundings import BOTH, HERE, SIDE, features, grounding, move, region_at

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
COLOR = EditIntent("color", "car", "blue car")
LARGER = EditIntent("size", "car", "car", size="larger")
CLOSE = 0.0006
"""The page has three digits."""


def read_examples() -> dict[str, list[float]]:
    found = defaultdict(list)
    for name, value in re.findall(r"^\| (\w+) \| .+ \| ([\d.]+) \|$", PAGE, re.M):
        found[name].append(float(value))
    return found


SAYS = read_examples()


def part(modified: float, preserved: float, position: float, size: float) -> PartScore:
    semantic = SemanticScore(modified + preserved, modified, preserved, modified, preserved)
    return PartScore(COLOR, semantic, RegionScore(position + size, position, size))


def test_position_and_size() -> None:
    there = grounding(region_at(HERE), region_at((70, 40, 90, 60)))
    assert [region.position(move(side), there).value for side in ("right", "up")] == SAYS["position"] == [1, 0]
    grown = [grounding(region_at(HERE), region_at(box)) for box in ((20, 40, 44, 64), (20, 40, 42, 60))]
    assert [region.size_ratio(where) for where in grown] == pytest.approx([1.44, 1.10])
    assert [region.size(LARGER, where).value for where in grown] == SAYS["size"] == [1, 0]


def test_modify_and_preserve() -> None:
    seen = features(original_crop=(1, 0), edited_crop=(0.6, 0.8), source=(1, 0), target=(0, 1))
    assert modify(COLOR, BOTH, seen).value == pytest.approx(SAYS["modify"][0], abs=CLOSE)
    change = np.zeros((SIDE, SIDE), np.float32)
    change[80:, :48] = 51 / 255  # 960 pixels outside the mask
    assert (change > 0).sum() == 960
    assert BOTH.union.sum() == 400
    assert preserve(change, BOTH).value == pytest.approx(SAYS["preserve"][0], abs=CLOSE)


def test_the_sums() -> None:
    assert norm(0.949, (-0.1575, 0.9686)) == pytest.approx(SAYS["Norm"][0], abs=CLOSE)
    assert plain_sum(part(0.8, 0.9, 1, 0)) == pytest.approx(SAYS["plain"][0], abs=CLOSE)
    assert Rules().combine(part(0.56, 0.9, 1, 0)) == pytest.approx(SAYS["bpm"][0], abs=CLOSE)


def test_the_formulas_have_the_numbers_of_the_code() -> None:
    assert f"{ALPHA} (Norm(modify) + Norm(preserve)) + {1 - ALPHA:.1f} (position + size)" in PAGE
    assert f"(Norm(modify) - {FAILED}) / {DONE - FAILED:.2f}" in PAGE
    assert f"larger: r > {region.LARGER},  smaller: r < {region.SMALLER}" in PAGE


def test_every_metric_is_named() -> None:
    assert [metric.spec.name for metric in METRICS if f"`{metric.spec.name}`" not in PAGE] == []
