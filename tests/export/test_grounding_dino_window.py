"""Grounding DINO's windows have the coordinates that the untouched model gives that corner of the whole picture."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
import torch
from torch import Tensor
from transformers import GroundingDinoForObjectDetection

from editjudge_export.architectures.grounding_dino_window import WholePicture, see_window
from editjudge_export.checkpoints.checkpoint import load_model

pytestmark = pytest.mark.export

WHOLE, WINDOW = (96, 128), 64
LEVELS = (((6, 8), (4, 4)), ((3, 4), (2, 2)))
"""The feature maps of the whole and of the window, by level: those of strides 16 and 32."""

sizes = pytest.mark.parametrize("width", [128, 100], ids=["filled", "padded"])
"""Pixels of the width of the whole picture in its input."""


@pytest.fixture(scope="module")
def detector(detector_checkpoint: Path) -> GroundingDinoForObjectDetection:
    return load_model(detector_checkpoint, GroundingDinoForObjectDetection)


def mask_level(level: int, width: int) -> Tensor:
    """bool[1, rows, columns] of the whole's feature map, true where its picture is: at every first pixel of a place."""
    rows, columns = LEVELS[level][0]
    return (torch.arange(columns) * (WHOLE[1] // columns) < width).expand(1, rows, columns)


def see(detector: GroundingDinoForObjectDetection, width: int):
    size = torch.tensor([[float(WHOLE[0]), float(width)]])
    return see_window(WholePicture.of(detector.config, *WHOLE), WINDOW, size)


@sizes
@pytest.mark.parametrize("level", [0, 1])
def test_places_are_told_as_in_the_corner_of_the_whole(
    level: int, width: int, detector: GroundingDinoForObjectDetection
) -> None:
    embed = detector.model.backbone.position_embedding
    rows, columns = LEVELS[level][1]
    wanted = embed(torch.zeros(1), mask_level(level, width))[:, :, :rows, :columns]
    with see(detector, width):
        given = embed(torch.zeros(1), torch.ones(1, rows, columns, dtype=torch.bool))
    torch.testing.assert_close(given, wanted, atol=1e-5, rtol=0)


@sizes
@pytest.mark.parametrize("level", [0, 1])
def test_a_map_reaches_as_far_beyond_the_window_as_the_picture(
    level: int, width: int, detector: GroundingDinoForObjectDetection
) -> None:
    """The untouched model says which share of a map the picture fills; here it may be more than all of it."""
    (whole_rows, whole_columns), (rows, columns) = LEVELS[level]
    untouched = detector.model.get_valid_ratio(mask_level(level, width))
    with see(detector, width):
        given = detector.model.get_valid_ratio(torch.ones(1, rows, columns, dtype=torch.bool))
    torch.testing.assert_close(given, untouched * torch.tensor([whole_columns / columns, whole_rows / rows]))


@sizes
def test_proposals_are_those_of_the_corner_of_the_whole(width: int, detector: GroundingDinoForObjectDetection) -> None:
    generator = torch.Generator().manual_seed(1)
    maps = [torch.randn(1, *whole, 32, generator=generator) for whole, _ in LEVELS]
    padding = torch.cat([~mask_level(level, width).flatten(1) for level in (0, 1)], dim=1)
    encoded = torch.cat([one.flatten(1, 2) for one in maps], dim=1)
    queries, boxes = detector.model.generate_encoder_output_proposals(
        encoded, padding, torch.tensor([whole for whole, _ in LEVELS])
    )

    def cut(values: Tensor) -> Tensor:
        """Those of the window, of all places of both levels."""
        parts = values.split([rows * columns for (rows, columns), _ in LEVELS], dim=1)
        cuts = [
            part.view(1, *whole, -1)[:, : window[0], : window[1]].flatten(1, 2)
            for part, (whole, window) in zip(parts, LEVELS, strict=True)
        ]
        return torch.cat(cuts, dim=1)

    corner = cut(encoded)
    with see(detector, width):
        own_queries, own_boxes = detector.model.generate_encoder_output_proposals(
            corner, torch.zeros(corner.shape[:2], dtype=torch.bool), torch.tensor([window for _, window in LEVELS])
        )
    torch.testing.assert_close(own_boxes, cut(boxes), atol=1e-5, rtol=0)
    torch.testing.assert_close(own_queries, cut(queries), atol=1e-5, rtol=0)


def test_what_was_put_in_place_is_taken_away(detector: GroundingDinoForObjectDetection) -> None:
    ones = torch.ones(1, 4, 4, dtype=torch.bool)
    before = detector.model.get_valid_ratio(ones)
    with see(detector, 128):
        assert not torch.equal(detector.model.get_valid_ratio(ones), before)
    assert torch.equal(detector.model.get_valid_ratio(ones), before)
