"""Candidates of one edit: what each came to, and their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from editjudge.types import EditScore

T = TypeVar("T")


@dataclass(frozen=True)
class Ranked:
    """A candidate: its index in the order it was given, and its score, or why it has none in one sentence."""

    index: int
    score: EditScore | None
    error: str | None = None


def best_first(ranked: Iterable[Ranked]) -> list[Ranked]:
    """The best first, of equals the first given; those without a score last."""
    return sorted(ranked, key=lambda one: (one.score is None, -one.score.bpm if one.score else 0.0, one.index))


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of up to `size` items; an item is not asked for before its batch is."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
