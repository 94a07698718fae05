"""Exports, compiles and compares every published architecture at its full size, with random weights.

    python benchmarks/full_size.py FOLDER [--precision fp32] [--pairs 20]

Builds `photo-edge` and `paper` from checkpoints that `checkpoints.py` draws in FOLDER, engines included, and exports
the models that neither has. Needs the `export` and `engines` extras, 16 GB of memory, 30 GB of disk and, on two cores,
some hours; what was done is not done again. Writes benchmarks/data/full_size.json and that section of RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import time
import tomllib
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import tomli_w
import torch
from transformers import GroundingDinoForObjectDetection

import editjudge_models
from checkpoints import save
from editjudge.entries import GRAPHS
from editjudge.manifest import read_manifest
from editjudge_export import clip, grounding_dino, sam
from editjudge_export.build import build
from editjudge_export.checkpoint import load_model, load_tokenizer
from editjudge_export.export import Exported
from editjudge_export.gate import GateError
from editjudge_export.memory import estimate
from editjudge_export.options import Options
from editjudge_export.pairs import pairs
from editjudge_export.precision import PRECISIONS, Precision
from editjudge_export.processors import detector_processor
from editjudge_export.recipe import MODELS
from full_size_table import full_size
from reporting import put_section
from results import commit, machine
from small_parser import with_small_parser

OUT = Path(__file__).resolve().parent / "data" / "full_size.json"
BUNDLES = ("photo-edge", "paper")
OTHERS: dict[str, Callable[[Path, Path], list[Exported]]] = {
    "clip-vit-base-patch32": lambda source, folder: clip.export(source, folder, "fp32"),
    "sam-vit-base": lambda source, folder: sam.export(source, folder, "fp32"),
    "grounding-dino-base": lambda source, folder: grounding_dino.export(
        source, folder, "fp32", height=800, width=800, text_length=48, fit="pad"
    ),
}
AXES = {
    "clip_vision": {"n": 16},
    "clip_text": {"n": 2},
    "detector": {"batch": 4},
    "sam_encoder": {"batch": 1},
    "sam_decoder": {"batch": 4, "boxes": 4},
}
"""The most that goes through a model at once when four candidates are ranked."""
BOXES = 3
"""That random weights are to find of a phrase at least, by the threshold that is set for them."""
KINDS = 7
"""Edits of different kinds among the first of the pairs."""


def recipe_for(name: str, folder: Path) -> Path:
    """The recipe of a bundle for random checkpoints: another parser, and a threshold over which they find boxes."""
    recipe = tomllib.loads(editjudge_models.recipe_path(name).read_text(encoding="utf-8"))
    for each in MODELS:  # and none of those that only metrics need
        repository = recipe["export"][each]["hub"].split("/")[1]
        if not (folder / "hub" / repository).is_dir():
            save(repository, folder / "hub")
    path = folder / f"{name}.toml"
    if not path.is_file():
        recipe["detector"]["box_threshold"] = threshold(folder / "hub" / "grounding-dino-tiny", recipe["detector"])
        path.write_text(tomli_w.dumps(with_small_parser(recipe)), encoding="utf-8")
    return path


@torch.inference_mode()
def threshold(checkpoint: Path, settings: dict[str, Any]) -> float:
    """The score over which the detector finds BOXES boxes or more of every phrase that is looked for.

    What random weights score a phrase hangs on the phrase more than on the picture.
    """
    model, tokenizer = load_model(checkpoint, GroundingDinoForObjectDetection), load_tokenizer(checkpoint)
    process = detector_processor(settings["height"], settings["width"], settings["fit"], checkpoint)
    found = []
    for pair in pairs(KINDS):
        for picture, phrase in ((pair.original, pair.intent.source), (pair.edited, pair.intent.target)):
            if phrase is not None and not pair.intent.is_global:
                ids = torch.tensor([tokenizer.encode(f"{phrase} .").ids])
                logits = model(**process([picture], return_tensors="pt"), input_ids=ids).logits[0, :, 1:-2]
                scores = logits[:, : ids.shape[1] - 3].sigmoid().amax(dim=1).sort(descending=True).values
                found.append(float(scores[BOXES - 1 : BOXES + 1].mean()))
    return round(min(found), 4)


def exported(name: str, folder: Path) -> list[dict[str, Any]]:
    """A model that is in neither bundle, in float32."""
    if not (folder / "hub" / name).is_dir():
        save(name, folder / "hub")
    start = time.perf_counter()
    made = OTHERS[name](folder / "hub" / name, folder / "onnx" / name)
    seconds = time.perf_counter() - start
    return [
        {"model": name, "role": each.role, "parity": each.parity, "bytes": size(each.files), "seconds": round(seconds)}
        for each in made
        if each.parity is not None
    ]


def built(name: str, precision: Precision, folder: Path, count: int) -> dict[str, Any]:
    """A bundle with its engines, built unless it is there, and what is to be said of it."""
    place = folder / "bundles" / f"{name}-{precision}"

    def report(line: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {name} {precision}: {line}", flush=True)

    if not place.is_dir():
        options = Options(source=folder / "hub", precision=precision, engine="tensorrt-rtx", pairs=count)
        try:
            build(recipe_for(name, folder), place, options, report)
        except GateError as error:
            return {"bundle": name, "precision": precision, "refused": str(error)}
    return {"bundle": name, "precision": precision, **described(place)}


def described(place: Path) -> dict[str, Any]:
    """What the manifest says, and the memory that the models need."""
    manifest = read_manifest(place)
    engines = {engine.role: engine for engine in manifest.engines}
    graphs = []
    for role in GRAPHS:
        entry, data = manifest.files[role], manifest.files.get(f"{role}_data")
        memory = estimate(place / (entry.path or ""), AXES[role])
        graphs.append(
            {
                "role": role,
                "parity": entry.parity,
                "rounding": entry.rounding,
                "bytes": (entry.bytes or 0) + (data.bytes or 0 if data else 0),
                "engine_bytes": engines[role].data_bytes,
                "weights": memory.weights,
                "activations": memory.activations,
            }
        )
    end_to_end = manifest.end_to_end and asdict(manifest.end_to_end)
    return {"targets": list(manifest.engines[0].targets), "graphs": graphs, "end_to_end": end_to_end}


def size(files: list[Path]) -> int:
    return sum(file.stat().st_size for file in files)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bundle", choices=BUNDLES, nargs="*", default=BUNDLES)
    parser.add_argument("--model", choices=[*OTHERS], nargs="*", default=[*OTHERS])
    parser.add_argument("--precision", choices=PRECISIONS, nargs="*", default=("fp32", "fp16"))
    parser.add_argument("--pairs", type=int, default=20)
    asked = parser.parse_args()
    found = json.loads(OUT.read_text(encoding="utf-8")) if OUT.is_file() else {}
    jobs: dict[str, Callable[[], Any]] = {
        f"{name} {precision}": partial(built, name, precision, asked.folder, asked.pairs)
        for name in asked.bundle
        for precision in asked.precision
    } | {name: partial(exported, name, asked.folder) for name in asked.model}
    found["about"] = {"commit": commit(), "machine": machine()}
    for key, job in jobs.items():
        found[key] = job()
        print(json.dumps({key: found[key]}), flush=True)
        OUT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    put_section(OUT.parents[1] / "RESULTS.md", full_size(OUT))


if __name__ == "__main__":
    main()
