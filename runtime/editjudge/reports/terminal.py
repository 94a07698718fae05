"""A score in a terminal: wide or narrow, coloured or piped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from editjudge.metrics.flags import explain_flag
from editjudge.metrics.intents import asks_nothing
from editjudge.metrics.registry import SUB_SCORES, EditScore
from editjudge.reports.terminal_differences import render_short
from editjudge.reports.wording import (
    KINDS,
    describe_drift,
    describe_placements,
    describe_probability,
    explain_further,
    has_number,
    list_unmeasured,
    name_decision,
)
from editjudge.types import EditIntent
from editjudge.utils.text import printable
from editjudge.utils.timing import STAGES

SUB_SCORE_NAMES = [name for names in SUB_SCORES.values() for name in names]
COLOURS = dict(zip(SUB_SCORE_NAMES, cycle(("magenta", "cyan", "yellow", "red", "green", "blue")), strict=False))
DECISION_STYLES = {"accept": "bold green", "reject": "bold red", "unsure": "bold yellow", "not_judged": "bold"}


def render_score(console: Console, instruction: str, score: EditScore) -> RenderableType:
    """All that is to be said about one edit, in a panel, the headline first."""
    length = max(4, min(36, console.width - 36))
    further = explain_further(score)
    blocks: list[list[RenderableType]] = [
        [Text(printable(score.headline), style="bold")],
        [_verdict(score), *_drift(score)],
        list(_parts(score)),
        list(_numbers(console, score, length)),
        list(render_short(score)),
        [Text(printable(further))] if further else [],
        list(render_flags(score.flags)),
        [Text(_footer(score), style="dim")],
    ]
    lines: list[RenderableType] = []
    for block in filter(None, blocks):
        lines += [Text(), *block] if lines else block
    return Panel(
        Group(*lines),
        title=Text(_shorten(printable(instruction), max(10, console.width - 12)), style="bold"),
        title_align="left",
        width=min(console.width, 100),
    )


def render_intent(intent: EditIntent) -> Text:
    """The parsed intent in a line: "color: car → blue car"."""
    line = Text.assemble((f"{intent.edit_type}: ", "bold"))
    if asks_nothing(intent):
        line.append("no edit that can be told")
    elif intent.is_global:
        line.append(f"whole picture → {printable(intent.target or 'as asked')}")
    else:
        line.append(f"{printable(intent.source or 'nothing')} → {printable(intent.target or 'nothing')}")
    if intent.anchor:
        line.append(f", relative to {printable(intent.anchor)}")
    for name, value in (("position", intent.position), ("size", intent.size)):
        if value != "unchanged":
            line.append(f", {name} {value}")
    if intent.keep:
        line.append(f", keeping {printable(intent.keep)}")
    if intent.text:
        line.append(f", with the words “{printable(intent.text)}”")
    return line


def render_flags(flags: Sequence[str]) -> list[Text]:
    """A line for each flag: its name, and what it means."""
    return [Text.assemble((flag.replace("_", " "), "bold yellow"), f": {explain_flag(flag)}") for flag in flags]


def render_value(name: str, value: float | None) -> Text:
    """A sub-score as a number in its colour."""
    return Text("n/a" if value is None else f"{value:.2f}", style=COLOURS[name])


def _verdict(score: EditScore) -> Text:
    line = Text.assemble(("verdict: ", "dim"), (name_decision(score), DECISION_STYLES[score.verdict.decision]))
    probability = describe_probability(score)
    return line.append(f", {probability}" if probability else "").append(f"; the pictures show {KINDS[score.kind]}")


def _drift(score: EditScore) -> Iterator[Text]:
    drift = describe_drift(score)
    if drift:
        yield Text.assemble(("put back before comparing: ", "dim"), drift)


def _parts(score: EditScore) -> Iterator[RenderableType]:
    """What was asked for; of a compound, each part with its own scores."""
    if "parse" in score.left_out:
        yield Text("the instruction was not read", style="bold")
        return
    for part in score.parts:
        yield render_intent(part.intent)
        if len(score.parts) == 1:
            return
        row = Text()
        if has_number(score):
            for group, names in SUB_SCORES.items():
                for name in names:
                    row.append(f"{name}\N{NO-BREAK SPACE}", style="dim")
                    row.append_text(render_value(name, getattr(getattr(part, group), name))).append("  ")
        row.append(", ".join(flag.replace("_", " ") for flag in part.flags), style="yellow")
        if row:
            yield Padding(row, (0, 0, 0, 3))


def _numbers(console: Console, score: EditScore, length: int) -> Iterator[RenderableType]:
    """The score and its parts as bars; where there is no confidence in them, what was not measured."""
    if not has_number(score) or score.value is None:
        unmeasured = list_unmeasured(score)
        yield Text.assemble("BPM ", ("not measured", "bold"), f" ({', '.join(unmeasured)})" if unmeasured else "")
        return
    bar = draw_bar(console, score.value / 2, length)
    yield Text.assemble("BPM ", (f"{score.value:.2f}", "bold"), " of 2  ", (bar, "bold"))
    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(4):
        grid.add_column(no_wrap=True)
    for row in score.sub_scores:
        raw = "" if row.raw is None else f"raw {row.raw:z.3f}"
        bar = "" if row.value is None else draw_bar(console, row.value, length)
        grid.add_row(
            row.name, render_value(row.name, row.value), Text(bar, style=COLOURS[row.name]), Text(raw, style="dim")
        )
    bar = draw_bar(console, score.confidence, length)
    grid.add_row("confidence", f"{score.confidence:.2f}", Text(bar, style="dim"))
    yield grid


def draw_bar(console: Console, share: float, length: int) -> str:
    """A share, 0 to 1, of so many characters."""
    full, empty = ("#", ".") if console.options.ascii_only else ("█", "░")
    filled = round(length * min(max(share, 0.0), 1.0))
    return full * filled + empty * (length - filled)


def _footer(score: EditScore) -> str:
    times = ", ".join(f"{name} {score.timings_ms[name]:.0f}" for name in STAGES if score.timings_ms.get(name))
    where = f" on {describe_placements(score.models)}" if score.models else ""
    total = f"{score.timings_ms.get('total', 0.0):.0f} ms"
    return f"bundle {score.bundle}{where} · {total}" + (f" ({times})" if times else "")


def _shorten(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
