"""What a network sees, brought to the pixels that did change: with a stand-in that says what it is told to."""

from __future__ import annotations

import numpy as np
import pytest

from editjudge.metrics.aligned_image import compare, undo_drift
from editjudge.metrics.dice.difference import CHANGES, Change
from editjudge.metrics.dice.regions.detect import DetectedRegions, detect_regions, rate
from editjudge.metrics.dice.regions.network import REACH, see_places
from editjudge.metrics.dice.regions.pixels import SmallPair
from editjudge.models.difference_detector import DetectedChanges
from editjudge.types import Floats, Image
from support.photographs import photographs

SIDE = 256
Box = tuple[float, float, float, float]
RED = (200, 30, 30)
HERE, THERE, FAINT = (60, 80, 120, 130), (160, 30, 200, 90), (180, 180, 192, 192)
SEEN = (63.0, 76.0, 124.0, 128.0)
"""About HERE, as a network draws boxes."""


class Seer:
    """Says of every pair the same; the surest first."""

    def __init__(self, *boxes: Box, change: Change = "EDIT", scores: tuple[float, ...] = (), likely: Box | None = None):
        self.boxes = np.array(boxes, np.float32).reshape(-1, 4)
        self.kinds = np.tile(np.eye(3, dtype=np.float32)[CHANGES.index(change)], (len(boxes), 1))
        self.scores = np.array(scores or [0.9 - 0.1 * place for place in range(len(boxes))], np.float32)
        self.mask = np.zeros((SIDE, SIDE), np.float32)
        if likely is not None:
            fill(self.mask, likely, 1.0)

    def find(self, original: Image, edited: Image) -> DetectedChanges:
        assert original.shape == edited.shape == (SIDE, SIDE, 3)
        evidence = np.zeros((len(self.boxes), 2), np.float32)
        return DetectedChanges(
            boxes=self.boxes, kinds=self.kinds, scores=self.scores, mask=self.mask, evidence=evidence
        )


def fill(picture: Floats | Image, box: Box, value: object) -> None:
    x0, y0, x1, y1 = map(int, box)
    picture[y0:y1, x0:x1] = value


def shades() -> Image:
    """uint8[SIDE, SIDE, 3] with soft shades, on which nothing stands."""
    coarse = np.random.default_rng(0).uniform(110, 170, (8, 8, 3)).repeat(32, axis=0).repeat(32, axis=1)
    return np.asarray(coarse, np.uint8)


def painted(*boxes: Box, faint: Box | None = None) -> Image:
    """The shades with red on them, and one box hardly lighter."""
    picture = shades()
    for box in boxes:
        fill(picture, box, RED)
    if faint is not None:
        x0, y0, x1, y1 = map(int, faint)
        picture[y0:y1, x0:x1] += 45
    return picture


def detect(edited: Image, seer: Seer, original: Image | None = None) -> DetectedRegions:
    before = shades() if original is None else original
    return detect_regions(before, undo_drift(compare(before, edited, whole=False), before, whole=False), seer)  # type: ignore[arg-type]


def boxes_of(found: DetectedRegions) -> list[list[float]]:
    return [region.box.tolist() for region in found.regions]


def near(box: Box) -> object:
    return pytest.approx(box, abs=2)  # pictures are smoothed before they are compared


def test_a_box_is_brought_to_the_pixels_that_changed() -> None:
    found = detect(painted(HERE), Seer(SEEN))
    assert boxes_of(found) == [near(HERE)]
    assert found.regions[0].confidence == pytest.approx(0.9)
    assert found.detector == "network"


def test_a_box_of_a_part_of_what_changed_reaches_little_beyond_it() -> None:
    part = (60.0, 80.0, 90.0, 130.0)
    ((x0, y0, x1, y1),) = boxes_of(detect(painted(HERE), Seer(part)))
    assert [x0, y0, y1] == pytest.approx([60, 80, 130], abs=2)
    assert 90 <= x1 <= 90 + REACH * 30


