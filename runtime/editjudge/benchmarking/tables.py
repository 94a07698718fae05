"""What `bench` measured, in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from editjudge.benchmarking.cold_start import STEPS
from editjudge.benchmarking.latency import PARTS
from editjudge.utils.text import printable

ROWS = {
    "decode": "decoding both pictures",
    "parse": "parsing a new instruction",
    "total": "an edit, its instruction parsed before",
    **{part: f"  {part}" for part in PARTS},
}


def render_report(results: dict[str, Any]) -> RenderableType:
    """All sections. results: the JSON that `bench` prints."""
    measured = [results, *([results["compare"]] if results["compare"] else [])]
    lines: list[RenderableType] = [Text(_machine(results["machine"]), style="dim"), Text()]
    for result in measured:
        lines += [Text(printable(f"{result['name']}: milliseconds"), style="bold"), _times(result["ms"]), Text()]
    if results["compare"]:
        lines += [Text(_comparison(*measured), style="bold"), Text()]
    if results["throughput"]:
        lines += [Text("Edits a second, threads sharing a scorer, decoding included", style="bold")]
        lines += [_throughput(measured), *_differences(measured), Text()]
    for result in measured:
        if result["cold_start"]:
            lines += [Text(printable(line)) for line in _cold_start(result["name"], result["cold_start"])]
    return Group(*lines)


def summarize_machine(card: dict[str, Any]) -> str:
    """Processor, memory and GPUs."""
    gpus = "".join(f"; {gpu['name']}" for gpu in card["gpus"])
    size = f", {decimal(card['memory'])}" if card["memory"] else ""
    return printable(f"{card['cpu']}, {card['cores']} cores{size}{gpus}")


def _machine(card: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in card["packages"].items())
    return f"{summarize_machine(card)}\n{printable(card['os'])}; Python {card['python']}, {packages}"


def _times(milliseconds: dict[str, dict[str, float]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for column in ("mean", "p50", "p95", "p99", "n", "share"):
        table.add_column(column, justify="right")
    for name, label in ROWS.items():
        row = milliseconds[name]
        share = f"{row['mean'] / milliseconds['total']['mean']:.0%}" if name in PARTS else ""
        numbers = [format_number(row[column]) for column in ("mean", "p50", "p95", "p99")]
        table.add_row(label, *numbers, str(int(row["n"])), share, style="bold" if name == "total" else "")
    return table


def _comparison(first: dict[str, Any], second: dict[str, Any]) -> str:
    ratio = second["ratio"]
    return printable(
        f"{second['name']} takes {ratio['p50']:.2f} times as long for an edit as {first['name']} "
        f"({ratio['p5']:.2f} to {ratio['p95']:.2f}: the median, p5 and p95 of {int(first['ms']['total']['n'])} pairs)"
    )


def _throughput(measured: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("threads", justify="right")
    for result in measured:
        table.add_column(printable(result["name"]), justify="right")
        table.add_column("least to most", justify="right", style="dim")
    for rows in zip(*(result["throughput"]["levels"] for result in measured), strict=True):
        cells = [str(rows[0]["threads"])]
        for row in rows:
            cells += [
                format_number(row["per_second"]),
                f"{format_number(row['least'])} to {format_number(row['most'])}",
            ]
        table.add_row(*cells)
    return table


def _differences(measured: list[dict[str, Any]]) -> Iterator[Text]:
    for result in measured:
        if not result["throughput"]["same_scores"]:
            yield Text(printable(f"{result['name']} did not score an edit alike each time"), style="red")


def _cold_start(name: str, cold: dict[str, Any]) -> Iterator[str]:
    ms, memory = cold["ms"], cold["memory"]
    steps = ", ".join(f"{step} {ms[step] / 1000:.2f}" for step in STEPS)
    spread = f", {ms['least'] / 1000:.2f} to {ms['most'] / 1000:.2f} in {cold['n']} processes" if cold["n"] > 1 else ""
    yield f"{name}: cold start {ms['total'] / 1000:.2f} s{spread}"
    yield f"  {steps}; parsing {ms['parse'] / 1000:.2f} of it"
    if memory["most"]:
        loaded, scored, most = (decimal(memory[key]) for key in ("loaded", "scored", "most"))
        yield f"{name}: memory {loaded} once loaded, {scored} after the first score, {most} at most"


def format_number(value: float) -> str:
    """With the digits that a reader needs."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"
