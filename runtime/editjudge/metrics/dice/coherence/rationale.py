"""Why a difference counts as asked for or not, in one sentence made of what was measured."""

from __future__ import annotations

from collections.abc import Iterator

from editjudge.metrics.dice.coherence.colours import find_colour
from editjudge.metrics.dice.coherence.fit import AWAY, HERE, SPATIAL, PartView, RegionFit
from editjudge.metrics.dice.difference import Change
from editjudge.metrics.intents import is_clearance
from editjudge.types import ALL, EditIntent

HAPPENED: dict[Change, str] = {
    "ADD": "something was added here",
    "REMOVE": "something was taken away here",
    "EDIT": "what is here looks otherwise",
}
KIND_OF: dict[str, str] = {
    "add": "an addition", "remove": "a removal", "replace": "a replacement", "color": "another colour",
    "texture": "another texture", "size": "another size", "move": "a move", "action": "another pose",
    "style": "another style", "other": "a change",
}  # fmt: skip
FITS, UNFIT = 0.2, -0.2
TURNED = 0.15
"""The change of the share of the asked colour from which it is told."""


def describe(change: Change, share: float, *, is_move: bool, is_unread: bool) -> str:
    """What happened in a place, where nothing was asked for, or where it could not be told what."""
    what = f"{HAPPENED[change]}, {_percent(share)} of the picture"
    move = "; it looks like one half of a move" if is_move else ""
    return _as_sentence(f"{what}{move}{'; what was asked for could not be told' if is_unread else ''}")


def justify(change: Change, part: PartView, fit: RegionFit, coherent: bool | None) -> str:
    """Why a difference counts as asked for or not.

    Args:
        change: Of what kind it is.
        part: The thing that it fits best of all that was asked for.
        fit: How.
        coherent: Whether it counts as asked for; None where that cannot be told.
    """
    reasons = [_judge_kind(part.intent, coherent), *_judge_place(change, part, fit), *_judge_looks(part, fit)]
    verdict = {True: "asked for", False: "not asked for", None: "whether it was asked for cannot be told"}[coherent]
    return _as_sentence(f"{verdict}: {HAPPENED[change]}, {'; '.join(reasons)}")


def _judge_kind(intent: EditIntent, coherent: bool | None) -> str:
    return f"{'and' if coherent else 'where'} {KIND_OF[intent.edit_type]} was asked for"


def _judge_place(change: Change, part: PartView, fit: RegionFit) -> Iterator[str]:
    intent, name = part.intent, _name(part.intent, change)
    if fit.kept >= HERE:
        yield f"it lies in {_quote(intent.keep)}, which was to stay as it was"
        return
    if intent.is_global:
        yield f"all but {_quote(intent.keep)} was to go" if is_clearance(intent) else "the whole picture was to change"
        return
    if part.where is None or not fit.found:
        yield f"the bundle did not find {_name_missing(part) or name}, so the place could not be judged"
    elif fit.inside >= HERE:
        yield f"it lies where {name} was found"
    else:
        yield f"it lies {'away from' if fit.inside < AWAY else 'partly beside'} {name}"
    if fit.stand < UNFIT:
        yield "what results does not stand where it should"
    if fit.size < UNFIT:
        yield "it has another size than it should" if intent.size == "unchanged" else f"it did not get {intent.size}"


def _judge_looks(part: PartView, fit: RegionFit) -> Iterator[str]:
    intent, name = part.intent, find_colour(part.intent.target, part.intent.source)
    if name is not None:
        turned = abs(fit.colour) >= TURNED
        yield (
            f"{_percent(abs(fit.colour))} {'more' if fit.colour > 0 else 'less'} of it is {name}"
            if turned
            else f"hardly more of it is {name}"
        )
    is_there = intent.is_global or fit.inside >= HERE  # the looks are those of what was named
    if part.where is not None and intent.edit_type not in SPATIAL and fit.look and is_there:
        yield "it looks as the words say" if fit.look >= FITS else "it does not look as the words say"


def _name(intent: EditIntent, change: Change) -> str:
    phrase = intent.source if change == "REMOVE" or intent.target is None else intent.target
    return _quote(phrase or intent.source or intent.target)


def _name_missing(part: PartView) -> str | None:
    """What was looked for in vain; None where that is not known."""
    flag = None if part.where is None else part.where.missing
    if flag is None:
        return None
    return _quote(part.intent.source if flag == "source_not_found" else part.intent.target)


def _quote(phrase: str | None) -> str:
    return "what was named" if phrase in (None, ALL) else f'"{phrase}"'


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %") if share >= 0.01 else "less than 1 %"


def _as_sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
