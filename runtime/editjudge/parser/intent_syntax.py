"""The intent line that the model writes about an instruction: intents as few tokens as they can be, and back.

    add TARGET [@ POSITION [ANCHOR]]        move SOURCE [@ POSITION [ANCHOR]]
    remove SOURCE                           larger SOURCE, smaller SOURCE
    replace SOURCE > TARGET                 color SOURCE > TARGET, texture SOURCE > TARGET
    action SOURCE > WHAT IT DOES            style TARGET
    other                                   foreign, for what is not English
    LINE - KEEP, where KEEP is to stay      LINE + LINE ... for a compound

A source that nothing names is "all". Phrases are words without punctuation (`words.split_words`), so the marks
are never part of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from editjudge.types import ALL, POSITIONS, EditIntent, Position

KINDS = ("add", "remove", "replace", "color", "texture", "larger", "smaller", "move", "action", "style", "other")
"""The first word of what is said about an edit; with a space before it, each is one token of Gemma's."""
FOREIGN = "foreign"
"""The whole line about an instruction in another language."""
KEEPING = frozenset({"remove", "replace", "color", "texture", "style"})
"""The kinds of which an instruction may name what they spare."""

BECOMES, AT, AND, BUT = " > ", " @ ", " + ", " - "
MARKS = frozenset(mark.strip() for mark in (BECOMES, AT, AND, BUT))
NO_POSITION: Position = "unchanged"
PLACES: tuple[Position, ...] = tuple(position for position in POSITIONS if position != NO_POSITION)

Intents = tuple[EditIntent, ...]
"""One intent, or the parts of a compound in the order in which they were asked for."""


def format_line(intents: Sequence[EditIntent]) -> str:
    """The line for these intents. Raises ValueError for some that no line can say, as an anchor without a position."""
    line = AND.join(_format_intent(intent) for intent in intents)
    try:
        if parse_line(line) == tuple(intents):
            return line
    except ValueError:
        pass
    raise ValueError(f"no line says {', '.join(str(intent.to_dict()) for intent in intents) or 'nothing'}")


def parse_line(line: str) -> Intents:
    """The intents that a line says. Raises ValueError for what is no line."""
    if line == FOREIGN:
        return (EditIntent("other", ALL, None),)
    return tuple(_parse_intent(clause) for clause in line.split(AND))


def _format_intent(intent: EditIntent) -> str:
    source, target = intent.source or "", intent.target or ""
    match intent.edit_type:
        case "add":
            clause = f"add {target}{_format_position(intent)}"
        case "move":
            clause = f"move {source}{_format_position(intent)}"
        case "size":
            clause = f"{intent.size} {source}"
        case "remove":
            clause = f"remove {source}"
        case "action":
            clause = f"action {source}{BECOMES}{target.removeprefix(f'{source} ')}"
        case "style":
            clause = f"style {target}"
        case "other":
            clause = "other"
        case kind:
            clause = f"{kind} {source}{BECOMES}{target}"
    return clause if intent.keep is None else f"{clause}{BUT}{intent.keep}"


def _format_position(intent: EditIntent) -> str:
    if intent.position == NO_POSITION:
        return ""
    return f"{AT}{intent.position}" + (f" {intent.anchor}" if intent.anchor else "")


def _parse_intent(clause: str) -> EditIntent:
    said, but, keep = clause.partition(BUT)
    kind, _, rest = said.partition(" ")
    if but:
        _check_phrases(clause, keep)
        if kind not in KEEPING:
            raise ValueError(f"{clause!r} spares something, which only these do: {', '.join(sorted(KEEPING))}")
        return replace(_parse_intent(said), keep=keep)
    match kind:
        case "add" | "move":
            thing, at, place = rest.partition(AT)
            _check_phrases(clause, thing)
            anchor, position = _parse_position(clause, place) if at else (None, NO_POSITION)
            intent = EditIntent(kind, None if kind == "add" else thing, thing, anchor, position=position)
        case "remove":
            _check_phrases(clause, rest)
            intent = EditIntent("remove", rest, None)
        case "larger" | "smaller":
            _check_phrases(clause, rest)
            intent = EditIntent("size", rest, rest, size=kind)
        case "replace" | "color" | "texture":
            old, _, new = rest.partition(BECOMES)
            _check_phrases(clause, old, new)
            intent = EditIntent(kind, old, new)
        case "action":
            actor, _, action = rest.partition(BECOMES)
            _check_phrases(clause, actor, action)
            intent = EditIntent("action", actor, action if actor == ALL else f"{actor} {action}")
        case "style":
            _check_phrases(clause, rest)
            intent = EditIntent("style", ALL, rest)
        case "other" if not rest:
            intent = EditIntent("other", ALL, None)
        case _:
            raise ValueError(f"{clause!r} begins with no kind of edit: {', '.join(KINDS)}")
    return intent


def _parse_position(clause: str, place: str) -> tuple[str | None, Position]:
    """The anchor and the position that "near sofa" or "left" means."""
    word, space, anchor = place.partition(" ")
    position = next((position for position in PLACES if position == word), None)
    if position is None:
        raise ValueError(f"{clause!r} has no position after {AT.strip()}: {', '.join(PLACES)}")
    if space:
        _check_phrases(clause, anchor)
    return anchor or None, position


def _check_phrases(clause: str, *phrases: str) -> None:
    """Raises ValueError unless each phrase has words, single spaces between them, and no mark."""
    for phrase in phrases:
        words = phrase.split(" ")
        if "" in words or not MARKS.isdisjoint(words):
            raise ValueError(f"{clause!r} lacks a phrase, or has one with a mark or a space too many")
