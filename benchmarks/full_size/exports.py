"""Do the exports compute what PyTorch computes at full size? Exports, compiles and compares every architecture.

    python -m benchmarks.full_size.exports FOLDER [--precision fp32] [--pairs 20]

Builds `photo-edge` and `paper`, engines included, from random checkpoints (`common.random_checkpoints`) that it draws
in FOLDER, and exports the models that neither bundle has. Needs the `export` and `engines` extras, 16 GB of memory,
30 GB of disk and, on two cores, some hours; a second run takes over what is in FOLDER already. Writes
benchmarks/data/full_size.json and its section of RESULTS.md.
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
from benchmarks.common.paths import DATA, RESULTS
from benchmarks.common.provenance import commit, machine
from benchmarks.common.random_checkpoints import save
from benchmarks.common.reporting import put_section
from benchmarks.common.small_parser import with_small_parser
from benchmarks.full_size.table import render_section
from editjudge.bundles.manifest import read_manifest
from editjudge.bundles.roles import GRAPHS, name_weights_role
from editjudge_export.architectures import clip, grounding_dino, sam
from editjudge_export.architectures.registry import REQUIRED
from editjudge_export.build import build
from editjudge_export.checkpoints.checkpoint import load_model, load_tokenizer
from editjudge_export.checkpoints.processors import detector_processor
from editjudge_export.onnx.export import ExportedFile
from editjudge_export.onnx.memory_estimate import estimate_memory
from editjudge_export.onnx.precision import PRECISIONS, Precision
from editjudge_export.options import BuildOptions
from editjudge_export.verification.numeric_gate import GateError
from editjudge_export.verification.sample_edits import sample_edits

OUT = DATA / "full_size.json"
BUNDLES = ("photo-edge", "paper")
OTHERS: dict[str, Callable[[Path, Path], list[ExportedFile]]] = {
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
"""The least number of boxes that random weights should find of a phrase; the threshold is set accordingly."""
KINDS = 7
"""How many of the first sample edits are of different kinds."""


def write_recipe(name: str, folder: Path) -> Path:
    """The recipe of a bundle for random checkpoints: another parser, and a threshold over which they find boxes."""
    recipe = tomllib.loads(editjudge_models.recipe_path(name).read_text(encoding="utf-8"))
    for model in REQUIRED:  # and none of those that only metrics need
        repository = recipe["export"][model]["hub"].split("/")[1]
        if not (folder / "hub" / repository).is_dir():
            save(repository, folder / "hub")
    path = folder / f"{name}.toml"
    if not path.is_file():
        detector = folder / "hub" / "grounding-dino-tiny"
        recipe["detector"]["box_threshold"] = find_threshold(detector, recipe["detector"])
        path.write_text(tomli_w.dumps(with_small_parser(recipe)), encoding="utf-8")
    return path


@torch.inference_mode()
def find_threshold(checkpoint: Path, settings: dict[str, Any]) -> float:
    """The score over which the detector finds BOXES boxes or more of every phrase that is looked for.

    With random weights the score of a phrase depends on the phrase more than on the picture.
    """
    model, tokenizer = load_model(checkpoint, GroundingDinoForObjectDetection), load_tokenizer(checkpoint)
    process = detector_processor(settings["height"], settings["width"], settings["fit"], checkpoint)
    thresholds = []
    for edit in sample_edits(KINDS):
        for picture, phrase in ((edit.original, edit.intent.source), (edit.edited, edit.intent.target)):
            if phrase is not None and not edit.intent.is_global:
                ids = torch.tensor([tokenizer.encode(f"{phrase} .").ids])
                logits = model(**process([picture], return_tensors="pt"), input_ids=ids).logits[0, :, 1:-2]
                scores = logits[:, : ids.shape[1] - 3].sigmoid().amax(dim=1).sort(descending=True).values
                thresholds.append(float(scores[BOXES - 1 : BOXES + 1].mean()))
    return round(min(thresholds), 4)


def export_model(name: str, folder: Path) -> list[dict[str, Any]]:
    """Exports a model that is in neither bundle, in float32; a row for each of its graphs."""
    if not (folder / "hub" / name).is_dir():
        save(name, folder / "hub")
    start = time.perf_counter()
    files = OTHERS[name](folder / "hub" / name, folder / "onnx" / name)
    seconds = round(time.perf_counter() - start)
    return [
        {
            "model": name,
            "role": exported.role,
            "parity": exported.parity,
            "bytes": sum(file.stat().st_size for file in exported.files),
            "seconds": seconds,
        }
        for exported in files
        if exported.parity is not None
    ]


def build_bundle(name: str, precision: Precision, folder: Path, count: int) -> dict[str, Any]:
    """Builds a bundle with its engines unless it is there; its figures, or why the gate refused it.

    Args:
        name: photo-edge or paper.
        precision: Of its graphs.
        folder: Where checkpoints and bundles are.
        count: How many edits are compared end to end.
    """
    place = folder / "bundles" / f"{name}-{precision}"

    def report(line: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {name} {precision}: {line}", flush=True)

    if not place.is_dir():
        options = BuildOptions(source=folder / "hub", precision=precision, engine="tensorrt-rtx", pairs=count)
        try:
            build(write_recipe(name, folder), place, options, report)
        except GateError as error:
            return {"bundle": name, "precision": precision, "refused": str(error)}
    return {"bundle": name, "precision": precision, **describe_bundle(place)}


def describe_bundle(place: Path) -> dict[str, Any]:
    """What the manifest says of the graphs, and the memory that they need."""
    manifest = read_manifest(place)
    engines = {engine.role: engine for engine in manifest.engines}
    graphs = []
    for role in GRAPHS:
        entry, data = manifest.files[role], manifest.files.get(name_weights_role(role))
        memory = estimate_memory(place / (entry.path or ""), AXES[role])
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


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    command_line.add_argument("--bundle", choices=BUNDLES, nargs="*", default=BUNDLES)
    command_line.add_argument("--model", choices=[*OTHERS], nargs="*", default=[*OTHERS])
    command_line.add_argument("--precision", choices=PRECISIONS, nargs="*", default=("fp32", "fp16"))
    command_line.add_argument("--pairs", type=int, default=20, help="edits that are compared end to end")
    options = command_line.parse_args()
    results = json.loads(OUT.read_text(encoding="utf-8")) if OUT.is_file() else {}
    jobs: dict[str, Callable[[], Any]] = {
        f"{name} {precision}": partial(build_bundle, name, precision, options.folder, options.pairs)
        for name in options.bundle
        for precision in options.precision
    } | {name: partial(export_model, name, options.folder) for name in options.model}
    results["about"] = {"commit": commit(), "machine": machine()}
    for key, job in jobs.items():
        results[key] = job()
        print(json.dumps({key: results[key]}), flush=True)
        OUT.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    put_section(RESULTS, render_section(OUT))


if __name__ == "__main__":
    main()
