"""Whether a recipe prepares pictures as its checkpoints were trained to see them: their preprocessor_config.json."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from editjudge.errors import InputError
from editjudge_export.architectures.registry import ARCHITECTURES

FILE_NAME = "preprocessor_config.json"
FILTERS = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
"""Pillow's filters by its numbers for them."""


def check_preprocessing(name: str, folder: Path, settings: Mapping[str, Any]) -> None:
    """Compares the settings of a section with what its checkpoint says of itself, if it says anything.

    Args:
        name: The architecture.
        folder: The checkpoint folder.
        settings: Those of the section.

    Raises InputError for a contradiction, with both sides.
    """
    architecture = ARCHITECTURES[name]
    path = architecture.find_pickle(folder) or folder / FILE_NAME
    try:
        expected = architecture.code.processor_settings(folder)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise InputError(f"{path} cannot be understood ({error}); fetch the checkpoint again") from error
    for key, wanted in expected.items():
        if key in settings and settings[key] != wanted:
            raise InputError(
                f"the recipe says {settings[key]} for {key} in [{architecture.section}]; {path} says {wanted}"
            )


def read_processor(folder: Path) -> dict[str, Any]:
    """The checkpoint's preprocessor_config.json, empty where it has none. Raises OSError or ValueError."""
    path = folder / FILE_NAME
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def normalization(processor: Mapping[str, Any]) -> dict[str, Any]:
    """The settings mean, std and resample, as far as the file has them.

    Raises ValueError where it does not scale pixels to 0..1.
    """
    if not processor.get("do_rescale", True) or not math.isclose(processor.get("rescale_factor", 1 / 255), 1 / 255):
        raise ValueError("it does not scale pixels to 0..1, as every bundle does")
    settings: dict[str, Any] = {}
    normalized = processor.get("do_normalize", True)
    if "image_mean" in processor or not normalized:
        settings["mean"] = processor["image_mean"] if normalized else [0.0, 0.0, 0.0]
    if "image_std" in processor or not normalized:
        settings["std"] = processor["image_std"] if normalized else [1.0, 1.0, 1.0]
    if "resample" in processor:
        settings["resample"] = FILTERS[processor["resample"]]
    return settings


def center_crop(processor: Mapping[str, Any]) -> dict[str, Any]:
    """The settings fit and size of a model that takes squares, as far as the file has them."""
    settings: dict[str, Any] = {}
    if "do_center_crop" in processor:
        settings["fit"] = "center_crop" if processor["do_center_crop"] else "stretch"
    key = "crop_size" if processor.get("do_center_crop", True) else "size"
    if key in processor:  # a number in older files
        settings["size"] = processor[key] if isinstance(processor[key], int) else processor[key]["height"]
    return settings
