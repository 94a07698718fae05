"""The rows of the speed-up's table: what is timed on both sides, in seconds of each turn, and the goals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.reporting import Figure
from benchmarks.speedup.record import SideRecord

PAPER, PHOTO_EDGE, PHOTO_LITE, REFERENCE = "paper", "photo-edge", "photo-lite", "reference"

Seconds = Callable[[SideRecord], float]
"""Takes a time from what is recorded of one side (SideRecord)."""


@dataclass(frozen=True)
class RatioRow:
    """A row of the table.

    Attributes:
        key: Its name for programs.
        bundle: That of editjudge.
        what: What is timed, in words.
        theirs: Seconds of the reference in each turn.
        mine: Seconds of editjudge in the same turns.
        goal: What the median ratio should reach.
    """

    key: str
    bundle: str
    what: str
    theirs: Sequence[float]
    mine: Sequence[float]
    goal: float | None = None

    @property
    def ratios(self) -> NDArray[np.float64]:
        return np.array(self.theirs) / np.array(self.mine)

    @property
    def figure(self) -> Figure:
        return Figure(self.key, f"{self.bundle}: {self.what}", float(np.median(self.ratios)), self.goal, unit=" x")


def list_rows(run: SideRecord) -> list[RatioRow]:
    goals = _goals(run["about"])
    return [replace(row, goal=goals.get(row.key)) for row in _rows(run["edits"], run["rankings"])]


def list_sides(record: SideRecord) -> list[str]:
    """Those of editjudge in a record."""
    return [name for name, side in record.items() if isinstance(side, dict) and name != REFERENCE]


def _rows(edits: list[SideRecord], rankings: list[SideRecord]) -> Iterator[RatioRow]:
    for name in list_sides(edits[0]):
        yield _row(name, "vision", "one edit, vision only", edits, _without_parse)
        # An edit that the small parser misread was another amount of work.
        understood = [record for record in edits if not record[name]["misread"]]
        small = "with the parse, editjudge's by Gemma 3 270M"
        if name == PAPER:
            if "paper_parse" in edits[-1][name]:  # it is measured last
                what = "one edit, with the parse, Gemma 2 9B in both"
                yield from _rows_by_kind(name, what, edits, _with_paper_parse)
            if understood:
                yield _row(name, "parse_small", small, understood, _with_parse)
        elif understood:
            yield from _rows_by_kind(name, f"one edit, {small}", understood, _with_parse)
        if rankings:
            count = rankings[0]["candidates"]
            yield _row(name, "rank", f"ranking {count}, per candidate, vision only", rankings, _without_parse)
            if name != PAPER and "parse" in rankings[0][name]:
                what = f"ranking {count}, per candidate, with one parse for all"
                mine = partial(_share_parse, count)
                yield _row(name, "rank_parse", what, rankings, _with_own_parse, mine=mine)
            if "further" in rankings[0][name]:
                what = "a further candidate, vision only"
                yield _row(name, "further", what, rankings, _without_parse, mine=_of_further)


def _rows_by_kind(name: str, what: str, edits: list[SideRecord], mine: Seconds) -> Iterator[RatioRow]:
    """All edits, and then each kind of them: they differ in how often the reference calls its language model."""
    yield _row(name, "parse", what, edits, _with_parse, mine=mine)
    for kind in dict.fromkeys(record["kind"] for record in edits):
        of_kind = [record for record in edits if record["kind"] == kind]
        calls = of_kind[0][REFERENCE]["calls"]["calls"]
        yield _row(name, f"parse_{kind}", f"of that, {kind}: {calls} calls", of_kind, _with_parse, mine=mine)


def _row(
    name: str, key: str, what: str, records: list[SideRecord], theirs: Seconds, *, mine: Seconds | None = None
) -> RatioRow:
    of_reference = [theirs(record[REFERENCE]) for record in records]
    return RatioRow(
        f"{_slug(name)}_{key}", name, what, of_reference, [(mine or theirs)(record[name]) for record in records]
    )


def _goals(about: SideRecord) -> dict[str, float]:
    """The median ratio that a row should reach, by its key."""
    if about["device"] == "cuda":
        return {"paper_vision": 1.3 if about["compiled"] else 6.0}
    return {
        "paper_vision": 2.0,
        "paper_parse": 10.0,
        "paper_rank": 4.0,
        "photo-edge_parse": 30.0,
        "photo-edge_local_parse": 30.0,
        "photo-lite_parse": 100.0,
        "photo-lite_local_parse": 100.0,
        "photo-lite_local_rank": 250.0,
        "photo-lite_local_rank_parse": 250.0,
    }


def _slug(name: str) -> str:
    return name.replace(" ", "_")


def _without_parse(side: SideRecord) -> float:
    return side["vision"]


def _with_parse(side: SideRecord) -> float:
    return side["told"]


def _with_own_parse(side: SideRecord) -> float:
    return side["vision"] + side["parse"]


def _share_parse(candidates: int, side: SideRecord) -> float:
    return side["vision"] + side["parse"] / candidates


def _of_further(side: SideRecord) -> float:
    return side["further"]


def _with_paper_parse(side: SideRecord) -> float:
    return side["vision"] + side["paper_parse"]
