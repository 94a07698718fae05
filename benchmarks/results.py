"""Runs benchmarks and puts what they measured into benchmarks/RESULTS.md: figures, goals, command, machine and commit.

python benchmarks/results.py                              # the short ones, and the tables of those that keep figures
python benchmarks/results.py soak.py --scores 10000       # one of the others

A section takes the place of the older one of its title; the rest of the file stays as it was measured.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cost_table import cost_model
from editjudge.machine import cpu_name, usable_cores
from full_size_table import full_size
from parse_table import parsed
from reporting import Figure, put_section
from speedup_table import speedup

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "RESULTS.md"
COMMANDS = (
    ("studio_models.py",),
    ("studio_order.py", "--inputs", "200"),
    ("footprint.py", "--threads", "2"),
)
TABLES = {
    "parse.json": parsed,
    "speedup.json": speedup,
    "cost_model.json": cost_model,
    "full_size.json": full_size,
}
"""Measured apart from the others, as each takes long: their figures are kept."""
PACKAGES = ("numpy", "onnxruntime", "opencv-python-headless", "llama-cpp-python")


def run(command: Sequence[str]) -> dict[str, Any]:
    """The JSON line that a benchmark prints last; what it prints before is shown."""
    script, *rest = command
    done = subprocess.run([sys.executable, str(HERE / script), *rest], stdout=subprocess.PIPE, text=True, check=True)
    *shown, line = done.stdout.strip().splitlines()
    print("\n".join(shown), flush=True)
    return json.loads(line)


def machine() -> str:
    """The processor, its cores that this process may use, and the packages that count."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{cpu_name()}, {usable_cores()} cores; Python {platform.python_version()}, {packages}"


def commit() -> str:
    """The commit that was measured, and whether the tree differed from it."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=HERE, capture_output=True, text=True, check=False).stdout.strip()

    others = git("status", "--porcelain", "--", ":/", ":!RESULTS.md", ":!data/*.json")  # what a benchmark itself writes
    changed = " with changes that were not committed" if others else ""
    return f"{git('rev-parse', '--short', 'HEAD') or 'unknown'}{changed}"


def section(command: Sequence[str], result: dict[str, Any]) -> str:
    """A benchmark as Markdown, with a table for each {row: {column: number}} that it tells beside its figures."""
    lines = [f"## {result['benchmark'].capitalize()}", ""]
    lines += [f"`python benchmarks/{' '.join(command)}`, of commit {commit()}, on {machine()}, {today()}.", ""]
    lines += ["| what | measured | goal | |", "|---|---:|---:|---|"]
    for entry in result["figures"]:
        one = Figure(**entry)
        lines.append(f"| {one.what.strip()} | {one.value_text} | {one.goal_text} | {one.verdict} |")
    for title, rows in result.items():
        if isinstance(rows, dict) and rows and all(isinstance(row, dict) for row in rows.values()):
            columns = dict.fromkeys(key for row in rows.values() for key in row)
            lines += ["", f"| {title.replace('_', ' ')} | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
            for name, row in rows.items():
                lines.append(f"| {name} | {' | '.join(_number(row.get(key)) for key in columns)} |")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "" if value is None else str(value) if isinstance(value, int) else f"{value:.3f}"


def today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("command", nargs=argparse.REMAINDER, help="a script of this folder and its arguments")
    asked = options.parse_args()
    for command in [asked.command] if asked.command else COMMANDS:
        put_section(RESULTS, section(command, run(command)))
    for data, table in TABLES.items() if not asked.command else ():
        if (HERE / "data" / data).is_file():
            put_section(RESULTS, table(HERE / "data" / data))


if __name__ == "__main__":
    main()
