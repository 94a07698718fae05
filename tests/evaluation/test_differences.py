"""The protocols on lists of differences, against figures that are worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from editjudge.errors import InputError
from editjudge.evaluation import PROTOCOLS, EvaluationOptions
from editjudge.evaluation.annotations.annotation import AnnotatedDifference, AnnotatedPair
from editjudge.metrics.dice.difference import Change

differences, coherence = PROTOCOLS["differences"], PROTOCOLS["coherence"]
PLAIN = EvaluationOptions(resamples=0)
LEFT, RIGHT, MIDDLE = (0.0, 0.0, 0.4, 0.4), (0.6, 0.0, 1.0, 0.4), (0.4, 0.4, 0.6, 0.6)
NARROW = (0.0, 0.0, 0.25, 0.4)
"""Its IoU with the left box is 0.625: enough at .50, .55 and .60."""


def change(what: Change, box: tuple[float, float, float, float], **more: Any) -> AnnotatedDifference:
    return AnnotatedDifference(what, more.pop("element", None), box, **more)


def pair(number: int, *of: AnnotatedDifference) -> AnnotatedPair:
    return AnnotatedPair(f"{number}.png", f"{number}-edited.png", of)


TRUE = [
    pair(0, change("ADD", LEFT), change("REMOVE", RIGHT)),
    pair(1, change("EDIT", MIDDLE)),
    pair(2),
    pair(3, change("EDIT", LEFT)),
]


def test_everything_found() -> None:
    result = differences(TRUE, TRUE, PLAIN)
    for grid in ("precision", "fixed"):
        for kind in ("all", "ADD", "REMOVE", "EDIT"):
            row = result.grids[grid].row(kind)
            assert [row[column].value for column in ("AP .50:.95", "AP .50", "AP .75", "recall .50")] == [1] * 4
    assert [result.grids["kind"].row(kind)["right"].value for kind in ("all", "ADD", "REMOVE", "EDIT")] == [1] * 4
    assert [result.grids["precision"].row(kind)["AP .50"].count for kind in ("all", "ADD", "REMOVE", "EDIT")] == [
        4, 1, 1, 2,
    ]  # fmt: skip
    assert result.used == {"pairs": 4, "true differences": 4, "differences found": 4}


def test_average_precision_by_kind_with_confidences_and_without() -> None:
    """By confidence: LEFT right, in an unchanged picture wrong, MIDDLE right, RIGHT right but called EDIT; of four, one
    is not found. In the order of the files the wrong one comes third.

    All: precision 1 to a recall of 1/4 (26 points), 3/4 from there to 3/4 (50 points), for after the wrong one two are
    right. Without confidences: 1 to 1/2, then 3/4 to 3/4 where the wrong one stands before the last right one.
    """
    found = [
        pair(0, change("ADD", LEFT, confidence=0.9), change("EDIT", RIGHT, confidence=0.3)),
        pair(2, change("ADD", RIGHT, confidence=0.8)),
        pair(1, change("EDIT", MIDDLE, confidence=0.7)),
    ]
    result = differences(found, TRUE, PLAIN)
    every = result.grids["precision"].row("all")
    assert every["AP .50"].value == pytest.approx((26 * 1 + 50 * 3 / 4) / 101)
    assert every["AP .50:.95"].value == pytest.approx(every["AP .50"].value)  # every box that is right is exact
    assert every["recall .50"].value == 3 / 4
    # The truth's order: LEFT, RIGHT, MIDDLE, then the wrong one.
    assert result.grids["fixed"].row("all")["AP .50"].value == pytest.approx(76 / 101)
    # One addition of one, first; no removal of one; of two edits one, after one that is elsewhere.
    assert result.grids["precision"].row("ADD")["AP .50"].value == 1
    assert result.grids["precision"].row("REMOVE")["AP .50"].value == 0
    assert result.grids["precision"].row("EDIT")["AP .50"].value == pytest.approx(51 / 101)
    kinds = result.grids["kind"]
    assert (kinds.row("all")["right"].value, kinds.row("all")["right"].count) == (pytest.approx(2 / 3), 3)
    assert (kinds.row("REMOVE")["called EDIT"].value, kinds.row("REMOVE")["right"].value) == (1, 0)
    assert result.notes == ("pairs without predictions, in which nothing counts as found: 1",)


def test_a_box_that_is_right_by_and_large_counts_at_the_lower_thresholds_alone() -> None:
    result = differences([pair(0, change("ADD", NARROW))], [pair(0, change("ADD", LEFT))], PLAIN)
    row = result.grids["precision"].row("all")
    assert (row["AP .50"].value, row["AP .75"].value) == (1, 0)
    assert row["AP .50:.95"].value == pytest.approx(0.3)
    assert result.notes == ("differences without a confidence, counted as sure: 1",)


def test_a_kind_that_the_truth_lacks_is_not_measured() -> None:
    result = differences([pair(0, change("EDIT", LEFT))], [pair(0, change("ADD", LEFT))], PLAIN)
    row = result.grids["precision"].row("EDIT")["AP .50"]
    assert row.value != row.value
    assert row.count == 0
    assert result.grids["kind"].row("EDIT")["right"].count == 0
    assert result.grids["kind"].row("all")["right"].value == 0


def test_what_was_found_twice_is_right_once() -> None:
    twice = pair(0, change("ADD", LEFT, confidence=0.9), change("ADD", LEFT, confidence=0.8))
    true = [pair(0, change("ADD", LEFT), change("ADD", RIGHT))]
    row = differences([twice], true, PLAIN).grids["precision"].row("ADD")
    assert row["AP .50"].value == pytest.approx(51 / 101)
    assert row["recall .50"].value == 0.5


def test_pairs_that_the_truth_lacks_say_nothing() -> None:
    more = [*TRUE, pair(9, change("ADD", LEFT), change("ADD", RIGHT))]
    result = differences(more, TRUE, PLAIN)
    assert result.grids["precision"].row("all")["AP .50:.95"].value == 1
    assert result.left_out == {"differences in pairs that the truth lacks": 2}


def test_intervals_hold_the_value_and_come_of_the_seed() -> None:
    true = [pair(number, change("ADD", LEFT), change("EDIT", RIGHT)) for number in range(40)]
    found = [
        pair(number, change("ADD", LEFT if number % 3 else MIDDLE, confidence=(number % 7) / 7)) for number in range(40)
    ]
    cells = [
        differences(found, true, EvaluationOptions(resamples=100, seed=seed)).grids["precision"].row("all")["AP .50"]
        for seed in (0, 0, 1)
    ]
    assert cells[0] == cells[1] != cells[2]
    assert cells[0].low < cells[0].value < cells[0].high


@pytest.mark.parametrize("protocol", [differences, coherence])
def test_what_cannot_be_compared(protocol: Any) -> None:
    with pytest.raises(InputError, match="the truth holds no pair of pictures"):
        protocol(TRUE, [], PLAIN)
    with pytest.raises(
        InputError, match=r"the first is 7\.png and 7-edited\.png in one and 0\.png and 0-edited\.png in the other"
    ):
        protocol([pair(7, change("ADD", LEFT))], TRUE, PLAIN)
    repeated = [pair(0, change("ADD", LEFT, element="hat"), change("ADD", LEFT, element="hat"))]
    with pytest.raises(InputError, match="has twice the ADD of hat in one box"):
        protocol(TRUE, repeated, PLAIN)
    with pytest.raises(InputError, match=r"found is of type int|found is 7; give what read_annotations"):
        protocol(7, TRUE, PLAIN)
    with pytest.raises(InputError, match="options is of type dict"):
        protocol(TRUE, TRUE, {})


def test_nothing_found_is_measured_and_is_none() -> None:
    row = differences([], TRUE, PLAIN).grids["precision"].row("all")
    assert (row["AP .50"].value, row["recall .50"].value) == (0, 0)


DECIDED = [
    pair(0, change("ADD", LEFT, coherent=True), change("EDIT", RIGHT, coherent=False)),
    pair(1, change("EDIT", MIDDLE, coherent=False), change("EDIT", LEFT)),
    pair(2, change("EDIT", LEFT)),
    pair(3),
]


def test_coherence() -> None:
    """By confidence: LEFT with the right decision; RIGHT, unasked damage called asked for; on the place that is taken,
    the right decision, which comes too late; what the truth does not decide on, which does not count; in an unchanged
    picture, wrong; MIDDLE, right. Box and decision: right, wrong, wrong, wrong, right of three targets."""
    found = [
        pair(
            0,
            change("ADD", LEFT, confidence=0.9, coherent=True),
            change("EDIT", RIGHT, confidence=0.8, coherent=True),
            change("EDIT", RIGHT, confidence=0.7, coherent=False),
        ),
        pair(
            1,
            change("EDIT", LEFT, confidence=0.6, coherent=True),
            change("EDIT", MIDDLE, confidence=0.4, coherent=False),
        ),
        pair(2, change("EDIT", LEFT, confidence=0.99, coherent=True)),
        pair(3, change("ADD", LEFT, confidence=0.5)),
    ]
    result = coherence(found, DECIDED, PLAIN)
    rows = result.grids["precision"]
    both, alone = rows.row("box and decision"), rows.row("box alone")
    # Recall 1/3 is met by 34 of 101 points, 2/3 by 67.
    assert both["AP .50"].value == pytest.approx((34 * 1 + 33 * 2 / 5) / 101)
    assert alone["AP .50"].value == pytest.approx((67 * 1 + 34 * 3 / 5) / 101)
    assert (both["recall .50"].value, alone["recall .50"].value) == (pytest.approx(2 / 3), 1)
    assert both["AP .50"].count == 3
    decisions = result.grids["decisions"]
    assert (decisions.row("all")["right"].value, decisions.row("all")["right"].count) == (pytest.approx(2 / 3), 3)
    assert decisions.row("asked for")["right"].value == 1
    assert decisions.row("not asked for")["called asked for"].value == 0.5
    assert result.used == {"pairs": 3, "true differences": 4, "differences found": 6}
    assert result.left_out == {
        "differences in pairs that the truth lacks": 0,
        "pairs whose truth decides nothing": 1,
        "true differences without a decision": 1,
    }
    assert result.notes == ("differences found without a decision, counted as wrong: 1",)


def test_a_detection_that_decides_nothing_is_wrong_and_calls_nothing_asked_for() -> None:
    found = [pair(0, change("EDIT", RIGHT))]
    result = coherence(found, DECIDED, PLAIN)
    assert result.grids["precision"].row("box and decision")["AP .50"].value == 0
    row = result.grids["decisions"].row("not asked for")
    assert (row["right"].value, row["called asked for"].value, row["not decided"].value) == (0, 0, 1)


def test_a_truth_without_decisions() -> None:
    with pytest.raises(InputError, match="the truth decides of no difference whether it was asked for"):
        coherence(TRUE, TRUE, PLAIN)
