"""Scores in a terminal: wide or narrow, coloured or piped."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from editjudge import flags
from editjudge.judged import Candidate, Judged, parts, printable
from editjudge.placed import placed
from editjudge.types import EditIntent, EditScore
from editjudge.watch import STAGES

NARROW = 84
"""Columns under which a ranking is a list instead of a table."""
COLOURS = {"modify": "magenta", "preserve": "cyan", "position": "yellow", "size": "red"}


def score_panel(console: Console, instruction: str, score: EditScore) -> RenderableType:
    """All that is to be said about one edit."""
    length = max(4, min(36, console.width - 36))
    return Panel(
        Group(
            intent_text(score.intent),
            Text(),
            Text.assemble(
                "BPM ", (f"{score.bpm:.2f}", "bold"), " of 2  ", (_bar(console, score.bpm / 2, length), "bold")
            ),
            _sub_scores(console, score, length),
            Text(),
            Text(printable(score.explanation)),
            *_flag_lines(score),
            Text(),
            Text(_footer(score), style="dim"),
        ),
        title=Text(_shortened(printable(instruction), max(10, console.width - 12)), style="bold"),
        title_align="left",
        width=min(console.width, 100),
    )


def intent_text(intent: EditIntent) -> Text:
    """The parsed intent in a line: "color: car → blue car"."""
    shown = Text.assemble((f"{intent.edit_type}: ", "bold"))
    if intent.is_global:
        shown.append(f"whole picture → {printable(intent.target or 'as asked')}")
    else:
        shown.append(f"{printable(intent.source or 'nothing')} → {printable(intent.target or 'nothing')}")
    if intent.anchor:
        shown.append(f", relative to {printable(intent.anchor)}")
    for name, value in (("position", intent.position), ("size", intent.size)):
        if value != "unchanged":
            shown.append(f", {name} {value}")
    return shown


def ranking(console: Console, judged: Judged) -> RenderableType:
    """The candidates of one input in their order."""
    return _list(console, judged) if console.width < NARROW else _table(judged)


def summary(console: Console, judged: Judged) -> RenderableType:
    """One input of the demo: what was asked and understood, the ranking, and why the first and the last are there."""
    lines: list[RenderableType] = [Text(printable(judged.instruction), style="bold")]
    scores = [each.score for each in judged.candidates if each.score is not None]
    lines += [intent_text(score.intent) for score in scores[:1]]
    lines.append(ranking(console, judged))
    for title, score in zip(("best", "worst"), scores[:1] + scores[1:][-1:], strict=False):
        lines.append(Text.assemble((f"{title}: ", "bold"), printable(score.explanation)))
    return Group(*lines, Text())


def _table(judged: Judged) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", expand=False)
    for name in ("", "candidate", "what it is", "BPM", "modify", "preserve", "position", "size", "flags"):
        right = name in ("", "BPM", *COLOURS)
        table.add_column(name, justify="right" if right else "left", no_wrap=right, overflow="fold")
    known = any(each.quality for each in judged.candidates)
    table.columns[2].header = "what it is" if known else ""
    for place, each in enumerate(judged.candidates, 1):
        file, quality, rank = Text(printable(each.name)), Text(printable(each.quality or "")), Text(str(place))
        if each.score is None:
            table.add_row(rank, file, quality, "-", "-", "-", "-", "-", Text(_error(each), style="red"))
            continue
        numbers = [Text(_number(part.value), style=COLOURS[part.name]) for part in parts(each.score)]
        bpm = Text(f"{each.score.bpm:.2f}", style="bold")
        table.add_row(rank, file, quality, bpm, *numbers, Text(_flag_names(each.score), style="dim"))
    return table


def _list(console: Console, judged: Judged) -> Group:
    lines: list[RenderableType] = []
    for place, each in enumerate(judged.candidates, 1):
        title = Text.assemble((f"{place}. ", "bold"), printable(each.quality or each.name))
        if each.score is None:
            lines += [title, Padding(Text(_error(each), style="red"), (0, 0, 0, 3))]
            continue
        title.append(f"  {each.score.bpm:.2f}", style="bold")
        row = Text()
        for part in parts(each.score):
            row.append(f"{part.name}\N{NO-BREAK SPACE}", style="dim").append(
                _number(part.value), style=COLOURS[part.name]
            )
            row.append("  ")
        row.append(_flag_names(each.score), style="dim")
        lines += [title, Padding(row, (0, 0, 0, 3))]
    return Group(*lines)


def _sub_scores(console: Console, score: EditScore, length: int) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(4):
        grid.add_column(no_wrap=True)
    for part in parts(score):
        style = COLOURS[part.name]
        raw = "" if part.raw is None else f"raw {part.raw:.3f}"
        bar = Text(_bar(console, part.value, length), style=style)
        grid.add_row(Text(part.name), Text(_number(part.value), style=style), bar, Text(raw, style="dim"))
    grid.add_row(
        "confidence", _number(score.confidence), Text(_bar(console, score.confidence, length), style="dim"), ""
    )
    return grid


def _bar(console: Console, share: float | None, length: int) -> str:
    full, empty = ("#", ".") if console.options.ascii_only else ("█", "░")
    filled = round(length * min(max(share or 0.0, 0.0), 1.0))
    return full * filled + empty * (length - filled)


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"


def _flag_lines(score: EditScore) -> Sequence[Text]:
    return [Text.assemble((flag.replace("_", " "), "bold yellow"), f": {flags.meaning(flag)}") for flag in score.flags]


def _flag_names(score: EditScore) -> str:
    return ", ".join(flag.replace("_", " ") for flag in score.flags)


def _error(candidate: Candidate) -> str:
    return printable(candidate.error or "could not be scored")


def _footer(score: EditScore) -> str:
    times = ", ".join(f"{name} {score.timings_ms[name]:.0f}" for name in STAGES if score.timings_ms.get(name))
    where = f" on {placed(score.models)}" if score.models else ""
    total = f"{score.timings_ms.get('total', 0.0):.0f} ms"
    return f"bundle {score.bundle}{where} · {total}" + (f" ({times})" if times else "")


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
