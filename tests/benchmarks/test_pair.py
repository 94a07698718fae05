"""The parts of the benchmarks of embeddings that can be worked by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from benchmarks.pair import direction, ordering, photographs, retrieval
from benchmarks.pair.direction import SWAPPED, DirectedEdit
from benchmarks.pair.judged import JudgedCandidate, add_kept, read_kept
from benchmarks.pair.ordering import Addition, by_value, with_addition
from editjudge.bundles.settings import NormRanges
from editjudge.evaluation.experiments.retrieval import label_instructions
from editjudge.metrics.bpm.score import PartScore, RegionScore, SemanticScore
from editjudge.types import ChangeKind, EditIntent

REMOVED, ADDED = EditIntent("remove", "cat", None), EditIntent("add", None, "dog")
ASKED = retrieval.AskedEdits(
    ["Remove the cat", "Delete the cat", "remove the cat.", "Add a dog"], [REMOVED, REMOVED, REMOVED, ADDED], {}
)


def candidate(
    bpm: float | None, cosine: float | None = 0.0, modify: float | None = 1.0, kind: ChangeKind = "edit"
) -> JudgedCandidate:
    score = None if modify is None else 2 * (modify + 1.0) / 2
    semantic = SemanticScore(score, modify, 1.0, modify, 1.0)
    part = PartScore(REMOVED, semantic, RegionScore(2.0, 1.0, 1.0), ())
    return JudgedCandidate({"bpm": bpm, "edit_clip": cosine}, part.to_dict(), kind, 0.1, ())


def test_the_ceiling_by_hand() -> None:
    """Three edits have one intent, two of them one instruction: 1.5, 2, 1.5 and 1 in the middle."""
    labels, _ = label_instructions(ASKED.instructions)
    known = retrieval.know_intents(ASKED.intents)
    edits = retrieval.AskedEdits(ASKED.instructions, ASKED.intents, {retrieval.CEILING: (known, known)})
    for ranks in retrieval.rank_both_ways(edits, labels).values():
        assert ranks[retrieval.CEILING].tolist() == [1.5, 2, 1.5, 1]
    lots = retrieval.draw_lots(edits, labels)
    assert lots["R@1"] == pytest.approx((2 / 3 + 1 / 3 + 2 / 3 + 1) / 4)
    assert lots["R@5"] == 1
    assert lots["mean rank"] == pytest.approx((4 / 3 + 2 + 4 / 3 + 1) / 4)


def test_figures_of_ranks() -> None:
    statistic = retrieval.sum_up(np.array([1.0, 2.0, 6.0, 60.0]), np.arange(4))
    assert dict(zip(retrieval.COLUMNS, statistic.value.tolist(), strict=True)) == {
        "mean rank": 17.25, "median rank": 4, "R@1": 0.25, "R@5": 0.5, "R@10": 0.75, "R@50": 0.75
    }  # fmt: skip
    types = retrieval.tabulate_types({"one": np.array([1.0, 2.0, 1.0, 1.0])}, ["add", "add", "style", "style"])
    assert types == {"add": {"one": 0.5}, "style": {"one": 1.0}}


def test_directions_that_tie_are_not_right() -> None:
    found = [DirectedEdit(kind, {"one": ahead}) for kind, ahead in (("add", 0.2), ("add", 1e-7), ("left", -0.1))]
    assert direction.count_right(found, "one") == (1, 1)
    table = direction.tabulate_directions({"one": None}, [*found, DirectedEdit("style", {"one": 0.3})])  # type: ignore[dict-item]
    assert [(kind, row["edits"], row["one"], row["one, tied"]) for kind, row in table.items()] == [
        ("add", 2, 0.5, 0.5),
        ("left", 1, 0, 0),
        ("style", 1, 1, 0),
        ("all with a direction", 3, pytest.approx(1 / 3), pytest.approx(1 / 3)),
    ]


def test_kinds_of_direction() -> None:
    assert direction.name_kind(EditIntent("size", "cat", "cat", size="larger")) == "larger"
    assert direction.name_kind(EditIntent("move", "cat", "cat", position="left")) == "left"
    assert direction.name_kind(EditIntent("add", None, "cat", "dog", position="left")) == "add"


def test_the_threshold_of_contrary() -> None:
    """Of 200 gaps two may be over it; and it is never under 0."""
    gaps = np.random.default_rng(0).permutation(np.arange(200) / 100)
    assert direction.choose_threshold(gaps.tolist()) == 1.97
    assert (gaps > 1.97).sum() == 2
    assert direction.choose_threshold([-0.5, -0.2]) == 0


def test_contrary_by_hand() -> None:
    """Over 0.1 are 1 of 4 well done ones, 3 of 4 contrary ones, 1 of 2 wrong ones and both swapped pairs."""
    gaps = {
        "well_done": [0.2, 0.1, -1, -1],
        "contrary": [0.5, 0.5, 0.11, 0],
        "wrong": [0.3, 0.0],
        SWAPPED: [1.0, 1.0],
    }
    figures = {figure.key: figure.value for figure in direction.summarise_contrary(gaps, 0.1)}
    assert figures == {
        "contrary_false": 0.25, "contrary_recall": 0.75, "contrary_precision": 0.75, "contrary_precision_all": 0.6,
        "contrary_swapped": 1,
    }  # fmt: skip
    flagged = direction.tabulate_flagged(gaps, 0.1)
    assert {quality: row["flagged"] for quality, row in flagged.items()} == {
        "well_done": 0.25, "contrary": 0.75, "wrong": 0.5, SWAPPED: 1
    }  # fmt: skip


def test_order_by_numbers_and_by_pixels() -> None:
    """Of well done over wrong, over unchanged and over noise: a number, a tie, and no number."""
    row: Mapping[str, JudgedCandidate] = {
        "well_done": candidate(0.5),
        "wrong": candidate(0.2),
        "unchanged": candidate(0.5, kind="unchanged"),
        "noise": candidate(None, kind="noise"),
    }
    assert ordering.measure_order([row], by_value("bpm")).value == pytest.approx(1 / 3)
    assert ordering.rank_bpm([row]).value == 1
    table = ordering.tabulate_pairs([row], ["bpm"])
    assert {pair: row["bpm"] for pair, row in table.items()} == {
        "well_done > wrong": 1, "well_done > unchanged": 0, "well_done > noise": 0
    }  # fmt: skip


def test_an_encoder_added_to_bpm() -> None:
    """0.7 of the semantic score, modify and preserve together, and 0.3 of the region's 2; all done from 0.65 on."""
    ranges = NormRanges((-0.2, 0.9), (0.7, 1.0))
    plus, mean = Addition("edit_clip", 0.5, None), Addition("edit_clip", 0.25, (-0.5, 0.5))
    assert plus.apply(0.9, 0.6) == 1
    assert plus.apply(0.1, -0.6) == 0
    assert mean.apply(0.5, 0.25) == pytest.approx((0.5 + 0.25 * 0.75) / 1.25)
    assert with_addition(plus, ranges)(candidate(9, 0.2, 0.7)) == pytest.approx(0.7 * 1.8 + 0.3 * 2)
    half_done = with_addition(plus, ranges)(candidate(9, -0.25, 0.7))
    assert half_done == pytest.approx(0.5 * (0.7 * 1.575 + 0.3 * 2))
    assert with_addition(plus, ranges)(candidate(9, None)) == 9
    assert with_addition(plus, ranges)(candidate(9, 0.2, None)) == 9
    assert with_addition(plus, ranges)(candidate(None, 0.2, None)) is None


