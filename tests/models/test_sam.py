"""Masks: as transformers would make them from the decoder's output, and only where a box was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editjudge.bundles.bundle import Bundle
from editjudge.bundles.manifest import Manifest
from editjudge.image.transforms import to_tensor
from editjudge.models.model_set import ModelSet
from editjudge.models.sam import Segmenter, input_shape


@pytest.fixture(scope="module")
def segmenter(toy: Bundle) -> Segmenter:
    return ModelSet(toy, "cpu", threads=1).model(Segmenter)


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (64, 128, 3), dtype=np.uint8)


def floats(*boxes: tuple[float, ...]) -> np.ndarray:
    return np.array(boxes, np.float32).reshape(-1, 4)


def filled(box: tuple[int, ...], shape: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return mask


def iou(one: np.ndarray, other: np.ndarray) -> float:
    return (one & other).sum() / (one | other).sum()


def golden_segmenter(toy: Bundle, golden: dict[str, np.ndarray]) -> Segmenter:
    manifest: Manifest = toy.manifest
    settings = replace(manifest.segmenter, mean=tuple(golden["mean"]), std=tuple(golden["std"]))
    bundle = replace(toy, manifest=replace(manifest, segmenter=settings))
    return ModelSet(bundle, "cpu", threads=1).model(Segmenter)


def test_pixels_equal_transformers(toy: Bundle, golden: dict[str, np.ndarray]) -> None:
    """The toy's encoder averages 4 x 4 pixels, so its features show what it was given."""
    features = golden_segmenter(toy, golden).encode([golden["wide"], golden["tall"]])
    wanted = golden["sam"].reshape(2, 3, 8, 4, 8, 4).mean(axis=(3, 5))
    np.testing.assert_allclose(features, wanted, atol=1e-5)


def test_masks_equal_transformers(segmenter: Segmenter, golden: dict[str, np.ndarray]) -> None:
    for row, name in enumerate(("wide", "tall")):
        height, width = golden[name].shape[:2]
        everything = floats(*[(0, 0, width, height)] * 3)
        masks = segmenter._masks(golden["low_masks"][row], everything, (height, width))
        np.testing.assert_array_equal(masks, golden[f"{name}_masks"])


@pytest.mark.parametrize(
    ("shape", "wanted"), [((480, 640), (144, 192)), ((333, 500), (128, 192)), ((1, 512), (1, 192))]
)
def test_the_shape_of_the_input(shape: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert input_shape(shape, 192) == wanted


def test_a_mask_fills_its_box(segmenter: Segmenter, picture: np.ndarray) -> None:
    wide, tall = (8, 12, 72, 52), (20, 4, 48, 100)
    masks = segmenter.segment([picture, picture.transpose(1, 0, 2)], [floats(wide, (80, 20, 120, 60)), floats(tall)])
    assert [mask.shape for mask in masks] == [(2, 64, 128), (1, 128, 64)]
    assert masks[0].dtype == bool
    assert iou(masks[0][0], filled(wide, (64, 128))) > 0.85
    assert iou(masks[0][1], filled((80, 20, 120, 60), (64, 128))) > 0.8
    assert iou(masks[1][0], filled(tall, (128, 64))) > 0.8


def test_a_mask_stays_near_its_box(segmenter: Segmenter, golden: dict[str, np.ndarray]) -> None:
    flooded = np.full((1, 16, 16), 5.0, np.float32)
    (mask,) = segmenter._masks(flooded, floats((20, 10, 30, 20)), (37, 53))
    np.testing.assert_array_equal(mask, filled((19, 9, 31, 21), (37, 53)))


def test_a_batch_is_what_its_pictures_are_alone(segmenter: Segmenter, picture: np.ndarray) -> None:
    pictures = [picture, picture[:, :50], picture]
    boxes = [floats((8, 8, 40, 40)), floats((3, 3, 30, 30), (10, 20, 49, 63), (0, 0, 9, 9)), floats()]
    together = segmenter.segment(pictures, boxes)
    assert [len(masks) for masks in together] == [1, 3, 0]
    for one, its_boxes, masks in zip(pictures, boxes, together, strict=True):
        np.testing.assert_array_equal(segmenter.segment([one], [its_boxes])[0], masks)


def test_no_boxes_no_masks(segmenter: Segmenter, picture: np.ndarray) -> None:
    assert [mask.shape for mask in segmenter.segment([picture], [floats()])] == [(0, 64, 128)]
    assert segmenter.segment([], []) == []
    features = segmenter.encode([picture])
    assert segmenter.decode(features, [floats()], [(64, 128)])[0].shape == (0, 64, 128)


def test_features_are_reused(segmenter: Segmenter, picture: np.ndarray) -> None:
    features = segmenter.encode([picture])
    box = floats((8, 8, 40, 40))
    np.testing.assert_array_equal(
        segmenter.decode(features, [box], [(64, 128)])[0], segmenter.segment([picture], [box])[0]
    )
    assert features.shape == (1, 3, 8, 8)


def test_slivers(segmenter: Segmenter) -> None:
    (masks,) = segmenter.segment([np.zeros((1, 512, 3), np.uint8)], [floats((0, 0, 200, 1))])
    assert masks.shape == (1, 1, 512)
    assert to_tensor([np.zeros((1, 512, 3), np.uint8)], [0.5] * 3, [0.5] * 3).shape == (1, 3, 1, 512)