def test_where_the_pixels_are_too_alike_the_mask_of_the_network_counts() -> None:
    """A thing that has nearly the colour of what it stands before: few pixels changed, and all are likely to have."""
    large = (150.0, 150.0, 222.0, 222.0)
    edited = painted(HERE, faint=FAINT)
    with_mask = detect(edited, Seer(SEEN, large, likely=(152, 152, 220, 220)))
    assert boxes_of(with_mask)[1] == near((152, 152, 220, 220))
    without = detect(edited, Seer(SEEN, large))
    assert boxes_of(without)[1] == near(large)


def test_what_the_network_overlooked_is_told_only_where_it_is_strong() -> None:
    edited = painted(HERE, THERE, faint=FAINT)
    both = detect(edited, Seer(SEEN, THERE))
    assert sorted(boxes_of(both)) == [near(HERE), near(THERE)]
    overlooked = next(one for one in detect(edited, Seer(SEEN)).regions if one.box.tolist() == near(THERE))
    assert overlooked.confidence == pytest.approx(0.5 * rate(overlooked.energy))
    before = shades()
    by_pixels = detect_regions(before, undo_drift(compare(before, edited, whole=False), before, whole=False))
    assert sorted(boxes_of(by_pixels)) == [near(HERE), near(THERE), near(FAINT)]


def pair_of(edited: Image) -> SmallPair:
    return SmallPair.of(shades(), undo_drift(compare(shades(), edited, whole=False), shades(), whole=False))


def test_where_the_network_is_sure_of_nothing_there_is_nothing() -> None:
    assert boxes_of(detect(painted(HERE), Seer(SEEN, scores=(0.64,)))) == []
    assert boxes_of(detect(painted(HERE), Seer(SEEN, scores=(0.66,)))) == [near(HERE)]
    assert boxes_of(detect(painted(faint=FAINT), Seer())) == []
    both = detect(painted(HERE, faint=FAINT), Seer(SEEN, FAINT, scores=(0.9, 0.3)))  # a weak one beside a sure one
    assert sorted(boxes_of(both)) == [near(HERE), near(FAINT)]


def test_a_box_around_others_and_a_part_of_one_tell_nothing_new() -> None:
    around, part = (58.0, 28.0, 202.0, 132.0), (60.0, 80.0, 90.0, 130.0)
    found = detect(painted(HERE, THERE), Seer(SEEN, THERE, around, part))
    assert sorted(boxes_of(found)) == [near(HERE), near(THERE)]


@pytest.mark.parametrize(
    "box", [(256, 10, 256, 40), (255.8, 0, 256, 256), (10, 256, 40, 256), (0, 0, 0, 0), (9, 9, 9, 99)]
)
def test_a_box_that_covers_no_pixel_is_none(box: Box) -> None:
    seer = Seer(SEEN, box)
    assert len(see_places(seer, pair_of(painted(HERE)))) == 1  # type: ignore[arg-type]
    assert boxes_of(detect(painted(HERE), seer)) == [near(HERE)]


@pytest.mark.parametrize("change", CHANGES)
def test_the_kind_is_what_both_the_network_and_the_outlines_say(change: Change) -> None:
    """The network is certain here; of an outline alone the same picture would be an addition."""
    region = detect(painted(HERE), Seer(SEEN, change=change)).regions[0]
    assert region.kinds.tolist() == pytest.approx(np.eye(3)[CHANGES.index(change)].tolist())
    unsure = Seer(SEEN)
    unsure.kinds[:] = 1 / 3
    assert CHANGES[int(detect(painted(HERE), unsure).regions[0].kinds.argmax())] == "ADD"
    removed = detect(shades(), unsure, painted(HERE)).regions[0]
    assert CHANGES[int(removed.kinds.argmax())] == "REMOVE"
    assert removed.kinds.sum() == pytest.approx(1.0)


def test_a_stamp_in_the_corner_is_left_out_whoever_saw_it() -> None:
    stamp = (220.0, 244.0, 250.0, 252.0)
    for seer in (Seer(SEEN, stamp), Seer(SEEN)):
        assert boxes_of(detect(painted(HERE, stamp), seer)) == [near(HERE)]


def test_a_picture_that_changed_as_a_whole_needs_no_network() -> None:
    class Unasked(Seer):
        def find(self, original: Image, edited: Image) -> DetectedChanges:
            raise AssertionError

    photograph = photographs()[0]
    found = detect(255 - photograph, Unasked(), photograph)
    assert boxes_of(found) == [[0, 0, SIDE, SIDE]]
