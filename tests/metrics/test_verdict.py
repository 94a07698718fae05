"""What an app may do with a score: by hand from settings that are given, whatever those of a bundle are."""

from __future__ import annotations

import math
from dataclasses import MISSING, fields, replace

import numpy as np
import pytest

from editjudge.bundles.verdict_settings import QualityScale, VerdictSettings
from editjudge.errors import InputError
from editjudge.metrics.bpm.score import EditScore, Verdict
from editjudge.metrics.bpm.verdict import check_accept_at, decide, describe_seen, expect_rating, find_spill
from editjudge.types import EditIntent
from support.scores import AFTER, BEFORE, mask_of, part_of, score_of

COLOR = EditIntent("color", "hydrant", "blue hydrant")
REMOVE = EditIntent("remove", "cat", None)
STYLE = EditIntent("style", "all", "night")
WEIGHTS = [
    field.name
    for field in fields(VerdictSettings)
    if field.default is MISSING and field.name not in ("accept_at", "reject_at", "bias")
]


def settings(bias: float = 0.0, **weights: float) -> VerdictSettings:
    """That accept from 0.8 on and reject under 0.3; weights that are not given are 0."""
    return VerdictSettings(accept_at=0.8, reject_at=0.3, bias=bias, **{**dict.fromkeys(WEIGHTS, 0.0), **weights})


def describe(score: EditScore) -> dict[str, float]:
    return describe_seen(score.parts, find_spill(score))


def logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


@pytest.mark.parametrize("kind", ["unchanged", "noise", "other_picture"])
@pytest.mark.parametrize("bpm", [None, 0.0, 2.0])
def test_what_is_no_edit_is_rejected_whatever_else_is_known(kind: str, bpm: float | None) -> None:
    score = score_of(part_of(COLOR), bpm=bpm, kind=kind)  # type: ignore[arg-type]
    for known in (None, settings(bias=9.0)):
        assert decide(score, known) == decide(score, known, accept_at=0.0) == Verdict("reject", 0.0)


def test_what_was_not_measured_or_not_calibrated_is_not_judged() -> None:
    unmeasured = score_of(part_of(COLOR, modify=None), bpm=None)
    assert decide(unmeasured, settings(bias=9.0)) == Verdict("not_judged", None)
    assert decide(unmeasured, settings(bias=9.0), accept_at=0.0) == Verdict("not_judged", None)
    assert decide(score_of(part_of(COLOR), bpm=2.0), None) == Verdict("not_judged", None)
    assert decide(score_of(part_of(COLOR), bpm=2.0), None, accept_at=0.0) == Verdict("not_judged", None)


@pytest.mark.parametrize(
    ("probability", "decision"),
    [(0.9, "accept"), (0.81, "accept"), (0.79, "unsure"), (0.31, "unsure"), (0.29, "reject")],
)
def test_the_thresholds_are_the_bundles(probability: float, decision: str) -> None:
    verdict = decide(score_of(part_of(COLOR)), settings(bias=logit(probability)))
    assert (verdict.decision, verdict.probability) == (decision, pytest.approx(probability))


def test_a_curve_turns_what_the_regression_gives_into_the_probability() -> None:
    curved = replace(settings(bias=logit(0.5)), curve_at=(0.2, 0.6, 0.9), curve=(0.1, 0.5, 0.85))
    # Between the knots along the line: 0.1 + 0.3 / 0.4 * 0.4 = 0.4; beyond them as at the last.
    for given, probability in ((0.5, 0.4), (0.6, 0.5), (0.99, 0.85), (0.01, 0.1)):
        verdict = decide(score_of(part_of(COLOR)), replace(curved, bias=logit(given)))
        assert verdict.probability == pytest.approx(probability)


@pytest.mark.parametrize(
    ("bounds", "is_beyond"),
    [
        ({}, False),
        (
            {"least_modify": 0.8, "least_preserve": 0.9, "least_position": 1.0, "least_size": 0.5, "most_spill": 0.0},
            False,
        ),
        ({"least_modify": 0.81}, True),
        ({"least_preserve": 0.91}, True),
        ({"least_size": 0.6}, True),
    ],
)
def test_what_is_worse_than_all_that_people_rated_is_not_accepted(bounds: dict[str, float], is_beyond: bool) -> None:
    score = score_of(part_of(COLOR, modify=0.8, preserve=0.9, position=1.0, size=0.5))
    verdict = decide(score, replace(settings(bias=logit(0.95)), **bounds))
    told = ("unsure", 0.55) if is_beyond else ("accept", 0.95)  # in the middle of 0.3 and 0.8
    assert (verdict.decision, verdict.probability) == (told[0], pytest.approx(told[1]))


