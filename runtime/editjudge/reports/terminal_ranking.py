"""A ranking in a terminal: a table where it is wide enough, else a list."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from editjudge.metrics.registry import EditScore
from editjudge.reports.candidates import Candidate, RankedEdit
from editjudge.reports.differences import describe_count
from editjudge.reports.terminal import DECISION_STYLES, SUB_SCORE_NAMES, render_intent, render_value
from editjudge.reports.wording import explain_order, has_number, name_decision
from editjudge.utils.text import printable

NARROW = 96
"""Columns under which a ranking is a list instead of a table."""
FILE_NAMES = 132
"""Columns from which a table has names of files besides what the candidates are known to be, and what changed."""


def render_ranking(console: Console, edit: RankedEdit) -> RenderableType:
    """The candidates of one edit in their order, and before them what must be read first of the best one."""
    first = edit.candidates[0]
    headline = Text.assemble((f"{printable(_title(first))}: ", "dim"), (printable(_news(first)), "bold"))
    return Group(headline, _render_order(console, edit))


def render_summary(console: Console, edit: RankedEdit) -> RenderableType:
    """One edit of the demo: what was asked and understood, the ranking, and what is said of the first and the last."""
    lines: list[RenderableType] = [Text(printable(edit.instruction), style="bold")]
    scores = [candidate.score for candidate in edit.candidates if candidate.score]
    lines += [render_intent(part.intent) for score in scores[:1] for part in score.parts]
    lines.append(_render_order(console, edit))
    titles = ("best", "worst") if scores and has_number(scores[0]) else ("first", "last")
    for title, score in zip(titles, scores[:1] + scores[1:][-1:], strict=False):
        lines.append(Text.assemble((f"{title}: ", "bold"), printable(score.headline)))
    return Group(*lines, Text())


def _render_order(console: Console, edit: RankedEdit) -> RenderableType:
    ranking = _list(edit) if console.width < NARROW else _table(edit, console.width)
    note = explain_order(edit.candidates)
    return Group(ranking, Text(note, style="dim")) if note else ranking


def _table(edit: RankedEdit, width: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", expand=False)
    known = any(candidate.quality for candidate in edit.candidates)
    texts = [*(["candidate"] if not known or width >= FILE_NAMES else []), *(["what it is"] if known else [])]
    measured = [candidate.score for candidate in edit.candidates if candidate.score and has_number(candidate.score)]
    numbers = ["BPM", *(SUB_SCORE_NAMES if measured else ()), "confidence"]
    changes = ["changes"] if width >= FILE_NAMES else []
    for name in ("", *texts, *numbers, "verdict", *changes, "flags"):
        right = not name or name in numbers
        table.add_column(name, justify="right" if right else "left", no_wrap=right, overflow="fold")
    for place, candidate in enumerate(edit.candidates, 1):
        names = {"candidate": candidate.name, "what it is": candidate.quality or ""}
        cells = [Text(printable(names[text])) for text in texts]
        table.add_row(str(place), *cells, *_cells(candidate, len(numbers) - 2, bool(changes)))
    return table


def _cells(candidate: Candidate, sub_scores: int, changes: bool) -> Iterator[Text]:
    """The score, so many of its parts (none or all), the confidence, the verdict, what changed, if that is to be told,
    and the flags."""
    score = candidate.score
    if score is None:
        yield from [Text("-")] * (3 + sub_scores + changes)
        yield Text(printable(candidate.failure), style="red")
        return
    yield Text(_number(score), style="bold")
    for row in score.sub_scores[:sub_scores]:
        yield render_value(row.name, row.value) if has_number(score) else Text("-")
    yield Text(f"{score.confidence:.2f}")
    yield _verdict(score)
    if changes:
        yield Text(describe_count(score))
    yield Text(_flag_names(score), style="dim")


def _list(edit: RankedEdit) -> Group:
    lines: list[RenderableType] = []
    for place, candidate in enumerate(edit.candidates, 1):
        score = candidate.score
        title = Text.assemble((f"{place}. ", "bold"), printable(_title(candidate)))
        if score is None:
            row = Text(printable(candidate.failure), style="red")
        else:
            title.append(f"  {_number(score)}  ", style="bold").append_text(_verdict(score))
            row = Text()
            for part in score.sub_scores if has_number(score) else ():
                row.append(f"{part.name}\N{NO-BREAK SPACE}", style="dim")
                row.append_text(render_value(part.name, part.value)).append("  ")
            row.append("confidence\N{NO-BREAK SPACE}", style="dim").append(f"{score.confidence:.2f}  ")
            row.append(_flag_names(score), style="dim")
        lines += [title, Padding(row, (0, 0, 0, 3))]
    return Group(*lines)


def _title(candidate: Candidate) -> str:
    return candidate.quality or candidate.name


def _news(candidate: Candidate) -> str:
    return candidate.score.headline if candidate.score else candidate.failure


def _number(score: EditScore) -> str:
    return f"{score.value:.2f}" if has_number(score) else "-"


def _verdict(score: EditScore) -> Text:
    probability = score.verdict.probability
    told = "" if probability is None else f" {probability:.2f}"
    return Text.assemble((name_decision(score), DECISION_STYLES[score.verdict.decision]), told)


def _flag_names(score: EditScore) -> str:
    return ", ".join(flag.replace("_", " ") for flag in score.flags)
