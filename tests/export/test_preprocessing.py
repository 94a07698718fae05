"""Pictures as the models take them, against the image processors of transformers, on photographs of odd sizes."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.export

pytest.importorskip("torch")

import torch  # noqa: E402
from skimage import data  # noqa: E402
from transformers import CLIPImageProcessor, GroundingDinoImageProcessor, SamImageProcessor  # noqa: E402
from transformers.models.grounding_dino.modeling_grounding_dino import (  # noqa: E402
    GroundingDinoObjectDetectionOutput,
)

from editjudge.bundles.settings import ClipSettings, DetectorSettings, SegmenterSettings  # noqa: E402
from editjudge.image.boxes import to_corners  # noqa: E402
from editjudge.models import clip, grounding_dino, sam  # noqa: E402

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
NORMALISE = {"image_mean": list(MEAN), "image_std": list(STD)}
WIDE, TALL = data.chelsea(), np.ascontiguousarray(data.rocket().transpose(1, 0, 2))
PICTURES = [
    WIDE,  # 300 x 451
    TALL,  # 640 x 427
    data.astronaut(),  # 512 x 512
    np.ascontiguousarray(WIDE[:137, :301]),
    np.ascontiguousarray(TALL[:333, :33]),
    np.ascontiguousarray(WIDE[:101, :102]),
    np.ascontiguousarray(WIDE[:31, :43]),
]
SIDES = [97, 224, 333]


def close(result: np.ndarray, wanted: np.ndarray) -> None:
    """Equal but for rounding of the last bit: a grey level is 0.017 here."""
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, wanted, atol=2e-6)


def detector_settings(height: int, width: int, fit: str) -> DetectorSettings:
    return DetectorSettings(height, width, MEAN, STD, "bilinear", 16, 0.3, 0.25, fit)


@pytest.mark.parametrize("side", SIDES)
def test_detector_padded(side: int) -> None:
    size, pad = {"shortest_edge": side, "longest_edge": side}, {"height": side, "width": side}
    wanted = GroundingDinoImageProcessor(size=size, pad_size=pad, **NORMALISE)(PICTURES, return_tensors="np")
    result = grounding_dino.picture_inputs(PICTURES, detector_settings(side, side, "pad"))
    close(result["pixel_values"], wanted["pixel_values"])
    assert result["pixel_mask"].dtype == np.int64
    np.testing.assert_array_equal(result["pixel_mask"], wanted["pixel_mask"])
    assert set(result) == {"pixel_values", "pixel_mask"}


@pytest.mark.parametrize(("height", "width"), [(97, 224), (224, 333)])
def test_detector_stretched(height: int, width: int) -> None:
    process = GroundingDinoImageProcessor(size={"height": height, "width": width}, **NORMALISE)
    result = grounding_dino.picture_inputs(PICTURES, detector_settings(height, width, "stretch"))
    close(result["pixel_values"], process(PICTURES, return_tensors="np")["pixel_values"])
    assert set(result) == {"pixel_values"}


@pytest.mark.parametrize("side", SIDES)
def test_sam(side: int) -> None:
    process = SamImageProcessor(size={"longest_edge": side}, pad_size={"height": side, "width": side}, **NORMALISE)
    result = sam.picture_inputs(PICTURES, SegmenterSettings(side, MEAN, STD, "bilinear", side // 4, 0.0))
    close(result["pixel_values"], process(PICTURES, return_tensors="np")["pixel_values"])


@pytest.mark.parametrize("side", SIDES)
def test_clip(side: int) -> None:
    process = CLIPImageProcessor(
        size={"shortest_edge": side}, crop_size={"height": side, "width": side}, resample=3, **NORMALISE
    )
    result = clip.picture_inputs(PICTURES, ClipSettings(side, MEAN, STD, "bicubic", "center_crop", 77))
    close(result["pixel_values"], process(PICTURES, return_tensors="np")["pixel_values"])


def test_every_size_that_fits_a_square_is_rounded_as_there() -> None:
    """Over all proportions: by one pixel more or less, every pixel would be another."""
    process = GroundingDinoImageProcessor()
    size = {"shortest_edge": 200, "longest_edge": 200}
    for height, width in [(side, 157) for side in range(20, 600)] + [(389, side) for side in range(20, 600)]:
        resized = process.resize(np.zeros((height, width, 3), np.uint8), size)
        wanted = min(200, resized.shape[0]), min(200, resized.shape[1])
        assert grounding_dino.fitted_shape((height, width), 200) == wanted, (height, width)


def test_boxes_are_fractions_of_the_picture_not_of_the_padded_input() -> None:
    """The processor scales a padded picture's boxes by the size of the picture as it was handed in; so do we."""
    generator = torch.Generator().manual_seed(0)
    boxes = torch.rand(len(PICTURES), 5, 4, generator=generator) * torch.tensor([0.2, 0.2, 0.3, 0.3]) + 0.3
    output = GroundingDinoObjectDetectionOutput(logits=torch.zeros(len(PICTURES), 5, 3), pred_boxes=boxes)
    sizes = [picture.shape[:2] for picture in PICTURES]
    wanted = GroundingDinoImageProcessor().post_process_object_detection(output, threshold=0.1, target_sizes=sizes)
    for (height, width), picture_boxes, one in zip(sizes, boxes.numpy(), wanted, strict=True):
        corners = to_corners(picture_boxes, width, height)
        np.testing.assert_allclose(corners, one["boxes"].numpy(), rtol=1e-5, atol=1e-4)
