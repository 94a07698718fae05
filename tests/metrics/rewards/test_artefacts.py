"""Each artefact grows with its steps, is nothing where nothing was added, and is told with its place."""

from __future__ import annotations

import zlib
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
import pytest

from editjudge.bundles.bundle import Bundle
from editjudge.metrics.context import EditContext
from editjudge.metrics.looking.framing import Framing
from editjudge.metrics.rewards.artefacts.artefact import Artefact
from editjudge.metrics.rewards.artefacts.registry import ARTEFACTS
from editjudge.metrics.rewards.artefacts.view.artefact_view import ArtefactView
from editjudge.metrics.rewards.quality import judge_quality, rate
from editjudge.metrics.rewards.reward_score import SideScore
from editjudge.metrics.task import EditTask
from editjudge.models.model_set import ModelSet
from editjudge.types import Image
from studio.artefacts.coding import add_noise, compress
from studio.artefacts.editing import DamagedSpot
from studio.artefacts.steps import KINDS, STEPS, WHOLE, damage_in_steps

SIDE = 320
BY_NAME = {artefact.name: artefact for artefact in ARTEFACTS}


@cache
def scene() -> tuple[Image, DamagedSpot]:
    """A shaded wall with stripes, before which a red disc stands; and the wall without it."""
    down, across = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    shade = 70 + 0.3 * across + 0.12 * down
    stripes = np.where((down > 0.6 * SIDE) & ((across // 12 % 2) == 0), 60, 0)
    wall = np.dstack([shade + stripes, shade + 0.9 * stripes, shade + 0.7 * stripes])
    wall = cv2.GaussianBlur(wall, (0, 0), 0.7)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.circle(mask, (140, 120), 52, 1, -1)
    with_disc = np.where(mask[..., None] > 0, np.float32([190, 60, 60]), wall)
    picture, behind = (np.clip(np.rint(one), 0, 255).astype(np.uint8) for one in (with_disc, wall))
    return picture, DamagedSpot(mask > 0, behind)


def severity(artefact: Artefact, original: Image, edited: Image) -> float:
    return artefact.severity(ArtefactView.pair(original, edited))


@pytest.fixture(scope="module")
def models(toy: Bundle) -> ModelSet:
    """Opened by none: the quality asks no model."""
    return ModelSet(toy, "cpu", 1)


def judge(models: ModelSet, original: Image, edited: Image) -> SideScore:
    task = EditTask.of(original, [], Framing())
    return judge_quality(EditContext(task, task.align(edited), models))


def test_every_artefact_can_be_made() -> None:
    assert set(BY_NAME) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_it_grows_with_every_step(kind: str) -> None:
    picture, spot = scene()
    original = spot.behind if kind == "cut" else picture  # what is cut off was put there
    for seed in (zlib.crc32(kind.encode()), 2):
        found = [severity(BY_NAME[kind], original, one) for one in damage_in_steps(kind, picture, spot, seed)]
        assert len(found) == STEPS + 1
        assert found[0] < 0.15
        assert all(one <= other for one, other in pairwise(found))
        assert found[-1] > 0.5 + found[0]


@pytest.mark.parametrize("artefact", ARTEFACTS, ids=lambda artefact: artefact.name)
def test_nothing_was_added_to_the_same_picture(artefact: Artefact) -> None:
    picture, _ = scene()
    rng = np.random.default_rng(0)
    for original in (picture, add_noise(rng, picture, 2), compress(rng, picture, 3)):
        assert severity(artefact, original, original) == 0


@pytest.mark.parametrize("kind", list(WHOLE))
def test_an_original_that_has_it_is_to_blame_itself(kind: str) -> None:
    """Where an editor leaves a bad photograph as it is but for a level or two."""
    picture, spot = scene()
    bad = damage_in_steps(kind, picture, spot, 3)[3]
    touched = np.clip(bad.astype(np.int16) + 1, 0, 255).astype(np.uint8)
    assert severity(BY_NAME[kind], bad, touched) < 0.1 < severity(BY_NAME[kind], picture, bad)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (120, 60, 30)])
def test_a_picture_of_one_colour_is_not_clean(models: ModelSet, colour: tuple[int, int, int]) -> None:
    picture, _ = scene()
    empty = judge(models, picture, np.full_like(picture, colour))
    assert empty.score == 0
    assert empty.feedback == "Hardly anything is left of the picture."
    flat = np.full_like(picture, 90)
    assert judge(models, flat, np.full_like(picture, 110)).score == 5
    assert judge(models, picture, cv2.GaussianBlur(picture, (0, 0), 8)).score > 0


def test_a_picture_in_other_colours_is_as_clean_as_it_is(models: ModelSet) -> None:
    picture, spot = scene()
    sepia = np.float32([[0.39, 0.77, 0.19], [0.35, 0.69, 0.17], [0.15, 0.3, 0.8]])
    toned = np.clip(cv2.transform(picture.astype(np.float32), sepia), 0, 255).astype(np.uint8)
    clean = judge(models, picture, toned).score
    assert clean is not None
    assert clean > 4.5
    rated = [judge(models, picture, one).score or 0.0 for one in damage_in_steps("blur", toned, spot, 2)]
    assert rated == sorted(rated, reverse=True)
    assert rated[-1] < 3


def test_a_stamp_in_the_corner_is_no_artefact(models: ModelSet) -> None:
    picture, _ = scene()
    large = cv2.resize(picture, (512, 512), interpolation=cv2.INTER_CUBIC)
    colours = np.uint8([[255, 255, 102], [66, 255, 255], [81, 218, 75], [255, 110, 60], [60, 70, 255]])
    stamp = np.tile(np.repeat(colours, 8, axis=0), (8, 1, 1))
    stamped, elsewhere = large.copy(), large.copy()
    stamped[-8:, -40:] = stamp
    elsewhere[8:16, 8:48] = stamp
    assert judge(models, large, stamped).score == 5
    assert (judge(models, large, elsewhere).score or 0) < 5


def test_what_replaces_a_thing_is_no_artefact(models: ModelSet) -> None:
    picture, spot = scene()
    gone = judge(models, picture, spot.behind)
    assert gone.passed
    assert gone.score is not None
    assert gone.score > 4
    assert gone.feedback == "None"


def test_no_edit_is_clean(models: ModelSet) -> None:
    picture, _ = scene()
    assert judge(models, picture, picture) == SideScore(5.0, True, "None")


@pytest.mark.parametrize(("half", "words"), [(np.s_[:, SIDE // 2 :], "right"), (np.s_[:, : SIDE // 2], "left")])
def test_the_place_is_told(models: ModelSet, half: tuple[slice, slice], words: str) -> None:
    picture, _ = scene()
    edited = picture.copy()
    edited[half] = add_noise(np.random.default_rng(1), picture, 2)[half]
    said = judge(models, picture, edited)
    assert said.feedback.startswith("Noise")
    assert words in said.feedback
    everywhere = judge(models, picture, add_noise(np.random.default_rng(1), picture, 2))
    assert everywhere.feedback == "Noise all over the picture."
    assert everywhere.score is not None
    assert said.score is not None
    assert everywhere.score < said.score


def test_what_cannot_be_measured_is_no_number(models: ModelSet) -> None:
    picture, _ = scene()
    for original, edited in ((picture, picture[:40, :40]), (cv2.resize(picture, (30, 30)), picture)):
        small = judge(models, original, edited)
        assert (small.score, small.passed) == (None, None)
        assert "too small" in small.feedback
    other = np.random.default_rng(0).integers(0, 255, (20, 20, 3), dtype=np.uint8).repeat(16, 0).repeat(16, 1)
    assert judge(models, picture, other).score is None


def test_the_rating_falls_with_every_severity() -> None:
    nothing = [0.0] * len(ARTEFACTS)
    assert rate(nothing) == 5
    for index in range(len(ARTEFACTS)):
        rated = [rate([*nothing[:index], one, *nothing[index + 1 :]]) for one in (0.1, 0.5, 1.0, 4.0)]
        assert rated == sorted(rated, reverse=True)
        assert rated[-1] < 2.5


def test_larger_pictures_are_looked_at_as_a_whole(models: ModelSet) -> None:
    """Of 2048 pixels, where an original of 320 was handed in."""
    picture, _ = scene()
    large = cv2.resize(picture, (2048, 2048), interpolation=cv2.INTER_CUBIC)
    task = EditTask.of(picture, [], Framing())
    view = ArtefactView.of(EditContext(task, task.align(large), models))
    assert view.edited.picture.shape == view.original.picture.shape == (1024, 1024, 3)
    score = judge(models, picture, large).score
    assert score is not None
    assert score > 4
