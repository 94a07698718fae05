"""Recipes of bundles whose models are as small as they come: those of `support.tiny_checkpoints`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from support.tiny_manifest import section

IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
OPENAI = {"mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711]}
HALVES = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}

SETTINGS: dict[str, dict[str, object]] = {
    "clip": {"size": 32, **HALVES, "context": 12},
    "detector": {"height": 64, "width": 96, **HALVES, "text_length": 16},
    "segmenter": {"size": 64, **HALVES, "resample": "area", "mask_size": 32},
    "norm": {},
}
"""What the settings have beside those of `support.tiny_manifest`."""

USUAL: dict[str, dict[str, object]] = {
    "clip": {**OPENAI, "resample": "bicubic", "fit": "center_crop"},
    "detector": {**IMAGENET, "resample": "bilinear"},
    "segmenter": {**IMAGENET, "resample": "bilinear"},
}
"""The pre-processing that transformers' processors have by default."""

METRIC_SETTINGS: dict[str, dict[str, object]] = {
    "lpips": {"size": 128},
    "dino": {"size": 32, "shorter": 40, **IMAGENET},
    "dinov2": {"size": 28, "shorter": 40, **IMAGENET, "resample": "bicubic", "fit": "center_crop"},
}

PAIR_SETTINGS: dict[str, dict[str, object]] = {
    "edit_clip": {"context": 12, "contrary": 0.1},
    "vifi_clip": {
        "size": 32, "shorter": 40, **IMAGENET, "resample": "bicubic", "fit": "center_crop", "context": 12, "frames": 2,
    },
}  # fmt: skip

HEAD = """
name = "tiny"
version = "1"
description = "Random weights."

[export.clip]
checkpoint = "{clip}"
precision = "fp16-weights"
source = "a seed"
revision = "1"
licence = "Apache-2.0"

[export.detector]
checkpoint = "{detector}"
source = "a seed"
revision = "2"
licence = "Apache-2.0"

[export.segmenter]
checkpoint = "{segmenter}"
source = "a seed"
revision = "3"
licence = "Apache-2.0"

[[copy]]
role = "domain"
from = "probe.npz"
path = "domain.npz"
licence = "Apache-2.0"

[[copy]]
role = "vocabulary"
from = "words.txt"
path = "vocabulary.txt"

[[file]]
role = "parser"
package = "a_package"
sha256 = "{zeros}"
"""

DOMAIN = "\n[domain]\nthreshold = 0.0\n"


def write_recipe(
    folder: Path, checkpoints: Mapping[str, Path], changes: Mapping[str, Mapping[str, object]] | None = None
) -> Path:
    """Writes a recipe, and what it copies, into a folder; returns its path.

    checkpoints: by architecture; beside clip, detector and segmenter those of metrics and pairs. changes: of the
    settings.
    """
    np.savez(folder / "probe.npz", weight=np.ones(16, np.float32), bias=np.float32(0))
    (folder / "words.txt").write_text("cat\ndog\n")
    settings = {name: {**values, **(changes or {}).get(name, {})} for name, values in SETTINGS.items()}
    parts = [HEAD.format(**checkpoints, zeros="0" * 64)]
    parts += [section(name, values) for name, values in settings.items()]
    parts.append(DOMAIN)
    others = {name: section(name, values) for name, values in METRIC_SETTINGS.items()}
    others |= {
        name: _write_section(name, {**values, **(changes or {}).get(name, {})})
        for name, values in PAIR_SETTINGS.items()
    }
    for name, text in others.items():
        if name in checkpoints:
            source = f'checkpoint = "{checkpoints[name]}"\nsource = "a seed"\nlicence = "Apache-2.0"\n'
            parts += [f"\n[export.{name}]\n{source}", text]
    path = folder / "recipe.toml"
    path.write_text("".join(parts))
    return path


def _write_section(name: str, values: Mapping[str, object]) -> str:
    return f"\n[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
