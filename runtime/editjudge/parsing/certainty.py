"""How sure the model was of each field of an intent, from the likelihoods of what it wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

import numpy as np

from editjudge.parsing.choices import ALSO, AT, END, Field
from editjudge.parsing.line import KINDS
from editjudge.parsing.writing import Choice, Written
from editjudge.settings import ParserSettings

SIZES = ("larger", "smaller")
PLACED = ("add", "move")
ENDS = (f" {AT}", f" {ALSO}", END)
"""What may come after the thing that is added or moved: only the first one places it."""


@dataclass(frozen=True)
class Certainty:
    """Of each field of an intent the probability, 0 to 1, that it is right, and that the whole intent is."""

    edit_type: float
    source: float
    target: float
    anchor: float
    size: float
    position: float
    whole: float

    def to_dict(self) -> dict[str, float]:
        return {name: round(value, 4) for name, value in asdict(self).items()}


SURE = Certainty(1, 1, 1, 1, 1, 1, 1)
UNSURE = Certainty(0, 0, 0, 0, 0, 0, 0)


def certainty(written: Written, part: int) -> Certainty:
    """That of a part of what was written, not calibrated.

    A field that follows from the kind of edit is as sure as it is that the edit is of such a kind: no size is
    asked for if it is neither larger nor smaller.
    """
    own = [choice for choice in written.choices if any(each[0] == part for each in choice.decides)]
    kinds = _kinds(own[0])
    kind = max(kinds, key=kinds.__getitem__)

    def of(*fields: Field) -> float:
        return _product(choice for choice in own[1:] if any((part, field) in choice.decides for field in fields))

    def among(is_such: Callable[[str], bool]) -> float:
        return sum(likely for each, likely in kinds.items() if is_such(each))

    alike = among(lambda each: (each in SIZES) == (kind in SIZES)) if kind in SIZES else kinds[kind]
    sized = among(lambda each: each == kind) if kind in SIZES else among(lambda each: each not in SIZES)
    placing = _product(choice for choice in own[1:] if choice.chosen in ENDS) if kind in PLACED else 1.0
    unplaced = among(lambda each: each not in PLACED)
    match kind:
        case "add" | "style":
            source, target = alike, of("target")
        case "move" | "larger" | "smaller":
            source = target = of("source")
        case "remove":
            source, target = of("source"), alike
        case "other":
            source = target = alike
        case "replace":
            source, target = of("source"), of("target")
        case _:
            source, target = of("source"), of("source", "target")
    return Certainty(
        edit_type=alike,
        source=source,
        target=target,
        anchor=placing * of("position", "anchor") if kind in PLACED else unplaced,
        size=sized,
        position=placing * of("position") if kind in PLACED else unplaced,
        whole=_product(own),
    )


def calibrated(raw: Certainty, settings: ParserSettings) -> Certainty:
    """Each probability put where it is right (Platt's scaling): sigmoid(slope x logit + offset), by field."""
    return Certainty(**{name: _platt(value, *getattr(settings, name)) for name, value in asdict(raw).items()})


def _platt(probability: float, slope: float, offset: float) -> float:
    bounded = min(max(probability, 1e-6), 1 - 1e-6)
    return float(1 / (1 + np.exp(-(slope * np.log(bounded / (1 - bounded)) + offset))))


def _kinds(choice: Choice) -> dict[str, float]:
    likely = np.exp(choice.likelihoods)
    return {kind: float(likely[choice.possible.index(f" {kind}")]) for kind in KINDS}


def _product(choices: Iterable[Choice]) -> float:
    return float(np.exp(sum(float(choice.likelihoods.max()) for choice in choices)))
