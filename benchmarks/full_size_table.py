"""What full_size.py measured, as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TITLE = "## Exports at full size"
HEAD = """
`python benchmarks/full_size.py FOLDER`, of commit {commit}, on {machine}.
Weights are random, so these figures say that the conversion is right, how large what it makes is and what it needs, and
nothing about the quality of scores. Errors are the largest of any output, as a share of the largest number in it where
that is over 1 (detector scores after the sigmoid), against PyTorch in float32: two seeds, one and two pictures at a
time, and photographs of scikit-image; 20 captions of 1, 2 and 4 phrases. `rounding` is what the precision adds, every
value rounded as a GPU would. The gate is 1e-4; of the detector and the SAM decoder 1e-3.
"""

GOAL = 1e-3
ROOM = 8e9


def full_size(path: Path) -> str:
    """The section of RESULTS.md."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return "\n".join([*_head(found), *_graphs(found), *_scores(found), *_memory(found)])


def _head(found: dict[str, Any]) -> Iterator[str]:
    yield TITLE
    yield HEAD.format(**found["about"])


def _graphs(found: dict[str, Any]) -> Iterator[str]:
    yield "| models | precision | graph | parity | rounding | ONNX, MB | TensorRT-RTX engine, MB |"
    yield "|---|---|---|---:|---:|---:|---:|"
    for each in _bundles(found):
        for graph in each.get("graphs", []):
            numbers = [
                _error(graph["parity"]),
                _error(graph["rounding"]),
                _mega(graph["bytes"]),
                _mega(graph["engine_bytes"]),
            ]
            yield f"| {each['bundle']} | {each['precision']} | {graph['role']} | {' | '.join(numbers)} |"
        if "refused" in each:
            yield f"| {each['bundle']} | {each['precision']} | refused: {each['refused']} | | | | |"
    for rows in found.values():
        for row in rows if isinstance(rows, list) else []:
            yield f"| {row['model']} | fp32 | {row['role']} | {_error(row['parity'])} | | {_mega(row['bytes'])} | |"
    yield ""
    yield "One engine serves sm86, sm89 and sm120. TensorRT-RTX 1.7.1 builds no weight-stripped engine without a GPU."
    yield ""


def _scores(found: dict[str, Any]) -> Iterator[str]:
    yield "Whole scores against a pipeline of transformers' own processors and models in float32, largest differences:"
    yield ""
    columns = "boxes, px | masks, 1 - IoU | embeddings, 1 - cos | modify | preserve | position | size | goal"
    yield f"| bundle | precision | edits | boxes found | {columns} |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|"
    for each in _bundles(found):
        if scores := each.get("end_to_end"):
            sub_scores = [scores[name] for name in ("modify", "preserve", "position", "size")]
            numbers = [_error(scores[name]) for name in ("boxes", "masks", "embeddings")] + [
                _error(one) for one in sub_scores
            ]
            verdict = ("met" if max(sub_scores) <= GOAL else "missed") if each["precision"] == "fp32" else ""
            counts = f"{scores['pairs']} | {scores['found']}"
            row = " | ".join([each["bundle"], each["precision"], counts, *numbers, verdict])
            yield f"| {row} |"
    yield ""


def _memory(found: dict[str, Any]) -> Iterator[str]:
    yield "Memory for four candidates at once, computed from the graphs: nothing fused, each model keeping its own. GB:"
    yield ""
    yield "| bundle | precision | weights | activations | together | fits 8 GB |"
    yield "|---|---|---:|---:|---:|---|"
    for each in _bundles(found):
        if graphs := each.get("graphs"):
            weights, activations = (sum(graph[key] for graph in graphs) for key in ("weights", "activations"))
            fits = "yes" if weights + activations <= ROOM else "no"
            numbers = " | ".join(f"{value / 1e9:.2f}" for value in (weights, activations, weights + activations))
            yield f"| {each['bundle']} | {each['precision']} | {numbers} | {fits} |"


def _bundles(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in found.values() if isinstance(each, dict) and "bundle" in each]


def _error(value: float | None) -> str:
    return "" if value is None else "0" if value == 0 else f"{value:.1e}"


def _mega(size: int) -> str:
    return f"{size / 1e6:,.0f}"
