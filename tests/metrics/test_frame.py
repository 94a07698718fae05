"""The frame: what is said of a pair does not depend on it; small things in large pictures are seen in a large one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from editjudge import EditScore, Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.datasets.demo import load_demo
from editjudge.guidance import find_mask
from editjudge.image.changes import Changes, choose_side
from editjudge.image.decode import load_image
from editjudge.metrics.aligned_image import AlignedImage
from editjudge.metrics.bpm.metric import RULES
from editjudge.metrics.bpm.verdict import is_doubtful
from editjudge.metrics.task import EditTask
from editjudge.models.model_set import ModelSet
from editjudge.types import Drift, EditIntent, Image
from studio.edits.drifts import DRIFTS, compress
from support import toy_world
from support.photographs import SIDE, add_noise, inverted, photographs, rendered, well_done
from support.toy_world import ADD, COLOR, MOVE, REMOVE, REPLACE, draw

LARGE = 1024
SHARE = 0.004
"""By how much the share that changed may differ between a pair and the same twice as large: the rim of what changed."""
PLACE = 0.35
"""By how many pixels of the smaller pair a shift may."""
SUB_SCORE = 0.02
"""By how much a sub-score of the studio, and the probability, may: enlarged and scaled down again, noise is another."""
REMOVAL = EditIntent("remove", "thing", None)
CAR, TOWER, BOX = ("red", "car", 60, 60), ("green", "tower", 150, 140), ("green", "box", 150, 140)
ORIGINAL = draw(CAR, TOWER)
EDITS = {
    "color": (COLOR, draw(("blue", "car", 60, 60), TOWER)),
    "add": (ADD, draw(CAR, TOWER, ("blue", "box", 150, 60))),
    "remove": (REMOVE, draw(CAR)),
    "replace": (REPLACE, draw(CAR, BOX)),
    "move": (MOVE, draw(("red", "car", 140, 60), TOWER)),
}


def enlarge(picture: Image, factor: int = 2) -> Image:
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC), np.uint8)


def blocks(picture: Image, factor: int) -> Image:
    """Enlarged without a new colour."""
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST), np.uint8)


def aligned(original: Image, edited: Image, longest: int) -> AlignedImage:
    return EditTask.of(original, [REMOVAL], RULES[None], longest=longest).align(edited)


def told(original: Image, edited: Image, longest: int) -> tuple[Changes, tuple[str, ...], Drift]:
    result = aligned(original, edited, longest)
    height, width = result.picture.shape[:2]
    return (
        result.changes,
        result.flags,
        result.changes.alignment.measure_drift(height, width, original.shape[1] / width),
    )


CHANGES = {
    **DRIFTS,
    "grain of 10 levels": lambda picture: add_noise(picture, 10),
    "JPEG at 50": lambda picture: compress(picture, 50),
    "a small square": lambda picture: inverted(picture, 200, 140, 16),
    "a large square": lambda picture: inverted(picture, 100, 200, 120),
}


@pytest.mark.parametrize("name", CHANGES)
def test_of_a_pair_twice_as_large_the_same_is_told_in_a_frame_twice_as_large(name: str) -> None:
    for original in (rendered()[0], rendered()[3], *photographs()[:2]):
        edited = CHANGES[name](original)
        small, flags, drift = told(original, edited, SIDE)
        large, large_flags, large_drift = told(enlarge(original), enlarge(edited), LARGE)
        assert (large.kind, large_flags) == (small.kind, flags)
        assert large.share == pytest.approx(small.share, abs=SHARE)
        assert np.array(large_drift.shift) / 2 == pytest.approx(drift.shift, abs=PLACE)
        assert large_drift.scale == pytest.approx(drift.scale, abs=0.002)
        assert large_drift.gain == pytest.approx(drift.gain, abs=0.02)


def test_much_noise_is_noise_in_either_frame() -> None:
    # Clipped noise may also pass for a slight tone, or not.
    for original in (rendered()[0], photographs()[0]):
        noisy = add_noise(original, 25)
        assert told(original, noisy, SIDE)[0].kind == "noise"
        assert told(enlarge(original), enlarge(noisy), LARGE)[0].kind == "noise"


def test_so_it_is_of_true_edits_and_of_another_picture() -> None:
    pictures = rendered()
    for original, edited in zip(pictures, well_done(), strict=True):
        small, large = told(original, edited, SIDE)[0], told(enlarge(original), enlarge(edited), LARGE)[0]
        assert small.kind == large.kind == "edit"
        assert large.share == pytest.approx(small.share, abs=SHARE)
    assert told(enlarge(pictures[0]), enlarge(pictures[1]), LARGE)[0].kind == "other_picture"


def test_what_was_shifted_is_put_back_as_well_in_a_large_frame() -> None:
    for original in map(enlarge, photographs()):
        moved = np.asarray(np.roll(original, (5, 3), (0, 1)))
        result = aligned(original, moved, LARGE)
        assert result.flags == ("shifted",)
        assert result.seen is not None
        inside = result.seen[8:-8, 8:-8]
        gap = np.abs(result.picture.astype(int) - original)[8:-8, 8:-8]
        assert gap[inside].mean() < 0.5 < np.abs(moved.astype(int) - original).mean()


@pytest.mark.parametrize("longest", [640, LARGE, 2048])
def test_a_picture_that_fits_is_the_same_in_any_frame(longest: int) -> None:
    for intent, edited in EDITS.values():
        scores = [toy_world.scorer(frame=frame).score(ORIGINAL, edited, intent) for frame in (SIDE, longest)]
        assert facts(scores[0]) == facts(scores[1])
        assert np.array_equal(scores[0].evidence.change, scores[1].evidence.change)
    for original, edited in zip(rendered()[:2], well_done()[:2], strict=True):
        one, other = (aligned(original, edited, frame) for frame in (SIDE, longest))
        assert np.array_equal(one.picture, other.picture)
        assert np.array_equal(one.changes.mask, other.changes.mask)


def facts(score: EditScore) -> dict[str, Any]:
    """What a score says, but for its times."""
    return {**score.to_dict(), "timings_ms": None}


@pytest.mark.parametrize("name", EDITS)
def test_in_the_toy_world_scores_boxes_and_masks_are_those_of_the_small_frame(name: str) -> None:
    intent, edited = EDITS[name]
    original, edited = blocks(ORIGINAL, 6), blocks(edited, 6)
    small, large = (toy_world.scorer(frame=frame).score(original, edited, intent) for frame in (SIDE, LARGE))
    assert small.evidence.original.shape == (512, 512, 3)
    assert large.evidence.original.shape == (1024, 1024, 3)
    assert large.kind == small.kind
    assert large.flags == small.flags
    assert large.bpm == pytest.approx(small.bpm, abs=0.05)
    for side, boxes in small.regions.items():
        assert [box.phrase for box in large.regions[side]] == [box.phrase for box in boxes]
        for one, other in zip(boxes, large.regions[side], strict=True):
            assert other.box == pytest.approx(one.box, abs=3)  # pixels of 1,200, one of which is half of one of 512
    masks = [find_mask(score).mask for score in (small, large)]
    assert masks[0].shape == masks[1].shape == original.shape[:2]
    assert (masks[0] != masks[1]).mean() < 0.01


def test_the_released_rules_keep_their_own_frame() -> None:
    original, edited = blocks(ORIGINAL, 6), blocks(EDITS["color"][1], 6)
    small, large = (toy_world.scorer("released", frame).score(original, edited, COLOR) for frame in (SIDE, LARGE))
    assert facts(small) == facts(large)
    assert large.evidence.original.shape == (500, 500, 3)


def test_candidates_of_other_sizes_tiny_ones_and_slivers_are_ranked_in_a_large_frame() -> None:
    original, done = blocks(ORIGINAL, 8), EDITS["color"][1]
    worse = draw(("blue", "car", 60, 60), ("red", "tower", 150, 140))
    candidates = [original, blocks(worse, 8), blocks(done, 3), done, blocks(done, 8), done[:8, :8]]
    ranked = toy_world.scorer(frame=LARGE).prepare(original, COLOR).rank(candidates)
    assert {one.index for one in ranked[:3]} == {2, 3, 4}
    assert ranked[3].index == 1
    assert [one.score.kind for one in ranked[:4]] == ["edit"] * 4
    assert all(one.score.value == pytest.approx(ranked[0].score.value, abs=0.1) for one in ranked[:3])
    flags = {one.index: one.score.flags for one in ranked}
    assert "resized" in flags[2]
    assert "resized" not in flags[4]


@pytest.mark.parametrize("shape", [(1, 1), (7, 9), (1, 3000), (3000, 1), (40, 2500), (1500, 300), (255, 257)])
def test_tiny_pictures_and_slivers_are_framed_and_compared(shape: tuple[int, int]) -> None:
    original = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    task = EditTask.of(original, [REMOVAL], RULES[None], longest=LARGE)
    scale = min(1.0, LARGE / max(shape))
    assert task.picture.shape[:2] == tuple(max(1, round(length * scale)) for length in shape)
    assert task.align(original.copy()).changes.kind == "unchanged"
    assert task.align(255 - original).picture.shape == task.picture.shape


def disc(picture: Image, size: int, colour: tuple[int, int, int]) -> Image:
    """With a disc of one colour, so many pixels wide."""
    height, width = picture.shape[:2]
    drawn = picture.copy()
    return np.asarray(cv2.circle(drawn, (width // 3, height // 3), size // 2, colour, -1), np.uint8)


def test_what_is_small_in_a_large_photograph_is_seen_in_a_large_frame_alone() -> None:
    for photograph in photographs():
        large = enlarge(photograph, 6)
        original, edited = disc(large, 20, (30, 160, 60)), disc(large, 20, (220, 30, 30))
        kinds = [told(original, edited, longest)[0].kind for longest in (SIDE, LARGE)]
        assert kinds == ["unchanged", "edit"]
        changes = told(original, edited, LARGE)[0]
        assert changes.mask.shape == (512, 512)
        rows, columns = np.nonzero(changes.mask)
        assert abs(rows.mean() - 512 / 3) < 2
        assert abs(columns.mean() - 512 / 3) < 2


def test_pictures_are_compared_finer_where_both_frame_and_pictures_are_large() -> None:
    # A side of 256 shows 512 pixels by two; a finer one needs four of the picture, so that noise is averaged as well.
    sides = {
        (512, 4000): 256,
        (300, 300): 256,
        (1024, 1024): 256,
        (1024, 1400): 350,
        (1024, 4000): 512,
        (2048, 9000): 1024,
    }
    assert {given: choose_side(*given) for given in sides} == sides


@pytest.mark.parametrize("name", ["JPEG at 60", "shifted by 2 px", "cropped by 2 %"])
def test_drifts_of_large_photographs_are_none_the_finer_they_are_looked_at(name: str) -> None:
    for photograph in photographs()[::2]:
        large = add_noise(enlarge(photograph, 4), 3)
        assert told(large, DRIFTS[name](large), LARGE)[0].kind == "unchanged"


def test_how_blurred_a_picture_is_does_not_depend_on_its_frame() -> None:
    score = toy_world.scorer().score(ORIGINAL, EDITS["color"][1], COLOR)
    photograph = photographs()[0]
    for sigma, doubtful in ((0.7, False), (4.0, True)):
        blurred = cv2.GaussianBlur(photograph, (0, 0), sigma)
        for one, other in ((photograph, blurred), (enlarge(photograph), enlarge(blurred))):
            evidence = replace(score.evidence, original=one, edited=other)
            assert is_doubtful(replace(score, evidence=evidence)) == doubtful


@pytest.fixture(scope="module")
def scorers(studio: Bundle) -> list[Scorer]:
    """The studio's models in a frame of 512, and of 1,024."""
    frames = (replace(studio, manifest=replace(studio.manifest, frame=frame)) for frame in (SIDE, LARGE))
    return [Scorer(ModelSet(bundle, "cpu", 2)) for bundle in frames]


def test_the_studio_says_of_the_demo_twice_as_large_what_it_says_of_it(scorers: list[Scorer]) -> None:
    for entry, place in zip(load_demo(), (0, 1, 1, 0, 1, 0), strict=True):
        original, edited = load_image(entry.original), load_image(entry.candidates[place].file)
        small = scorers[0].score(original, edited, entry.instruction)
        large = scorers[1].score(enlarge(original), enlarge(edited), entry.instruction)
        assert (large.kind, large.flags, large.verdict.decision) == (small.kind, small.flags, small.verdict.decision)
        assert large.verdict.probability == pytest.approx(small.verdict.probability, abs=SUB_SCORE)
        for row, larger in zip(small.sub_scores, large.sub_scores, strict=True):
            assert (larger.value is None) == (row.value is None)
            assert (larger.value or 0.0) == pytest.approx(row.value or 0.0, abs=SUB_SCORE)
        for one, other in zip(small.regions["edited"], large.regions["edited"], strict=True):
            assert np.array(other.box) / 2 == pytest.approx(np.array(one.box), abs=1)
