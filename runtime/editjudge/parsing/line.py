"""The line that the model writes about an instruction: intents as few tokens as they can be, and back.

    add TARGET [@ POSITION [ANCHOR]]        move SOURCE [@ POSITION [ANCHOR]]
    remove SOURCE                           larger SOURCE, smaller SOURCE
    replace SOURCE > TARGET                 color SOURCE > TARGET, texture SOURCE > TARGET
    action SOURCE > WHAT IT DOES            style TARGET
    other                                   LINE + LINE ... for a compound

A source that nothing names is "all". Phrases are words without punctuation (`words.words`), so the marks
are never part of one.
"""

from __future__ import annotations

from collections.abc import Sequence

from editjudge.types import ALL, POSITIONS, EditIntent, Position

KINDS = ("add", "remove", "replace", "color", "texture", "larger", "smaller", "move", "action", "style", "other")
"""The first word of a line; with a space before it, each is one token of Gemma's."""

BECOMES, PLACED, AND = " > ", " @ ", " + "
MARKS = frozenset(mark.strip() for mark in (BECOMES, PLACED, AND))
UNPLACED: Position = "unchanged"
PLACES: tuple[Position, ...] = tuple(place for place in POSITIONS if place != UNPLACED)

Intents = tuple[EditIntent, ...]
"""One intent, or the parts of a compound in the order in which they were asked for."""


def write(intents: Sequence[EditIntent]) -> str:
    """The line for these intents. Raises ValueError for some that no line can say, as an anchor without a position."""
    line = AND.join(_written(intent) for intent in intents)
    try:
        said = read(line)
    except ValueError:
        said = ()
    if said != tuple(intents):
        raise ValueError(f"no line says {', '.join(str(intent.to_dict()) for intent in intents) or 'nothing'}")
    return line


def read(line: str) -> Intents:
    """The intents that a line says. Raises ValueError for what is no line."""
    return tuple(_intent(clause) for clause in line.split(AND))


def _written(intent: EditIntent) -> str:
    source, target = intent.source or "", intent.target or ""
    match intent.edit_type:
        case "add":
            said = f"add {target}{_place(intent)}"
        case "move":
            said = f"move {source}{_place(intent)}"
        case "size":
            said = f"{intent.size} {source}"
        case "remove":
            said = f"remove {source}"
        case "action":
            said = f"action {source}{BECOMES}{target.removeprefix(f'{source} ')}"
        case "style":
            said = f"style {target}"
        case "other":
            said = "other"
        case kind:
            said = f"{kind} {source}{BECOMES}{target}"
    return said


def _place(intent: EditIntent) -> str:
    if intent.position == UNPLACED:
        return ""
    return f"{PLACED}{intent.position}" + (f" {intent.anchor}" if intent.anchor else "")


def _intent(clause: str) -> EditIntent:
    kind, _, rest = clause.partition(" ")
    match kind:
        case "add" | "move":
            thing, placed, place = rest.partition(PLACED)
            _check(clause, thing)
            anchor, position = _position(clause, place) if placed else (None, UNPLACED)
            meant = EditIntent(kind, None if kind == "add" else thing, thing, anchor, position=position)
        case "remove":
            _check(clause, rest)
            meant = EditIntent("remove", rest, None)
        case "larger" | "smaller":
            _check(clause, rest)
            meant = EditIntent("size", rest, rest, size=kind)
        case "replace" | "color" | "texture":
            old, _, new = rest.partition(BECOMES)
            _check(clause, old, new)
            meant = EditIntent(kind, old, new)
        case "action":
            actor, _, does = rest.partition(BECOMES)
            _check(clause, actor, does)
            meant = EditIntent("action", actor, does if actor == ALL else f"{actor} {does}")
        case "style":
            _check(clause, rest)
            meant = EditIntent("style", ALL, rest)
        case "other" if not rest:
            meant = EditIntent("other", ALL, None)
        case _:
            raise ValueError(f"{clause!r} begins with no kind of edit: {', '.join(KINDS)}")
    return meant


def _position(clause: str, place: str) -> tuple[str | None, Position]:
    """The anchor and the position that "near sofa" or "left" means."""
    word, spaced, anchor = place.partition(" ")
    position = next((each for each in PLACES if each == word), None)
    if position is None:
        raise ValueError(f"{clause!r} has no position after {PLACED.strip()}: {', '.join(PLACES)}")
    if spaced:
        _check(clause, anchor)
    return anchor or None, position


def _check(clause: str, *phrases: str) -> None:
    """Raises ValueError unless each phrase has words, single spaces between them, and no mark."""
    for phrase in phrases:
        said = phrase.split(" ")
        if "" in said or not MARKS.isdisjoint(said):
            raise ValueError(f"{clause!r} lacks a phrase, or has one with a mark or a space too many")
