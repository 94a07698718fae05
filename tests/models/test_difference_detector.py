"""The network of differences at run time: what it is fed, and what is read from the numbers it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from editjudge.bundles.settings import DifferenceSettings
from editjudge.errors import BundleError
from editjudge.models.difference_detector import DifferenceDetector
from editjudge.types import Placement

SETTINGS = DifferenceSettings(256, "area", confidence=(1.0, 0.1, -1.0), threshold=0.3)
CELLS = 64
BLACK = np.zeros((512, 512, 3), np.uint8)


class Said:
    """A network that says what it was given."""

    placement = Placement("cpu", "said")

    def __init__(self) -> None:
        self.outputs = {
            name: np.full((1, channels, CELLS, CELLS), value, np.float32)
            for name, channels, value in (("kind", 3, -20), ("box", 4, 8), ("quality", 1, 20), ("mask", 1, -20))
        }
        self.fed: Mapping[str, np.ndarray] = {}

    def say(self, row: int, column: int, kind: tuple[float, float, float], box: tuple[float, ...]) -> None:
        self.outputs["kind"][0, :, row, column] = kind
        self.outputs["box"][0, :, row, column] = box

    def run(self, feeds: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        self.fed = feeds
        return self.outputs


@pytest.fixture
def said() -> Said:
    return Said()


def test_a_box_reaches_from_the_centre_of_its_cell_in_pixels_of_the_picture(said: Said) -> None:
    said.say(10, 20, (20.0, -20.0, -20.0), (2, 12, 30, 18))  # about (82, 42) in the input, which is half as large
    found = DifferenceDetector(said, SETTINGS).find(BLACK, BLACK)
    np.testing.assert_allclose(found.boxes, [[160, 60, 224, 120]])
    np.testing.assert_allclose(found.kinds, [[1, 0, 0]], atol=1e-6)
    assert found.scores == pytest.approx([1.0], abs=1e-4)
    assert (found.boxes.dtype, found.kinds.dtype, found.scores.dtype, found.mask.dtype) == (np.float32,) * 4


def test_nothing_is_found_where_nothing_is_said(said: Said) -> None:
    found = DifferenceDetector(said, SETTINGS).find(BLACK, BLACK)
    assert (found.boxes.shape, found.kinds.shape, found.scores.shape) == ((0, 4), (0, 3), (0,))
    assert found.mask.shape == (512, 512)
    assert found.mask.max() < 1e-6


def test_a_picture_of_another_proportion_fills_the_upper_left(said: Said) -> None:
    said.say(5, 20, (-20.0, -20.0, 20.0), (100, 100, 300, 300))
    said.say(40, 20, (20.0, -20.0, -20.0), (8, 8, 8, 8))  # under the picture
    said.outputs["mask"][0, 0, :16, :32] = 20.0
    white = np.full((200, 800, 3), 255, np.uint8)
    found = DifferenceDetector(said, SETTINGS).find(white, white // 255 * 51)
    np.testing.assert_allclose(found.boxes, [[0, 0, 800, 200]])  # as far as the picture reaches
    assert found.kinds.argmax() == 2
    assert found.mask.shape == (200, 800)
    assert found.mask[:, :380].min() > 0.9
    assert found.mask[:, 420:].max() < 0.1
    for name, value in (("original", 1.0), ("edited", 0.2)):
        assert (said.fed[name].shape, said.fed[name].dtype) == ((1, 3, 256, 256), np.float32)
        np.testing.assert_allclose(said.fed[name][:, :, :64], value, atol=1e-6)
        assert not said.fed[name][:, :, 64:].any()


def test_of_boxes_that_overlap_the_surest_is_kept(said: Said) -> None:
    said.say(10, 20, (2.0, -20.0, -20.0), (10, 10, 10, 10))
    said.say(10, 21, (4.0, 4.0, -20.0), (14, 10, 6, 10))  # the same box
    said.say(50, 50, (-20.0, 1.0, -20.0), (10, 10, 10, 10))
    found = DifferenceDetector(said, SETTINGS).find(BLACK, BLACK)
    surest, other = (1 / (1 + np.exp(-logit)) for logit in (4 + 2 - 1, 2 + 2 - 1))
    assert found.scores == pytest.approx([surest, 1 / (1 + np.exp(-2.0))], abs=1e-5)
    # The first says ADD as often as REMOVE, the one that it keeps out says ADD.
    added = (surest * 0.5 + other) / (surest + other)
    np.testing.assert_allclose(found.kinds, [[added, 1 - added, 0], [0, 1, 0]], atol=1e-5)


def test_confidence_is_as_the_bundle_has_it_calibrated(said: Said) -> None:
    said.say(10, 20, (0.5, -20.0, -20.0), (10, 10, 10, 10))
    said.outputs["quality"][:] = 1.5
    settings = replace(SETTINGS, confidence=(2.0, 3.0, -4.0))
    found = DifferenceDetector(said, settings).find(BLACK, BLACK)
    assert found.scores == pytest.approx([1 / (1 + np.exp(-(2 * 0.5 + 3 * 1.5 - 4)))], abs=1e-6)
    np.testing.assert_allclose(found.evidence, [[0.5, 1.5]])
    told = replace(settings, threshold=float(found.scores[0]) + 0.01)
    assert len(DifferenceDetector(said, told).find(BLACK, BLACK).boxes) == 0


def test_a_hundred_are_told_at_most(said: Said) -> None:
    said.outputs["kind"][:] = 5.0
    said.outputs["box"][:] = 1.0
    assert len(DifferenceDetector(said, SETTINGS).find(BLACK, BLACK).boxes) == 100


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (3, 900), (256, 256)])
def test_any_size(said: Said, shape: tuple[int, int]) -> None:
    said.outputs["kind"][:] = 5.0
    picture = np.zeros((*shape, 3), np.uint8)
    found = DifferenceDetector(said, SETTINGS).find(picture, picture)
    assert found.mask.shape == shape
    assert (found.boxes >= 0).all()
    assert (found.boxes <= np.array([shape[1], shape[0]] * 2) + 1e-3).all()


@pytest.mark.parametrize("name", ["kind", "box", "quality", "mask"])
def test_a_graph_that_gives_something_else(said: Said, name: str) -> None:
    said.outputs[name] = said.outputs[name][:, :, :32]
    with pytest.raises(BundleError, match=f"as {name} instead of"):
        DifferenceDetector(said, SETTINGS).find(BLACK, BLACK)
    said.outputs[name] = np.full((1, said.outputs[name].shape[1], CELLS, CELLS), np.nan, np.float32)
    with pytest.raises(BundleError, match=f"gives {name} with values that are no numbers"):
        DifferenceDetector(said, SETTINGS).find(BLACK, BLACK)


@pytest.mark.parametrize(
    ("changes", "message"), [({"size": 200}, "multiple of 32"), ({"confidence": (1.0, 0.0, 1.0)}, "must rise")]
)
def test_settings_that_make_no_sense(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(SETTINGS, **changes)
