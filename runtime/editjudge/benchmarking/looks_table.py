"""What `bench --looked-at` found, in a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from editjudge.benchmarking.latency import PARTS
from editjudge.benchmarking.tables import format_number, summarize_machine
from editjudge.utils.text import printable


def render_looks(results: dict[str, Any]) -> RenderableType:
    """Sentences and the times by stage. results: the JSON that `bench` prints."""
    lines: list[RenderableType] = [Text(summarize_machine(results["machine"]), style="dim"), Text()]
    lines += [Text(printable(sentence), style="bold") for sentence in describe_looks(results)]
    return Group(*lines, Text(), _times(results["ms"]))


def describe_looks(results: dict[str, Any]) -> list[str]:
    """What it saves, what was looked at, and what became of the scores: a sentence each."""
    count, ratio = results["candidates"], results["ratio"]
    means = [format_number(results["ms"][look]["total"]["mean"]) for look in ("changes", "all")]
    measured = {name: change for name, change in results["largest_change"].items() if change is not None}
    if measured:
        name = max(measured, key=lambda each: measured[each])
        change = f"the largest change of a sub-score is {measured[name]:.3f} ({name})"
    else:
        change = "no sub-score was measured with both"
    in_windows = f", in {results['time_in_windows']:.2f} of the time" if results["in_windows"] else ""
    return [
        f"{results['name']}: looking only where pictures changed takes {results['time']:.2f} of the time of a "
        f"candidate, {means[0]} ms of {means[1]} on average ({ratio['p5']:.2f} to {ratio['p95']:.2f}: p5 and p95 of "
        f"{results['ms']['all']['total']['n']} pairs)",
        f"it looked at {results['share']:.2f} of what looking at all does: {results['in_windows']} of {count} "
        f"candidates in windows alone{in_windows}, {results['unseen']} not at all, {results['whole']} as a whole",
        f"{change}, sub-scores that only one look gives: {results['measured_by_one']}; the verdict is the same for "
        f"{results['same_verdicts']} of {count}",
    ]


def _times(milliseconds: dict[str, dict[str, dict[str, float]]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("mean milliseconds", style="dim")
    for column in ("all", "changes", "saved"):
        table.add_column(column, justify="right")
    for part in (*PARTS, "total"):
        every, near = (milliseconds[look][part]["mean"] for look in ("all", "changes"))
        row = [format_number(value) for value in (every, near, every - near)]
        table.add_row(part, *row, style="bold" if part == "total" else "")
    return table
