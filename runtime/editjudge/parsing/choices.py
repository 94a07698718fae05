"""What may come next in the line about an instruction (`line`): its own words, and a few of ours.

A phrase is a stretch of the instruction's words. Only what is painted is put together: the words of the source, with a
stretch in the place of some of them, or among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from editjudge.parsing.line import AND, BECOMES, KINDS, PLACED, PLACES
from editjudge.types import ALL

END = "\n"
"""What ends a line."""
PHRASE_WORDS, ACTION_WORDS = 6, 10
"""The most words in a phrase, and in what somebody does."""
PARTS = 4
"""The most parts of a compound."""

Field = Literal["edit_type", "source", "target", "anchor", "position"]
THEN, AT, ALSO = BECOMES.strip(), PLACED.strip(), AND.strip()
NO_SOURCE = frozenset({"add", "style"})


@dataclass(frozen=True)
class State:
    """A place between two words of a line. field: what the next word belongs to; part: of a compound, from 0."""

    field: Field = "edit_type"
    part: int = 0
    kind: str = ""
    written: tuple[str, ...] = ()  # the phrase, as far as it is written
    last: int | None = None  # which of the instruction's words was copied last; None: the stretch is yet to begin
    copied: int = 0  # words in the stretch
    source: tuple[str, ...] | None = None  # what is painted
    kept: int = 0  # how many of the source's words are dealt with
    closed: bool = False  # whether the stretch that is put into the source has ended

    @property
    def is_end(self) -> bool:
        return self.part < 0


DONE = State(part=-1)
"""After the end of a line."""


class Choices:
    """The words that may follow in a line about an instruction of these words (`words.words`)."""

    def __init__(self, said: Sequence[str]) -> None:
        self._forms = [dict.fromkeys((word, owner(word))) for word in said]

    def after(self, state: State, brief: bool = False) -> Iterator[tuple[str, State]]:
        """Each word that may come next, and where it leads. brief: only what ends the line soon."""
        if state.field == "edit_type":
            for kind in KINDS:
                field: Field = "target" if kind in NO_SOURCE else "source"
                yield kind, replace(state, kind=kind, field=field)
            return
        if state.field == "position" and not state.written:
            for place in PLACES:
                yield place, State("anchor", state.part, state.kind)
            return
        if state.kind == "other":
            yield from self._end(state, brief)
        elif state.source is not None:
            yield from self._painted(state, brief)
        else:
            yield from self._phrase(state, brief)

    def _phrase(self, state: State, brief: bool) -> Iterator[tuple[str, State]]:
        yield from self._copied(state, brief and bool(state.written))
        if state.field == "source" and not state.written:
            yield ALL, replace(state, written=(ALL,), last=len(self._forms), copied=1)
        if state.written or state.field == "anchor":
            yield from self._ended(state, brief)

    def _copied(self, state: State, brief: bool) -> Iterator[tuple[str, State]]:
        """The next word of a stretch, or any word to begin one with."""
        longest = ACTION_WORDS if state.kind == "action" and state.field == "target" else PHRASE_WORDS
        if state.last is None:
            following = range(len(self._forms))
        elif brief or state.copied == longest:
            return
        else:
            following = range(state.last + 1, min(state.last + 2, len(self._forms)))
        for index in following:
            for word in self._forms[index]:
                yield word, replace(state, written=(*state.written, word), last=index, copied=state.copied + 1)

    def _painted(self, state: State, brief: bool) -> Iterator[tuple[str, State]]:
        source, begun = state.source or (), state.last is not None
        if not state.closed:
            yield from self._copied(state, brief and begun)
        # A stretch may take the place of any words that follow, all of the rest included.
        skipped = range(state.kept, len(source)) if begun and not state.closed else range(state.kept, state.kept + 1)
        for index in skipped:
            if index < len(source):
                word = source[index]
                yield word, replace(state, written=(*state.written, word), kept=index + 1, closed=begun)
        if begun and (not state.closed or state.kept == len(source)):
            yield from self._end(state, brief)

    def _ended(self, state: State, brief: bool) -> Iterator[tuple[str, State]]:
        """What may come after a whole phrase."""
        match state.kind, state.field:
            case "replace" | "action", "source":
                yield THEN, State("target", state.part, state.kind)
            case "color" | "texture", "source":
                source = () if state.written == (ALL,) else state.written
                yield THEN, State("target", state.part, state.kind, source=source)
            case ("add", "target") | ("move", "source"):
                if not brief:
                    yield AT, State("position", state.part, state.kind)
                yield from self._end(state, brief)
            case _:
                yield from self._end(state, brief)

    def _end(self, state: State, brief: bool) -> Iterator[tuple[str, State]]:
        yield END, DONE
        if state.part + 1 < PARTS and not brief:
            yield ALSO, State(part=state.part + 1)


def owner(word: str) -> str:
    """A possessive without its ending; any other word as it is."""
    return word.removesuffix("'s")
