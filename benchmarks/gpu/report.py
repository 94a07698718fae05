"""Puts what became of all parts into one file, and the table of them into another."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from typing import Any

from benchmarks.gpu.plan import PARTS, ROOT, GpuRun, read_json, write_json
from benchmarks.gpu.table import render_section

NOT_RUN = "not run"


def write_report(run: GpuRun) -> None:
    """Writes gpu.json and gpu.md into the folder of a run."""
    path = run.folder / "gpu.json"
    write_json(path, collect(run))
    section = run.folder / ".gpu.md.part"
    section.write_text(render_section(path), encoding="utf-8")
    section.replace(run.folder / "gpu.md")


def collect(run: GpuRun) -> dict[str, Any]:
    """{"about": {...}, "parts": {name: record of `runner.run_part`}}; parts that were not begun are among them."""
    parts = {name: _not_run(name) | (read_json(run.record(name)) or {}) for name in PARTS}
    about = {"commit": _commit(), "written": f"{datetime.now(UTC):%Y-%m-%d}", "rehearsed": run.rehearse}
    return {"about": about | parts["machine"]["results"], "parts": parts}


def _not_run(name: str) -> dict[str, Any]:
    title = PARTS[name].title
    return {"part": name, "title": title, "state": NOT_RUN, "reason": None, "seconds": None, "results": {}}


def _commit() -> str:
    """The commit that is checked out, and whether the sources differ from it; unknown without git."""
    commit = _git("rev-parse", "--short", "HEAD")
    if commit is None:
        return "unknown"
    changes = _git("status", "--porcelain", "--", ":/", ":!*.md", ":!benchmarks/data")
    return f"{commit} with changes that were not committed" if changes else commit


def _git(*arguments: str) -> str | None:
    try:
        result = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return result.stdout.strip() if result.returncode == 0 else None
