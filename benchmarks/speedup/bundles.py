"""The bundles and checkpoints that the speed-up is measured with: published architectures with random weights."""

from __future__ import annotations

import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

import editjudge_models
from benchmarks.common.random_checkpoints import save
from benchmarks.common.small_parser import with_small_parser
from editjudge.bundles.settings import ClipSettings, DetectorSettings, SegmenterSettings
from editjudge_export.architectures.registry import REQUIRED
from editjudge_export.build import build
from editjudge_export.onnx.precision import Precision
from editjudge_export.options import BuildOptions

SAM = {"vit_b": "sam-vit-base", "vit_h": "sam-vit-huge"}
CLIP = {"base32": "clip-vit-base-patch32", "base16": "clip-vit-base-patch16", "large14": "clip-vit-large-patch14"}
PAPER_SAM, PAPER_CLIP = "vit_h", "large14"


@dataclass(frozen=True)
class InputSizes:
    """How large pictures are to the models, and how they are prepared."""

    detector: DetectorSettings
    segmenter: SegmenterSettings
    clip: ClipSettings


def paper_sizes() -> InputSizes:
    """Those of the paper's models, whatever bundle is measured against them."""
    recipe = _read_recipe("paper")
    return InputSizes(
        DetectorSettings(**recipe["detector"]),
        SegmenterSettings(**recipe["segmenter"]),
        ClipSettings(**recipe["clip"]),
    )


def paper_checkpoints(folder: Path, sam: str = PAPER_SAM, clip: str = PAPER_CLIP) -> dict[str, Path]:
    """The checkpoints of the paper's models by role, drawn unless they are there.

    Args:
        folder: Where they are.
        sam: The paper's SAM, or a smaller one in its place.
        clip: The paper's CLIP, or a smaller one in its place.
    """
    return {role: draw_checkpoint(name, folder) for role, name in _paper_models(sam, clip).items()}


def paper_bundle(folder: Path, precision: Precision, sam: str = PAPER_SAM, clip: str = PAPER_CLIP) -> Path:
    """The folder of the bundle of those checkpoints, built unless it is there."""
    smaller = [sam] * (sam != PAPER_SAM) + [clip] * (clip != PAPER_CLIP)
    return build_bundle("paper", folder, precision, _paper_models(sam, clip), "-".join(["paper", *smaller]))


def build_bundle(
    recipe_name: str,
    folder: Path,
    precision: Precision | None,
    checkpoints: dict[str, str] | None = None,
    name: str | None = None,
) -> Path:
    """The folder of a bundle of random checkpoints, built unless it is there.

    Args:
        recipe_name: The recipe that it follows.
        folder: Where checkpoints and bundles are.
        precision: Of its graphs; None: the recipe's own.
        checkpoints: What takes the place of the recipe's checkpoints, by role.
        name: What it is called; by default as the recipe.
    """
    place = folder / "bundles" / "-".join(filter(None, (name or recipe_name, precision)))
    if place.is_dir():
        return place
    recipe = _read_recipe(recipe_name)
    for role in REQUIRED:
        model = recipe["export"][role]
        if checkpoints:
            model |= {"hub": f"random/{checkpoints[role]}", "revision": ""}
        draw_checkpoint(model["hub"].split("/")[1], folder)
    path = folder / f"{place.name}.toml"
    path.write_text(tomli_w.dumps(with_small_parser(recipe)), encoding="utf-8")
    options = BuildOptions(source=folder / "hub", precision=precision, pairs=0)
    build(path, place, options, lambda line: print(f"{time.strftime('%H:%M:%S')} {place.name}: {line}", flush=True))
    return place


def draw_checkpoint(name: str, folder: Path) -> Path:
    """The folder of a random checkpoint, drawn unless it is there."""
    place = folder / "hub" / name
    return place if place.is_dir() else save(name, folder / "hub")


def _read_recipe(name: str) -> dict[str, Any]:
    return tomllib.loads(editjudge_models.recipe_path(name).read_text(encoding="utf-8"))


def _paper_models(sam: str, clip: str) -> dict[str, str]:
    return {"detector": "grounding-dino-tiny", "segmenter": SAM[sam], "clip": CLIP[clip]}
