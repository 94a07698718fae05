"""What may come next in the intent line about an instruction: the instruction's own words, and a few of ours.

A phrase is a stretch of the words of one sentence of the instruction. Only what is painted is put together: the words
of the source, with a stretch in the place of some of them, or among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from editjudge.parser.intent_syntax import AND, AT, BECOMES, BUT, FOREIGN, KEEPING, KINDS, PLACES
from editjudge.parser.words import Word
from editjudge.types import ALL

END = "\n"
"""What ends a line."""
ARROW, AT_SIGN, PLUS, DASH = BECOMES.strip(), AT.strip(), AND.strip(), BUT.strip()
PHRASE_WORDS, LONG_WORDS = 6, 10
"""The most words in a phrase, and in what somebody does or a style is; of a quote the first alone counts."""
PARTS = 8
"""The most parts of a compound. The line about one with more of them ends with a plus after these."""

Field = Literal["edit_type", "source", "target", "anchor", "position", "keep"]
NO_SOURCE = frozenset({"add", "style"})


@dataclass(frozen=True)
class State:
    """A place between two words of a line. `field` is what the next word belongs to, `part` that of a compound."""

    field: Field = "edit_type"
    part: int = 0
    kind: str = ""
    phrase: tuple[str, ...] = ()  # as far as it is written
    last: int | None = None  # which of the instruction's words was copied last; None: the stretch is yet to begin
    copied: int = 0  # words in the stretch, those of a quote after its first one not counted
    source: tuple[str, ...] | None = None  # what is painted
    passed: int = 0  # how many of the source's words are dealt with
    closed: bool = False  # whether the stretch that is put into the source has ended


START = State()
DONE = State(part=-1)
"""After the end of a line."""


class Grammar:
    """The words that may follow in a line about an instruction of these words (`words.find_words`)."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._words = words
        self._forms = [dict.fromkeys((word.text, strip_possessive(word.text))) for word in words]

    def next_words(self, state: State, brief: bool = False) -> Iterator[tuple[str, State]]:
        """Each word that may come next, and where it leads; if `brief`, only what ends the line soon."""
        if state.field == "edit_type" and not state.kind:
            for kind in KINDS:
                field: Field = "target" if kind in NO_SOURCE else "source"
                yield kind, replace(state, kind=kind, field=field)
            if state.part == 0:
                yield FOREIGN, replace(state, kind=FOREIGN)
        elif state.kind == FOREIGN:
            yield END, DONE
        elif state.field == "position":
            for place in PLACES:
                yield place, State("anchor", state.part, state.kind)
        elif state.kind == "other":
            yield from self._end_part(state, brief)
        elif state.source is not None:
            yield from self._paint(state, brief)
        else:
            yield from self._continue_phrase(state, brief)

    def _continue_phrase(self, state: State, brief: bool) -> Iterator[tuple[str, State]]:
        yield from self._copy(state, brief and bool(state.phrase))
        if state.field == "source" and not state.phrase:
            yield ALL, replace(state, phrase=(ALL,), last=len(self._forms), copied=1)
        if state.phrase or state.field == "anchor":
            yield from self._end_phrase(state, brief)

    def _copy(self, state: State, brief: bool) -> Iterator[tuple[str, State]]:
        """The next word of a stretch, or any word to begin one with."""
        longest = LONG_WORDS if state.kind in ("action", "style") and state.field == "target" else PHRASE_WORDS
        if state.last is None:
            following = range(len(self._forms))
        elif brief or not self._goes_on(state.last):
            return
        else:
            following = range(state.last + 1, state.last + 2)
        for index in following:
            copied = state.copied + (state.last is None or not self._is_quoted_on(index))
            if copied <= longest:
                for word in self._forms[index]:
                    yield word, replace(state, phrase=(*state.phrase, word), last=index, copied=copied)

    def _goes_on(self, index: int) -> bool:
        """Whether the sentence of a word has another one."""
        return index + 1 < len(self._words) and self._words[index].sentence == self._words[index + 1].sentence

    def _is_quoted_on(self, index: int) -> bool:
        """Whether a word is in the quote of the word before it."""
        quote = self._words[index].quote
        return quote is not None and quote == self._words[index - 1].quote

    def _paint(self, state: State, brief: bool) -> Iterator[tuple[str, State]]:
        source, begun = state.source or (), state.last is not None
        if not state.closed:
            yield from self._copy(state, brief and begun)
        # A stretch may take the place of any words that follow, all of the rest included.
        end = len(source) if begun and not state.closed else min(state.passed + 1, len(source))
        for index in range(state.passed, end):
            phrase = (*state.phrase, source[index])
            yield source[index], replace(state, phrase=phrase, passed=index + 1, closed=begun)
        if begun and (not state.closed or state.passed == len(source)):
            yield from self._end_part(state, brief)

    def _end_phrase(self, state: State, brief: bool) -> Iterator[tuple[str, State]]:
        """What may come after a whole phrase."""
        match state.kind, state.field:
            case "replace" | "action", "source":
                yield ARROW, State("target", state.part, state.kind)
            case "color" | "texture", "source":
                source = () if state.phrase == (ALL,) else state.phrase
                yield ARROW, State("target", state.part, state.kind, source=source)
            case ("add", "target") | ("move", "source"):
                if not brief:
                    yield AT_SIGN, State("position", state.part, state.kind)
                yield from self._end_part(state, brief)
            case _:
                yield from self._end_part(state, brief)

    def _end_part(self, state: State, brief: bool) -> Iterator[tuple[str, State]]:
        yield END, DONE
        if brief:
            return
        if state.kind in KEEPING and state.field != "keep":
            yield DASH, State("keep", state.part, state.kind)
        yield PLUS, State(part=state.part + 1) if state.part + 1 < PARTS else DONE


def strip_possessive(word: str) -> str:
    """A possessive without its ending; any other word as it is."""
    return word.removesuffix("'s")
