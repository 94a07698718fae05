"""What `full_size.exports` measured, as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TITLE = "## Exports at full size"
HEAD = """
`python -m benchmarks.full_size.exports FOLDER`, of commit {commit}, on {machine}.
Weights are random, so these figures say that the conversion is right, how large what it makes is and what it needs, and
nothing about the quality of scores. Errors are the largest of any output, as a share of the largest number in it where
that is over 1 (detector scores after the sigmoid), against PyTorch in float32: two seeds, one and two pictures at a
time, and photographs of scikit-image; 20 captions of 1, 2 and 4 phrases. `rounding` is what the precision adds, every
value rounded as a GPU would. The gate is 1e-4; of the detector and the SAM decoder 1e-3.
"""

GOAL = 1e-3
ROOM = 8e9
"""Bytes of memory of a small GPU."""


def render_section(path: Path) -> str:
    """The section of RESULTS.md."""
    results = json.loads(path.read_text(encoding="utf-8"))
    return "\n".join(
        [*_render_head(results), *_render_graphs(results), *_render_scores(results), *_render_memory(results)]
    )


def _render_head(results: dict[str, Any]) -> Iterator[str]:
    yield TITLE
    yield HEAD.format(**results["about"])


def _render_graphs(results: dict[str, Any]) -> Iterator[str]:
    yield "| models | precision | graph | parity | rounding | ONNX, MB | TensorRT-RTX engine, MB |"
    yield "|---|---|---|---:|---:|---:|---:|"
    for bundle in _bundles(results):
        for graph in bundle.get("graphs", []):
            numbers = [
                _format_error(graph["parity"]),
                _format_error(graph["rounding"]),
                _format_megabytes(graph["bytes"]),
                _format_megabytes(graph["engine_bytes"]),
            ]
            yield f"| {bundle['bundle']} | {bundle['precision']} | {graph['role']} | {' | '.join(numbers)} |"
        if "refused" in bundle:
            yield f"| {bundle['bundle']} | {bundle['precision']} | refused: {bundle['refused']} | | | | |"
    for rows in results.values():
        for row in rows if isinstance(rows, list) else []:
            error, size = _format_error(row["parity"]), _format_megabytes(row["bytes"])
            yield f"| {row['model']} | fp32 | {row['role']} | {error} | | {size} | |"
    yield ""
    yield "One engine serves sm86, sm89 and sm120. TensorRT-RTX 1.7.1 builds no weight-stripped engine without a GPU."
    yield ""


def _render_scores(results: dict[str, Any]) -> Iterator[str]:
    yield "Whole scores against a pipeline of transformers' own processors and models in float32, largest differences:"
    yield ""
    columns = "boxes, px | masks, 1 - IoU | embeddings, 1 - cos | modify | preserve | position | size | goal"
    yield f"| bundle | precision | edits | boxes found | {columns} |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|"
    for bundle in _bundles(results):
        if scores := bundle.get("end_to_end"):
            sub_scores = [scores[name] for name in ("modify", "preserve", "position", "size")]
            errors = [*(scores[name] for name in ("boxes", "masks", "embeddings")), *sub_scores]
            verdict = ("met" if max(sub_scores) <= GOAL else "missed") if bundle["precision"] == "fp32" else ""
            counts = f"{scores['pairs']} | {scores['found']}"
            row = " | ".join([bundle["bundle"], bundle["precision"], counts, *map(_format_error, errors), verdict])
            yield f"| {row} |"
    yield ""


def _render_memory(results: dict[str, Any]) -> Iterator[str]:
    yield "Memory for four candidates at once, computed from the graphs: nothing fused, each model keeping its own. GB:"
    yield ""
    yield "| bundle | precision | weights | activations | together | fits 8 GB |"
    yield "|---|---|---:|---:|---:|---|"
    for bundle in _bundles(results):
        if graphs := bundle.get("graphs"):
            weights, activations = (sum(graph[key] for graph in graphs) for key in ("weights", "activations"))
            fits = "yes" if weights + activations <= ROOM else "no"
            numbers = " | ".join(f"{value / 1e9:.2f}" for value in (weights, activations, weights + activations))
            yield f"| {bundle['bundle']} | {bundle['precision']} | {numbers} | {fits} |"


def _bundles(results: dict[str, Any]) -> list[dict[str, Any]]:
    return [result for result in results.values() if isinstance(result, dict) and "bundle" in result]


def _format_error(value: float | None) -> str:
    return "" if value is None else "0" if value == 0 else f"{value:.1e}"


def _format_megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f}"