def test_the_rating_to_expect_is_read_off_the_scale() -> None:
    scale = QualityScale((0.1, 0.5, 0.9), (1.2, 3.0, 4.6))
    score = score_of(part_of(COLOR))
    assert expect_rating(replace(score, verdict=Verdict("unsure", 0.3)), scale) == pytest.approx(2.1)
    assert expect_rating(replace(score, verdict=Verdict("accept", 1.0)), scale) == pytest.approx(4.6)
    assert expect_rating(replace(score, verdict=Verdict("unsure", 0.3)), None) is None
    assert expect_rating(replace(score, verdict=Verdict("not_judged", None)), scale) is None
    assert expect_rating(replace(score, verdict=Verdict("reject", 0.0), kind="unchanged"), scale) is None


def test_accept_at_takes_the_place_of_the_bundles() -> None:
    score, known = score_of(part_of(COLOR)), settings(bias=logit(0.5))
    assert decide(score, known).decision == "unsure"
    assert decide(score, known, accept_at=0.4).decision == "accept"
    assert decide(score, known, accept_at=0.9).decision == "unsure"
    assert decide(score, known, accept_at=0.0).decision == "accept"
    sure = settings(bias=logit(0.9))
    assert decide(score, sure, accept_at=0.95).decision == "unsure"
    assert decide(score, settings(bias=logit(0.2)), accept_at=0.1).decision == "accept"


def test_accept_at_is_a_probability() -> None:
    assert [check_accept_at(value) for value in (None, 0.0, 0.5, 1.0)] == [None, 0.0, 0.5, 1.0]
    for wrong in (-0.1, 1.5, math.nan):
        with pytest.raises(InputError, match="probability from 0 to 1"):
            check_accept_at(wrong)


def test_settings_name_what_the_verdict_looks_at() -> None:
    assert set(describe(score_of(part_of(COLOR)))) == set(WEIGHTS)


def test_the_logit_by_hand() -> None:
    score = score_of(part_of(COLOR, modify=0.75, preserve=0.5, position=0.5))
    verdict = decide(score, settings(bias=-1.0, modify=2.0, preserve=1.0, position=0.5))
    assert verdict.probability == pytest.approx(1 / (1 + math.exp(-(-1.0 + 2.0 * 0.75 + 1.0 * 0.5 + 0.5 * 0.5))))


def test_no_weights_overflow() -> None:
    score = score_of(part_of(COLOR))
    assert decide(score, settings(bias=1e6)).probability == pytest.approx(1)
    assert decide(score, settings(bias=-1e6)).probability == pytest.approx(0)


def test_of_a_compound_the_worst_part_counts() -> None:
    good, bad = part_of(COLOR), part_of(REMOVE, modify=0.2, preserve=0.6, position=0.0)
    both, worst = describe(score_of(good, bad)), describe(score_of(bad))
    assert both == worst
    assert both == describe(score_of(bad, good))


def test_more_of_what_is_good_never_lowers_what_it_sees() -> None:
    known = settings(modify=3.0, preserve=2.0, position=1.0, size=1.0, spill=-4.0)
    for name in ("modify", "preserve", "position", "size"):
        chances = [decide(score_of(part_of(COLOR, **{name: value})), known).probability for value in (0.0, 0.5, 1.0)]
        assert chances == sorted(chances)
        assert len(set(chances)) == 3


def changed_at(*boxes: tuple[int, int, int, int], intent: EditIntent = COLOR) -> EditScore:
    where = mask_of(None)
    for box in boxes:
        where |= mask_of(box)
    return score_of(part_of(intent), changed=where)


def test_what_changes_at_the_object_does_not_spill_and_what_changes_elsewhere_does() -> None:
    assert find_spill(changed_at(BEFORE)) == 0
    x0, y0, x1, y1 = BEFORE
    assert find_spill(changed_at((x0 - 2, y0 - 2, x1 + 2, y1 + 2))) == 0  # a shadow, a rim
    assert find_spill(changed_at((80, 80, 100, 100))) == pytest.approx(400 / 100**2)
    assert find_spill(changed_at(BEFORE, (80, 80, 100, 100))) == pytest.approx(400 / 100**2)


