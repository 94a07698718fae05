"""What every benchmark prints: a table for people, then one line of JSON for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import track
from rich.table import Table

T = TypeVar("T")
WIDTH = 120


@dataclass(frozen=True)
class Figure:
    """A measured number.

    Attributes:
        key: Its name for programs.
        what: Its name for people.
        value: The number.
        goal: What it should reach; None: it is for information only.
        at_least: Whether the goal is a lower bound, else an upper one.
        unit: Printed after the number.
    """

    key: str
    what: str
    value: float
    goal: float | None = None
    at_least: bool = True
    unit: str = ""

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    @property
    def goal_text(self) -> str:
        return "" if self.goal is None else f"{'≥' if self.at_least else '≤'} {self.goal:g}{self.unit}"

    @property
    def value_text(self) -> str:
        if isinstance(self.value, int):
            return f"{self.value:,}{self.unit}"
        return f"{self.value:.0f}{self.unit}" if abs(self.value) >= 10 else f"{self.value:.3f}{self.unit}"

    @property
    def verdict(self) -> str:
        return {None: "", True: "met", False: "missed"}[self.met]


def show(title: str, figures: Sequence[Figure], **context: Any) -> None:
    """Prints the table, and the JSON line {"benchmark", "figures": [...], ...context}."""
    table = Table(title=title, title_justify="left")
    for column in ("what", "measured", "goal", ""):
        table.add_column(column, justify="left" if column in ("what", "") else "right")
    for figure in figures:
        table.add_row(figure.what, figure.value_text, figure.goal_text, figure.verdict)
    Console(width=WIDTH).print(table)
    entries = [{**asdict(figure), "value": round(figure.value, 4)} for figure in figures]
    print(json.dumps({"benchmark": title, "figures": entries, **context}, ensure_ascii=False))


def share(outcomes: Sequence[bool]) -> float:
    """The share that is true; NaN where there is none."""
    return sum(outcomes) / len(outcomes) if outcomes else float("nan")


def progress(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    """The items, with a progress bar on stderr."""
    yield from track(items, description=label, total=total, console=Console(stderr=True), transient=True)


def put_section(results: Path, section: str) -> None:
    """Puts a section, which begins with its "## " title, into a Markdown file.

    It replaces the section of the same title, or comes last where there is none; the rest of the file stays as it is.
    """
    before, new = results.read_text(encoding="utf-8").rstrip(), section.strip()
    older = re.compile(rf"^{re.escape(new.splitlines()[0])}$.*?(?=\n+## |\Z)", re.DOTALL | re.MULTILINE)
    after, replaced = older.subn(lambda _: new, before)
    results.write_text((after if replaced else f"{before}\n\n{new}") + "\n", encoding="utf-8")
