"""What `roofline.cost_model` measured, as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from editjudge.bundles.roles import ROLES

TITLE = "## Distance from the machine's limits"
HEAD = """
`python -m benchmarks.roofline.cost_model --bundle studio FOLDER --threads {threads}`. One edit of one object.
Operations are those of products of matrices and convolutions, a multiplication with its addition being two; bytes those
that have to be moved whatever is fused: weights, inputs and outputs. The bound is the larger of operations at the rate
of a large sgemm and bytes at that of a large copy or sum, both measured in turn with the model; the best of all rounds,
of each. Goal: 60 % of the sgemm rate or more, or why not.
"""
WHY = """
Why some are below, by ONNX Runtime's profiler: the share of the time that goes into products at all, the rate that
these reach by themselves, how large they are on average (the sgemm has 2,147 MFLOP; small matrices do not fill
registers and caches), and what takes the rest. `unfused` is the bound for a runtime that moves what every operator
reads and writes through memory. The parser's products are of small whole numbers, not of float32: sgemm is a yardstick
for it, and no bound.
"""
GPU_HEAD = """
Computed, not measured: the bound of each model on GPUs, milliseconds, from the peaks that their maker publishes. No
program reaches it, and what is not a product (and starting each operator) comes on top. fp16: tensor cores, adding up
in float32, and half the bytes; of the parser the weights as they are.
"""
GOAL = 0.6
NAMED_OPERATORS = 4
"""How many operators are named for a model."""


def render_section(path: Path) -> str:
    """The section of RESULTS.md."""
    results = json.loads(path.read_text(encoding="utf-8"))
    gpus = results.pop("gpus")
    return "\n".join([TITLE, *_render_models(results), *_render_reasons(results), *_render_gpus(results, gpus)])


def _render_models(bundles: dict[str, Any]) -> Iterator[str]:
    yield HEAD.format(threads=next(iter(bundles.values()))["about"]["threads"])
    for name, bundle in bundles.items():
        about, rows = bundle["about"], bundle["models"]
        sgemm, bandwidth = (sorted(row[key] for row in rows)[len(rows) // 2] / 1e9 for key in ("sgemm", "bandwidth"))
        yield f"* {name}: commit {about['commit']}, on {about['machine']}; threads used: {about['threads']};"
        yield f"  sgemm {sgemm:,.0f} GFLOP/s, memory {bandwidth:.1f} GB/s"
    yield ""
    yield "| bundle | model | for | GFLOP | MB | measured, ms | bound, ms | of the bound | of sgemm | goal |"
    yield "|---|---|---|---:|---:|---:|---:|---:|---:|---|"
    for name, row in _rows(bundles):
        goal = "" if row["role"] == "parser" else "met" if row["of_sgemm"] >= GOAL else "missed, see below"
        numbers = (
            _format(row["flops"] / 1e9), _format(row["bytes"] / 1e6), _format(row["ms"]), _format(row["bound_ms"]),
            f"{row['of_bound']:.0%}", f"{row['of_sgemm']:.0%}",
        )  # fmt: skip
        yield f"| {name} | {_title(row)} | {row['batch']} | {' | '.join(numbers)} | {goal} |"


def _render_reasons(bundles: dict[str, Any]) -> Iterator[str]:
    yield WHY
    yield "| bundle | model | products | at, of sgemm | MFLOP each | unfused, ms | other operators | between them |"
    yield "|---|---|---:|---:|---:|---:|---|---:|"
    for name, row in _rows(bundles):
        if row["role"] != "parser" and row["of_sgemm"] < GOAL:
            ms, others = row["ms"], row["others_ms"]
            between = max(0.0, ms - row["products_ms"] - sum(others.values()))
            cells = (
                f"{row['products_ms'] / ms:.0%}", f"{row['products_of_sgemm']:.0%}",
                _format(row["flops"] / row["products"] / 1e6), _format(row["bound_unfused_ms"]),
                ", ".join(f"{operator} {spent / ms:.0%}" for operator, spent in [*others.items()][:NAMED_OPERATORS]),
                f"{between / ms:.0%}",
            )  # fmt: skip
            yield f"| {name} | {_title(row)} | {' | '.join(cells)} |"


def _render_gpus(bundles: dict[str, Any], gpus: list[dict[str, Any]]) -> Iterator[str]:
    yield GPU_HEAD
    yield f"| bundle | model | {' | '.join(gpu['name'] + ', fp32 | fp16' for gpu in gpus)} |"
    yield f"|---|---|{'---:|' * 2 * len(gpus)}"
    for name, bundle in bundles.items():
        totals = [0.0] * 2 * len(gpus)
        for row in bundle["models"]:
            cells = [row["gpus"][gpu["name"]][key] for gpu in gpus for key in ("fp32_ms", "fp16_ms")]
            totals = [total + cell for total, cell in zip(totals, cells, strict=True)]
            yield f"| {name} | {_title(row)} | {' | '.join(map(_format, cells))} |"
        yield f"| {name} | together | {' | '.join(map(_format, totals))} |"
    yield ""
    yield from (f"* {gpu['name']}: {gpu['source']}." for gpu in gpus)


def _rows(bundles: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from ((name, row) for name, bundle in bundles.items() for row in bundle["models"])


def _title(row: dict[str, Any]) -> str:
    return ROLES[row["role"]].title


def _format(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
