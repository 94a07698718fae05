"""The parts of the benchmark of differences that can be worked by hand, and that its labels are whole."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from benchmarks.common.reporting import Figure
from benchmarks.differences import agreement
from benchmarks.differences.agreement import ComparedPair
from benchmarks.differences.cases import LABELS, KnownDifference, read_labels
from benchmarks.differences.finders import leave_out
from benchmarks.differences.masked_clip import MaskedEdits, correlate, summarise_clip
from benchmarks.differences.measure import put_side_by_side
from benchmarks.differences.nuisances import CASES, HARMLESS, pair_off
from editjudge.bundles.bundle import Bundle
from editjudge.metrics.dice.difference import CHANGES, Change, Corners, Difference


def found(box: Corners, change: Change = "EDIT", confidence: float = 0.9, **more: object) -> Difference:
    return Difference(change, None, box, 0.1, confidence, rationale="", **{"coherent": None, "coherence": None, **more})  # type: ignore[arg-type]


LEFT, RIGHT, FAR = (0.0, 0.0, 10.0, 10.0), (20.0, 0.0, 30.0, 10.0), (50.0, 50.0, 60.0, 60.0)
PAIR = ComparedPair(
    (
        found(LEFT, "ADD", 0.9, coherent=True),
        found((20.0, 0.0, 30.0, 4.0), "REMOVE", 0.8, coherent=True),  # an IoU of 0.4
        found(FAR, "EDIT", 0.7, coherent=False),
    ),
    (KnownDifference("ADD", LEFT, True), KnownDifference("EDIT", RIGHT, False), KnownDifference(None, FAR, None)),
)


def test_kinds_of_what_was_found_and_can_be_told() -> None:
    assert agreement.compare_kinds([PAIR], agreement.FOUND) == [True]
    assert agreement.compare_kinds([PAIR], agreement.NEAR) == [True, False]


def test_decisions_of_what_was_found_and_can_be_told() -> None:
    assert agreement.compare_decisions([PAIR]) == [True]
    assert agreement.find_excuses([PAIR]) == []
    exact = ComparedPair((found(RIGHT, coherent=True), found(FAR)), PAIR.known)
    assert agreement.compare_decisions([exact]) == [False]
    assert agreement.find_excuses([exact]) == [True]
    undecided = ComparedPair((found(RIGHT),), PAIR.known)
    assert agreement.compare_decisions([undecided]) == [False]
    assert agreement.find_excuses([undecided]) == []


def test_precision_by_hand() -> None:
    """Two of three are found, first and third: precision is 1 up to a recall of 1/3, then 2/3 up to 2/3.

    Of COCO's 101 points of recall, 34 lie at or below 1/3 (0 to .33) and 33 more at or below 2/3 (.34 to .66).
    """
    at_half, mean = agreement.average_precision([PAIR.detections()])
    assert at_half == pytest.approx((34 + 33 * 2 / 3) / 101)
    assert mean == pytest.approx(at_half)


def test_precision_with_decisions_leaves_out_what_cannot_be_told() -> None:
    """One of two is found and decided rightly; the difference that nobody can decide is neither right nor wrong."""
    assert agreement.average_precision([PAIR.decisions()])[0] == pytest.approx(51 / 101)
    swapped = ComparedPair((found(LEFT, coherent=False), found(RIGHT, coherent=False)), PAIR.known)
    assert agreement.average_precision([swapped.decisions()])[0] == pytest.approx(51 * 0.5 / 101)


def test_a_pair_of_which_nothing_is_known_counts_what_is_found_as_wrong() -> None:
    empty = ComparedPair((found(LEFT, confidence=1.0),), ())
    assert agreement.average_precision([empty.detections(), PAIR.detections()])[0] < 0.5
    assert agreement.average_precision([ComparedPair((), PAIR.known).detections()]) == (0, 0)


def test_the_box_around_all() -> None:
    assert agreement.enclose([LEFT, RIGHT]) == (0, 0, 30, 10)
    assert agreement.enclose([]) is None
    differences = [
        found(LEFT, energy=1.0, confidence=0.4),
        found(RIGHT, energy=0.3, confidence=0.9),
        found(FAR, energy=0.2, confidence=0.1),
    ]
    assert agreement.compare_extent(differences, (0, 0, 30, 10)) == pytest.approx((1, 1 / 3))
    assert agreement.compare_extent([], LEFT) == (0, 0)


def test_every_nuisance_and_every_picture_takes_its_turn() -> None:
    for pictures in (1, 13, 28, 107):
        turns = pair_off(pictures)
        assert len(turns) == CASES
        assert {picture for picture, _ in turns} == set(range(min(CASES, pictures)))
        assert {name for _, name in turns} == set(HARMLESS)
        assert max(Counter(turns).values()) == -(-CASES // (pictures * len(HARMLESS)))


def test_no_nuisance_leaves_the_picture_or_its_size_alone() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (61, 90, 3), np.uint8)
    for name, change in HARMLESS.items():
        before = picture.copy()
        changed = change(picture)
        assert changed.shape == picture.shape, name
        assert changed.dtype == np.uint8, name
        assert (changed != picture).any(), name
        assert (picture == before).all(), name


def test_figures_side_by_side() -> None:
    measured = {"pixels": [Figure("ap", "AP", 0.5, 0.7)], "network": [Figure("ap", "AP", 0.8, 0.7)]}
    both = put_side_by_side(measured)
    assert [(one.key, one.value, one.goal) for one in both] == [("ap_pixels", 0.5, None), ("ap_network", 0.8, 0.7)]
    with pytest.raises(ValueError, match="longer"):
        put_side_by_side({**measured, "network": measured["network"] * 2})


def test_correlation_with_quality() -> None:
    """Of three inputs of two edits each: what orders all of them has r = 1; what is drawn at random has not."""
    quality = np.array([0.0, 2.0] * 3)
    edits = MaskedEdits(np.array([1.0, 0.0, 0.0, 1.0, 0.0, 1.0]), quality / 2, quality, np.array([7.0, 7, 8, 8, 9, 9]))
    assert correlate(edits, edits.masked).value == pytest.approx(1)
    assert correlate(edits, edits.plain).value == pytest.approx(1 / 3)
    plain, masked, rise = summarise_clip("clip_i", edits)
    assert (plain.key, masked.key, rise.key) == ("clip_i", "dice_clip_i", "clip_i_rise")
    assert rise.value == pytest.approx(0)  # a resample without the first input has no room to rise


def test_the_labels_are_whole() -> None:
    rows = [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]
    assert len({row["id"] for row in rows}) == len(rows) == 119
    for row in rows:
        for index, one in enumerate(row["differences"]):
            x0, y0, x1, y1 = one["box"]
            assert 0 <= x0 < x1 <= 512, row["id"]
            assert 0 <= y0 < y1 <= 512, row["id"]
            assert one["change"] in (*CHANGES, None), row["id"]
            assert one["coherent"] in (True, False, None), row["id"]
            assert one["element"], row["id"]
            if (partner := one.get("partner")) is not None:
                other = row["differences"][partner]
                assert other["partner"] == index, row["id"]
                assert {one["change"], other["change"]} == {"ADD", "REMOVE"}, row["id"]
                assert one["element"] == other["element"], row["id"]
                assert one["coherent"] is other["coherent"], row["id"]
    assert len(read_labels(LABELS)) == sum(row["tellable"] for row in rows)


def test_a_bundle_without_one_of_its_models() -> None:
    whole = Bundle.load("studio")
    less = leave_out(whole, "detector")
    assert whole.has("detector")
    assert [entry.role for entry in less.files] == [entry.role for entry in whole.files if entry.role != "detector"]