def test_additions_are_nothing_where_the_encoder_is_silent() -> None:
    """BPM puts well done first; the encoder says nothing of one row, and of the other that wrong is better by far."""
    ranges = NormRanges((-0.2, 0.9), (0.7, 1.0))
    silent = {"well_done": candidate(9, None, 0.7), "wrong": candidate(0.1, 0.9, 0.0)}
    heard = {"well_done": candidate(0.9, -0.9, 0.5), "wrong": candidate(0.7, 0.9, 0.3)}
    assert ordering.count_silent("edit_clip", [silent, heard]) == 1
    table, figures = ordering.try_additions("edit_clip", [heard], [silent, heard], ranges)
    assert {title: row["held out"] for title, row in table.items()}["without"] == 1
    assert table["modify plus 1 edit_clip"]["held out"] == 0.5
    assert {figure.key: figure.value for figure in figures}["silent_edit_clip"] == 1


def test_what_was_judged_is_kept(tmp_path: Path) -> None:
    rows = [{"well_done": candidate(0.5), "noise": candidate(None, kind="noise")}, {"well_done": candidate(0.1)}]
    for row in rows:
        add_kept(tmp_path / "new" / "kept.jsonl", row)
    assert read_kept(tmp_path / "new" / "kept.jsonl") == rows


def test_quality_of_photographs_in_order() -> None:
    """Good over wrong, good over noop, and wrong over noop: right, a tie, and wrong."""
    order = photographs.measure_order(np.array([0.5, 0.2, 0.5]), np.array([3, 1, 0]))
    assert order.value == pytest.approx(0.5)
