"""transformers' image processors for the inputs of the graphs: the slow ones, which resize with Pillow."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeVar

from transformers import (
    BitImageProcessor,
    CLIPImageProcessor,
    DetrImageProcessor,
    GroundingDinoImageProcessor,
    SamImageProcessor,
)

Processor = TypeVar("Processor", CLIPImageProcessor, DetrImageProcessor, GroundingDinoImageProcessor, SamImageProcessor)
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}


def clip_processor(size: int, checkpoint: Path | None = None) -> CLIPImageProcessor:
    """For squares of `size` pixels, otherwise that of the checkpoint where it has one."""
    square = {"height": size, "width": size}
    return _make(CLIPImageProcessor, checkpoint, size={"shortest_edge": size}, crop_size=square)


def sam_processor(size: int, mask_size: int, checkpoint: Path | None = None) -> SamImageProcessor:
    """For squares of `size` pixels and masks of `mask_size`, otherwise that of the checkpoint where it has one."""
    pad, mask = {"height": size, "width": size}, {"longest_edge": mask_size}
    return _make(SamImageProcessor, checkpoint, size={"longest_edge": size}, pad_size=pad, mask_size=mask)


def detector_processor(
    height: int, width: int, fit: Literal["stretch", "pad"], checkpoint: Path | None = None
) -> GroundingDinoImageProcessor:
    """For pictures of height x width, stretched or padded, otherwise that of the checkpoint where it has one."""
    side = min(height, width)
    size = {"shortest_edge": side, "longest_edge": side} if fit == "pad" else {"height": height, "width": width}
    return _make(GroundingDinoImageProcessor, checkpoint, size=size, pad_size={"height": height, "width": width})


def omdet_processor(height: int, width: int, checkpoint: Path | None = None) -> DetrImageProcessor:
    """For pictures stretched to height x width, otherwise that of the checkpoint where it has one."""
    return _make(DetrImageProcessor, checkpoint, size={"height": height, "width": width}, do_pad=False)


def dino_processor(size: int, shorter: int = 256) -> BitImageProcessor:
    """As DINO and DINOv2 were evaluated, at 224: the middle of the picture, whose shorter side has 256 pixels."""
    square = {"height": size, "width": size}
    return BitImageProcessor(size={"shortest_edge": max(size, shorter)}, crop_size=square, **IMAGENET)


def _make(kind: type[Processor], checkpoint: Path | None, **settings: Any) -> Processor:
    """A processor with these settings; all others are the checkpoint's where it has some."""
    if checkpoint is None or not (checkpoint / "preprocessor_config.json").is_file():
        return kind(**settings)
    return kind.from_pretrained(checkpoint, local_files_only=True, **settings)
