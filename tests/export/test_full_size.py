"""Grounding DINO at the size of the published "tiny" model, with random weights: the same code exports it."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
import torch
from tokenizers import Tokenizer
from transformers import GroundingDinoConfig, GroundingDinoForObjectDetection, SwinConfig

from editjudge_export.architectures import grounding_dino
from editjudge_export.onnx.export import export_graphs

pytestmark = [pytest.mark.export, pytest.mark.slow]


def test_grounding_dino_tiny_exports(detector_checkpoint: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    swin = SwinConfig(
        image_size=224,
        window_size=7,
        embed_dim=96,
        depths=[2, 2, 6, 2],
        num_heads=[3, 6, 12, 24],
        out_indices=[2, 3, 4],
    )
    model = GroundingDinoForObjectDetection(GroundingDinoConfig(backbone_config=swin)).eval().requires_grad_(False)
    tokenizer = Tokenizer.from_file(str(detector_checkpoint / "tokenizer.json"))
    (exported,) = export_graphs(
        model,
        lambda copy: grounding_dino.make_graphs(copy, tokenizer, height=320, width=320, text_length=32),
        tmp_path,
        "fp32",
    )
    assert exported.path.stat().st_size > 600e6
    assert 0 < exported.parity < 1e-4
