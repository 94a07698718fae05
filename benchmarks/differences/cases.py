"""Pairs of pictures whose differences are known: photographs, labelled by eye, and what the studio renders."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.common.paths import DATA
from editjudge.image.decode import load_image
from editjudge.metrics.dice.difference import Change, Corners
from editjudge.parser.calibration import UNSURE
from editjudge.parser.result import ParseResult, Request
from editjudge.types import EditIntent, Image
from studio.differences.pair import LabelledPair

LABELS = DATA / "difference_kinds.jsonl"

Extent = Literal["local", "large", "whole"]


@dataclass(frozen=True)
class KnownDifference:
    """A difference as somebody sees it.

    Attributes:
        change: None where its kind cannot be told.
        box: x0, y0, x1, y1 in pixels of the original.
        coherent: Whether it was asked for; None where that cannot be told.
    """

    change: Change | None
    box: Corners
    coherent: bool | None


@dataclass(frozen=True, eq=False)
class DifferenceCase:
    """Two pictures, uint8[H, W, 3] of any size each, and all that differs between them.

    Attributes:
        request: What was asked for; None where nothing was.
        known: None where the differences cannot be told.
        drawn: The box that somebody drew around all that changed; None where nobody did.
        extent: How much that is of the picture.
    """

    original: Image
    edited: Image
    request: Request | None
    known: tuple[KnownDifference, ...] | None
    drawn: Corners | None = None
    extent: Extent | None = None


def read_photographs(folder: Path) -> list[DifferenceCase]:
    """The pairs of a folder as `benchmarks.drift.measure` reads it, with our labels of them."""
    labels = read_labels(LABELS)
    entries = [json.loads(line) for line in (folder / "pairs.jsonl").read_text(encoding="utf-8").splitlines()]
    return [
        DifferenceCase(
            load_image(folder / entry["original"]),
            load_image(folder / entry["edited"]),
            entry["instruction"],
            labels.get(entry["id"]),
            _corners(entry["box"]) if entry.get("box") else None,
            entry.get("extent"),
        )
        for entry in entries
    ]


def read_labels(path: Path) -> dict[str, tuple[KnownDifference, ...]]:
    """The differences by the pair's id, of those pairs where they can be told."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {
        row["id"]: tuple(
            KnownDifference(one["change"], _corners(one["box"]), one["coherent"]) for one in row["differences"]
        )
        for row in rows
        if row["tellable"]
    }


def convert_rendered(pairs: Iterable[LabelledPair]) -> Iterator[DifferenceCase]:
    """Pairs that the studio rendered or put together."""
    for pair in pairs:
        known = tuple(KnownDifference(change.change, change.box, change.coherent) for change in pair.changes)
        yield DifferenceCase(pair.original, pair.edited, state_request(pair.instruction, *pair.intents), known)


def state_request(instruction: str | None, *intents: EditIntent) -> Request | None:
    """What was asked for, as a parser that is never wrong would read it."""
    if not intents:
        return None
    return ParseResult(intents, (UNSURE,) * len(intents), confident=True, instruction=instruction)


def _corners(box: Sequence[float]) -> Corners:
    x0, y0, x1, y1 = box
    return float(x0), float(y0), float(x1), float(y1)
