"""A tiny OmDet-Turbo in the form of the published one: a backbone of timm, vocab.json and merges.txt."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers.pre_tokenizers import ByteLevel
from torch import Tensor
from transformers import OmDetTurboForObjectDetection

from support.tiny_checkpoints import WORDS, omdet_config, save_model

GOLDEN = Path(__file__).parents[1] / "fixtures" / "timm_swin.npz"
"""Weights by timm's names, and the feature maps that timm has of `pixels`; by make_timm_swin_golden.py beside it."""
WIDTHS = [8, 16, 32]
"""Channels of the feature maps."""
SIZES = ((64, 96), (96, 160), (224, 224))
"""Of pictures: only of the last are the feature maps multiples of windows of 7 places, or as large as one."""
VISION = "vision_backbone."


def pixels(height: int, width: int) -> Tensor:
    """float32[1, 3, H, W], the same everywhere."""
    return torch.sin(0.37 * torch.arange(3 * height * width) + 1.3).view(1, 3, height, width)


def save_published_omdet(folder: Path) -> Path:
    """Of the size of `support.tiny_checkpoints.omdet_config`, but for its backbone."""
    save_model(folder, lambda: OmDetTurboForObjectDetection(omdet_config(encoder_in_channels=WIDTHS)))
    weights = OmDetTurboForObjectDetection.from_pretrained(folder).state_dict()
    kept = {name: value.clone() for name, value in weights.items() if not name.startswith(VISION)}
    with np.load(GOLDEN) as golden:
        seen = {name: torch.from_numpy(golden[name]).float() for name in golden.files if name.startswith(VISION)}
    save_file(kept | seen, folder / "model.safetensors", metadata={"format": "pt"})
    omdet_config(
        encoder_in_channels=WIDTHS, use_timm_backbone=True, backbone="swin_tiny_patch4_window7_224",
        backbone_config=None, apply_layernorm_after_vision_backbone=True,
    ).save_pretrained(folder)  # fmt: skip
    save_vocabulary(folder)
    return folder


def save_vocabulary(folder: Path, size: int = 1032) -> None:
    """vocab.json and merges.txt of a CLIP that has `WORDS` whole and everything else by its bytes."""
    merges: dict[tuple[str, str], None] = {}
    for word in WORDS.split():
        start, *letters = [*word[:-1], f"{word[-1]}</w>"]
        for letter in letters:
            merges[start, letter] = None
            start += letter
    alphabet = sorted(ByteLevel.alphabet())
    pieces = [*alphabet, *(f"{byte}</w>" for byte in alphabet), *("".join(merge) for merge in merges)]
    pieces += [f"<unused{place}>" for place in range(len(pieces), size - 2)]
    ids = {piece: place for place, piece in enumerate([*pieces, "<|startoftext|>", "<|endoftext|>"])}
    (folder / "vocab.json").write_text(json.dumps(ids), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(merge) for merge in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
