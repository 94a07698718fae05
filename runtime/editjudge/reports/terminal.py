"""Scores in a terminal: wide or narrow, coloured or piped."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from editjudge.metrics.flags import explain_flag
from editjudge.metrics.registry import SUB_SCORES, EditScore
from editjudge.reports.candidates import RankedEdit
from editjudge.reports.placement import describe_placements
from editjudge.types import EditIntent
from editjudge.utils.text import printable
from editjudge.utils.timing import STAGES

NARROW = 84
"""Columns under which a ranking is a list instead of a table."""
PARTS = [name for names in SUB_SCORES.values() for name in names]
COLOURS = dict(zip(PARTS, cycle(("magenta", "cyan", "yellow", "red", "green", "blue")), strict=False))


def render_score(console: Console, instruction: str, score: EditScore) -> RenderableType:
    """All that is to be said about one edit, in a panel."""
    length = max(4, min(36, console.width - 36))
    bar = _bar(console, score.value / 2, length)
    return Panel(
        Group(
            render_intent(score.intent),
            Text(),
            Text.assemble("BPM ", (f"{score.value:.2f}", "bold"), " of 2  ", (bar, "bold")),
            _sub_scores(console, score, length),
            Text(),
            Text(printable(score.explanation)),
            *render_flags(score.flags),
            Text(),
            Text(_footer(score), style="dim"),
        ),
        title=Text(_shorten(printable(instruction), max(10, console.width - 12)), style="bold"),
        title_align="left",
        width=min(console.width, 100),
    )


def render_intent(intent: EditIntent) -> Text:
    """The parsed intent in a line: "color: car → blue car"."""
    line = Text.assemble((f"{intent.edit_type}: ", "bold"))
    if intent.is_global:
        line.append(f"whole picture → {printable(intent.target or 'as asked')}")
    else:
        line.append(f"{printable(intent.source or 'nothing')} → {printable(intent.target or 'nothing')}")
    if intent.anchor:
        line.append(f", relative to {printable(intent.anchor)}")
    for name, value in (("position", intent.position), ("size", intent.size)):
        if value != "unchanged":
            line.append(f", {name} {value}")
    return line


def render_flags(flags: Sequence[str]) -> list[Text]:
    """A line for each flag: its name, and what it means."""
    return [Text.assemble((flag.replace("_", " "), "bold yellow"), f": {explain_flag(flag)}") for flag in flags]


def render_ranking(console: Console, edit: RankedEdit) -> RenderableType:
    """The candidates of one edit in their order."""
    return _list(edit) if console.width < NARROW else _table(edit)


def render_summary(console: Console, edit: RankedEdit) -> RenderableType:
    """One edit of the demo: what was asked and understood, the ranking, and why the first and the last are there."""
    lines: list[RenderableType] = [Text(printable(edit.instruction), style="bold")]
    scores = [candidate.score for candidate in edit.candidates if candidate.score]
    lines += [render_intent(score.intent) for score in scores[:1]]
    lines.append(render_ranking(console, edit))
    for title, score in zip(("best", "worst"), scores[:1] + scores[1:][-1:], strict=False):
        lines.append(Text.assemble((f"{title}: ", "bold"), printable(score.explanation)))
    return Group(*lines, Text())


def _table(edit: RankedEdit) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", expand=False)
    for name in ("", "candidate", "what it is", "BPM", *COLOURS, "flags"):
        right = name in ("", "BPM", *COLOURS)
        table.add_column(name, justify="right" if right else "left", no_wrap=right, overflow="fold")
    if not any(candidate.quality for candidate in edit.candidates):
        table.columns[2].header = ""
    for place, candidate in enumerate(edit.candidates, 1):
        file, quality = Text(printable(candidate.name)), Text(printable(candidate.quality or ""))
        score = candidate.score
        if score is None:
            table.add_row(
                str(place), file, quality, *["-"] * (1 + len(PARTS)), Text(printable(candidate.failure), style="red")
            )
            continue
        numbers = [Text(_number(part.value), style=COLOURS[part.name]) for part in score.parts]
        value, flags = Text(f"{score.value:.2f}", style="bold"), Text(_flag_names(score), style="dim")
        table.add_row(str(place), file, quality, value, *numbers, flags)
    return table


def _list(edit: RankedEdit) -> Group:
    lines: list[RenderableType] = []
    for place, candidate in enumerate(edit.candidates, 1):
        title = Text.assemble((f"{place}. ", "bold"), printable(candidate.quality or candidate.name))
        if candidate.score is None:
            row = Text(printable(candidate.failure), style="red")
        else:
            title.append(f"  {candidate.score.value:.2f}", style="bold")
            row = Text()
            for part in candidate.score.parts:
                row.append(f"{part.name}\N{NO-BREAK SPACE}", style="dim")
                row.append(_number(part.value), style=COLOURS[part.name]).append("  ")
            row.append(_flag_names(candidate.score), style="dim")
        lines += [title, Padding(row, (0, 0, 0, 3))]
    return Group(*lines)


def _sub_scores(console: Console, score: EditScore, length: int) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(4):
        grid.add_column(no_wrap=True)
    for part in score.parts:
        style = COLOURS[part.name]
        raw = "" if part.raw is None else f"raw {part.raw:.3f}"
        bar = Text(_bar(console, part.value, length), style=style)
        grid.add_row(part.name, Text(_number(part.value), style=style), bar, Text(raw, style="dim"))
    bar = Text(_bar(console, score.confidence, length), style="dim")
    grid.add_row("confidence", _number(score.confidence), bar)
    return grid


def _bar(console: Console, share: float | None, length: int) -> str:
    full, empty = ("#", ".") if console.options.ascii_only else ("█", "░")
    filled = round(length * min(max(share or 0.0, 0.0), 1.0))
    return full * filled + empty * (length - filled)


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"


def _flag_names(score: EditScore) -> str:
    return ", ".join(flag.replace("_", " ") for flag in score.flags)


def _footer(score: EditScore) -> str:
    times = ", ".join(f"{name} {score.timings_ms[name]:.0f}" for name in STAGES if score.timings_ms.get(name))
    where = f" on {describe_placements(score.models)}" if score.models else ""
    total = f"{score.timings_ms.get('total', 0.0):.0f} ms"
    return f"bundle {score.bundle}{where} · {total}" + (f" ({times})" if times else "")


def _shorten(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
