"""Runs benchmarks and puts what they measure into benchmarks/RESULTS.md: figures, goals, command, machine and commit.

    python -m benchmarks.run                                # the short ones, and the tables of those that keep figures
    python -m benchmarks.run latency.soak --scores 10000    # one of the others

A section replaces the older one of the same title; the rest of the file stays as it was measured.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from benchmarks.common.paths import DATA, RESULTS
from benchmarks.common.provenance import commit, machine
from benchmarks.common.reporting import Figure, put_section
from benchmarks.full_size import table as full_size
from benchmarks.parsing import table as parsing
from benchmarks.roofline import table as roofline
from benchmarks.speedup import table as speedup

SHORT_ONES = (
    ("studio.models",),
    ("studio.order", "--inputs", "200"),
    ("latency.footprint", "--threads", "2"),
)
TABLES = {
    "parse.json": parsing.render_section,
    "speedup.json": speedup.render_section,
    "cost_model.json": roofline.render_section,
    "full_size.json": full_size.render_section,
}
"""The benchmarks behind these take long and are run apart from the others: their figures are kept in data/."""


def run(command: Sequence[str]) -> dict[str, Any]:
    """Runs a benchmark, passes on what it prints, and returns the line of JSON at the end of it."""
    module, *arguments = command
    result = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *arguments], stdout=subprocess.PIPE, text=True, check=False
    )
    *lines, last = result.stdout.strip().splitlines() or [""]
    print("\n".join(lines), flush=True)
    try:
        return json.loads(last)  # whatever the status: a goal that was missed is written down like any other
    except ValueError:
        result.check_returncode()
        raise


def render_section(command: Sequence[str], result: dict[str, Any]) -> str:
    """The result of a benchmark as Markdown.

    Beside the figures, a table for every {row: {column: number}} in it.
    """
    lines = [f"## {result['benchmark'].capitalize()}", ""]
    lines += [f"`python -m benchmarks.{' '.join(command)}`, of commit {commit()}, on {machine()}, {_today()}.", ""]
    lines += ["| what | measured | goal | |", "|---|---:|---:|---|"]
    for entry in result["figures"]:
        figure = Figure(**entry)
        lines.append(f"| {figure.what.strip()} | {figure.value_text} | {figure.goal_text} | {figure.verdict} |")
    for title, rows in result.items():
        if isinstance(rows, dict) and rows and all(isinstance(row, dict) for row in rows.values()):
            columns = dict.fromkeys(key for row in rows.values() for key in row)
            lines += ["", f"| {title.replace('_', ' ')} | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
            for name, row in rows.items():
                lines.append(f"| {name} | {' | '.join(_format(row.get(key)) for key in columns)} |")
    return "\n".join(lines)


def _format(value: float | None) -> str:
    return "" if value is None else str(value) if isinstance(value, int) else f"{value:.3f}"


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument(
        "command", nargs=argparse.REMAINDER, help="a script of this folder, such as latency.soak, and its arguments"
    )
    options = command_line.parse_args()
    for command in [options.command] if options.command else SHORT_ONES:
        put_section(RESULTS, render_section(command, run(command)))
    if not options.command:
        for name, render in TABLES.items():
            if (DATA / name).is_file():
                put_section(RESULTS, render(DATA / name))


if __name__ == "__main__":
    main()
