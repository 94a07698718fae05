"""What `export_tools.measure` measured, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

TITLE = "## Our export beside optimum's"
HEAD = """
`python -m benchmarks.export_tools.measure FOLDER`, of commit {commit}, on {machine}.
Random weights at full size. Parity: the largest difference from PyTorch, on noise and on photographs. Time: that of a
picture on ONNX Runtime's CPU provider, as a share of ours, in turns. ORTOptimizer takes our graph as it is.
"""


def render_section(results: dict[str, Any]) -> str:
    """The section of RESULTS.md."""
    return "\n".join(_render(results))


def _render(results: dict[str, Any]) -> Iterator[str]:
    yield TITLE
    yield HEAD.format(**results["about"])
    yield "| model | by | parity | MB | nodes | time | used in a build |"
    yield "|---|---|---:|---:|---:|---:|---|"
    for model, row in results.items():
        if model != "about":
            for tool, figures in row["figures"].items():
                yield _render_row(model, tool, figures, row)


def _render_row(model: str, tool: str, figures: dict[str, Any], row: dict[str, Any]) -> str:
    if "refused" in figures:
        return f"| {model} | {tool} | refused: {figures['refused'].splitlines()[0]} | | | | |"
    time = figures["ms"] / row["figures"]["ours"]["ms"]
    nodes = f"{figures['nodes']:,}" if "nodes" in figures else ""
    used = row["used"] if tool == "ours" else ""
    numbers = f"{figures['parity']:.1e} | {figures['bytes'] / 1e6:.0f} | {nodes} | {time:.2f}"
    return f"| {model} | {tool} | {numbers} | {used} |"
