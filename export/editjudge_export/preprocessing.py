"""Whether a recipe prepares pictures as its checkpoints were trained to see them: their preprocessor_config.json."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from editjudge.errors import InputError

FILE_NAME = "preprocessor_config.json"
FILTERS = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
"""Pillow's filters by its numbers for them."""


def check_preprocessing(name: str, folder: Path, settings: Mapping[str, Any]) -> None:
    """Compares the settings of a section, such as clip, with what its checkpoint says of itself.

    A checkpoint that says nothing contradicts nothing. The detector takes pictures of any size, so its size is the
    recipe's to choose. What those of the first DINO say is not what it was trained and evaluated with: transformers'
    defaults of the day. Raises InputError for a contradiction, with both sides.
    """
    if name == "dino":
        return
    path = folder / FILE_NAME
    if not path.is_file():
        return
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        expected = dict(_expected(name, config))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise InputError(f"{path} cannot be understood ({error}); fetch the checkpoint again") from error
    for key, wanted in expected.items():
        if key in settings and settings[key] != wanted:
            raise InputError(f"the recipe says {settings[key]} for {key} in [{name}]; {path} says {wanted}")


def _expected(name: str, config: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The settings that follow from the keys that are there."""
    scaled = config.get("do_rescale", True) and math.isclose(config.get("rescale_factor", 1 / 255), 1 / 255)
    if not scaled:
        raise ValueError("it does not scale pixels to 0..1, as every bundle does")
    normalised = config.get("do_normalize", True)
    if "image_mean" in config or not normalised:
        yield "mean", config["image_mean"] if normalised else [0.0, 0.0, 0.0]
    if "image_std" in config or not normalised:
        yield "std", config["image_std"] if normalised else [1.0, 1.0, 1.0]
    if "resample" in config:
        yield "resample", FILTERS[config["resample"]]
    if name in ("clip", "dinov2"):
        yield from _cut(config)
    if name == "dinov2" and "size" in config:
        yield "shorter", config["size"]["shortest_edge"]
    if name == "segmenter" and "size" in config:
        yield "size", config["size"]["longest_edge"]


def _cut(config: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if "do_center_crop" in config:
        yield "fit", "center_crop" if config["do_center_crop"] else "stretch"
    key = "crop_size" if config.get("do_center_crop", True) else "size"
    if key in config:  # a number in older files
        yield "size", config[key] if isinstance(config[key], int) else config[key]["height"]
