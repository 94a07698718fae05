"""The bundles and checkpoints that the speed-up is measured on: of published architectures, with random weights."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import tomli_w

import editjudge_models
from checkpoints import save
from editjudge_export.build import build
from editjudge_export.options import Options
from editjudge_export.precision import Precision
from editjudge_export.recipe import MODELS
from small_parser import with_small_parser

SAM = {"vit_b": "sam-vit-base", "vit_h": "sam-vit-huge"}
CLIP = {"base32": "clip-vit-base-patch32", "base16": "clip-vit-base-patch16", "large14": "clip-vit-large-patch14"}
PAPER_SAM, PAPER_CLIP = "vit_h", "large14"


def paper_checkpoints(folder: Path, sam: str = PAPER_SAM, clip: str = PAPER_CLIP) -> dict[str, Path]:
    """The checkpoints of the paper's models by role, one or the other replaced by a smaller one, drawn unless there."""
    return {role: checkpoint(name, folder) for role, name in _paper(sam, clip).items()}


def paper_bundle(folder: Path, precision: Precision, sam: str = PAPER_SAM, clip: str = PAPER_CLIP) -> Path:
    """The folder of the bundle of those checkpoints, built unless it is there."""
    parts = [sam] * (sam != PAPER_SAM) + [clip] * (clip != PAPER_CLIP)
    return bundle("paper", folder, precision, _paper(sam, clip), "-".join(["paper", *parts]))


def bundle(
    name: str, folder: Path, precision: Precision, replaced: dict[str, str] | None = None, called: str | None = None
) -> Path:
    """The folder of a bundle of random checkpoints, built unless it is there. replaced: its checkpoints, by role."""
    place = folder / "bundles" / f"{called or name}-{precision}"
    if place.is_dir():
        return place
    recipe = tomllib.loads(editjudge_models.recipe_path(name).read_text(encoding="utf-8"))
    for role in MODELS:
        model = recipe["export"][role]
        if replaced:
            model |= {"hub": f"random/{replaced[role]}", "revision": ""}
        checkpoint(model["hub"].split("/")[1], folder)
    path = folder / f"{place.name}.toml"
    path.write_text(tomli_w.dumps(with_small_parser(recipe)), encoding="utf-8")
    options = Options(source=folder / "hub", precision=precision, pairs=0)
    build(path, place, options, lambda line: print(f"{time.strftime('%H:%M:%S')} {place.name}: {line}", flush=True))
    return place


def checkpoint(name: str, folder: Path) -> Path:
    place = folder / "hub" / name
    return place if place.is_dir() else save(name, folder / "hub")


def _paper(sam: str, clip: str) -> dict[str, str]:
    return {"detector": "grounding-dino-tiny", "segmenter": SAM[sam], "clip": CLIP[clip]}