def test_where_the_whole_was_to_change_what_changed_otherwise_spills() -> None:
    score = changed_at((0, 0, 100, 100), intent=STYLE)
    spots = np.zeros((50, 50), bool)
    for share in (0.0, 0.04):
        spots[: round(50 * share), :] = True
        changes = replace(score.evidence.changes, spots=spots)
        assert find_spill(replace(score, evidence=replace(score.evidence, changes=changes))) == pytest.approx(share)


def test_the_verdict_of_a_score_is_not_looked_at() -> None:
    score, known = score_of(part_of(COLOR)), settings(bias=logit(0.9))
    assert decide(replace(score, verdict=Verdict("reject", 0.0)), known) == decide(score, known)


def test_what_was_not_done_is_not_well_done() -> None:
    known = settings(bias=9.0)
    for done, decision in ((0.0, "reject"), (0.5, "unsure"), (1.0, "accept")):
        score = score_of(replace(part_of(COLOR), done=done))
        assert decide(score, known, accept_at=0.8).decision == decision
        assert decide(score, known).probability == pytest.approx(done, abs=1e-3)


def test_of_a_compound_the_part_that_was_done_least_counts() -> None:
    parts = replace(part_of(COLOR), done=1.0), replace(part_of(REMOVE), done=0.0)
    assert decide(score_of(*parts), settings(bias=9.0)).decision == "reject"


@pytest.mark.parametrize(
    "flag",
    [
        "parse_uncertain",
        "not_an_edit",
        "not_english",
        "cut_short",
        "keep_changed",
        "aspect_changed",
    ],
)
def test_what_is_doubtful_is_not_accepted(flag: str) -> None:
    assert decide(score_of(part_of(COLOR), flags=(flag,)), settings(bias=9.0)).decision == "unsure"


@pytest.mark.parametrize(
    ("flags", "decision"), [((), "reject"), (("parse_uncertain",), "unsure"), (("cut_short",), "unsure")]
)
def test_an_edit_is_not_rejected_for_an_instruction_that_was_misread(flags: tuple[str, ...], decision: str) -> None:
    verdict = decide(score_of(part_of(COLOR), flags=flags), settings(bias=logit(0.1)))
    assert (verdict.decision, verdict.probability) == (decision, pytest.approx(0.1))


def test_what_was_done_to_all_of_the_picture_is_not_accepted() -> None:
    known, score = settings(bias=9.0), score_of(part_of(COLOR))
    picture = np.random.default_rng(0).integers(0, 255, (100, 100, 3)).astype(np.uint8)
    evidence = replace(score.evidence, original=picture, edited=picture)
    assert decide(replace(score, evidence=evidence), known).decision == "accept"
    noisy = replace(evidence, changes=replace(evidence.changes, noise=20.0))
    blurred = replace(evidence, edited=np.full_like(picture, 128))
    for harmed in (noisy, blurred, replace(evidence, tone=0.3)):
        assert decide(replace(score, evidence=harmed), known).decision == "unsure"


def test_of_an_edit_of_all_of_it_the_objects_of_another_part_may_change_otherwise() -> None:
    score = score_of(part_of(COLOR), part_of(STYLE))
    for spots, share in ((mask_of(BEFORE), 0), (mask_of((80, 80, 100, 100)), 400 / 100**2)):
        changes = replace(score.evidence.changes, mask=np.ones((100, 100), bool), spots=spots)
        assert find_spill(replace(score, evidence=replace(score.evidence, changes=changes))) == pytest.approx(share)


def test_the_boxes_of_the_objects() -> None:
    """Of each connected place of both masks; one inside of another, as within a ring, is left out."""
    evidence = score_of(part_of(COLOR), before=BEFORE, after=AFTER).evidence
    assert sorted(evidence.object_boxes.tolist()) == [[20, 40, 20, 20], [70, 40, 20, 20]]
    ring = mask_of((10, 10, 60, 70)) & ~mask_of((20, 20, 50, 60)) | mask_of((30, 30, 34, 35))
    diagonal = mask_of((80, 80, 85, 85)) | mask_of((85, 85, 90, 90))
    found = replace(evidence, original_mask=ring, edited_mask=diagonal | mask_of((99, 0, 100, 1))).object_boxes
    assert sorted(found.tolist()) == [[10, 10, 50, 60], [80, 80, 10, 10], [99, 0, 1, 1]]
    assert evidence.without_masks().object_boxes.shape == (0, 4)
