"""What `bench --target-ms` found, in a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from editjudge.benchmarking.tables import format_number, summarize_machine
from editjudge.benchmarking.waits import FRESH, FURTHER, WAYS
from editjudge.utils.text import printable

ROWS = {
    FRESH: "a fresh edit",
    FURTHER: "a further candidate",
}


def render_target(results: dict[str, Any]) -> RenderableType:
    """A sentence and a table for each bundle, and what there is to do. results: the JSON that `bench` prints."""
    lines: list[RenderableType] = [Text(summarize_machine(results["machine"]), style="dim")]
    for bundle in results["bundles"]:
        style = "green" if any(bundle["meets"].values()) else "red"
        lines += [Text(), Text(printable(bundle["sentence"]), style=style)]
        lines += [Text(printable(f"  {bundle['description']}"), style="dim"), _times(bundle["ms"])]
        lines += [Text(printable(bundle["commands"][way])) for way in WAYS if bundle["meets"][way]]
    if results["not_measured"]:
        lines += [Text("\nNot measured")]
    for bundle in results["not_measured"]:
        lines += [Text(printable(f"{bundle['name']}: {bundle['reason']}"))]
        lines += [Text(printable(f"  {bundle['description']}"), style="dim")] if bundle["description"] else []
    if results["advice"]:
        lines += [Text(), *(Text(printable(sentence)) for sentence in results["advice"])]
    return Group(*lines)


def _times(milliseconds: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("milliseconds", style="dim")
    looks = [name for name in milliseconds if name != "parse"]
    for column in ("p50", "p95", "n"):
        table.add_column(column, justify="right")
    rows = [(f"{label}, --look {look}", milliseconds[look][way]) for way, label in ROWS.items() for look in looks]
    for label, row in [*rows, ("parsing an instruction, a part of a fresh edit", milliseconds["parse"])]:
        table.add_row(label, format_number(row["p50"]), format_number(row["p95"]), str(int(row["n"])))
    return table
