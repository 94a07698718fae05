"""How sure the model was of each field of an intent, from the likelihoods of what it wrote, and what is doubtful
however sure it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from editjudge.bundles.settings import ParserSettings
from editjudge.parser.decoding import DecodedLine, TokenChoice
from editjudge.parser.grammar import AT_SIGN, END, PLUS, Field
from editjudge.parser.intent_syntax import FOREIGN, KINDS
from editjudge.types import EditIntent

SIZE_KINDS = ("larger", "smaller")
POSITION_KINDS = ("add", "move")
ENDS = (f" {AT_SIGN}", f" {PLUS}", END)
"""What may come after the thing that is added or moved: only the first one gives it a position."""


LISTED = r"(?: ?,? ?(?:and|or|nor|plus|&) | ?, ?)(?:(?:the|a|an|my|his|her|their|our|your|its) )?"
"""What stands between two things of a list."""
AGAIN = re.compile(r"\bsame (?:for|with|to|on|goes)\b|\blikewise\b|\bditto\b")


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


def estimate_certainty(line: DecodedLine, part: int) -> Certainty:
    """Estimates the certainty of one part of a line, not calibrated.

    A field that follows from the kind of edit is as sure as it is that the edit is of such a kind: no size is
    asked for if it is neither larger nor smaller.
    """
    kind_choice, *choices = (choice for choice in line.choices if any(index == part for index, _ in choice.fields))
    likelihoods = np.exp(kind_choice.log_likelihoods)
    options = {
        option.strip(): float(likelihood) for option, likelihood in zip(kind_choice.options, likelihoods, strict=True)
    }
    probabilities = {name: options[name] for name in (*KINDS, FOREIGN) if name in options}
    kind = max(probabilities, key=probabilities.__getitem__)

    def of(*fields: Field) -> float:
        return _multiply(choice for choice in choices if any((part, field) in choice.fields for field in fields))

    def none_of(*names: str) -> float:
        return sum(probability for name, probability in probabilities.items() if name not in names)

    if kind in SIZE_KINDS:
        edit_type, size = sum(probabilities[name] for name in SIZE_KINDS), probabilities[kind]
    else:
        edit_type, size = probabilities[kind], none_of(*SIZE_KINDS)
    if kind in POSITION_KINDS:
        has_position = _multiply(choice for choice in choices if choice.best in ENDS)
        anchor, position = has_position * of("position", "anchor"), has_position * of("position")
    else:
        anchor = position = none_of(*POSITION_KINDS)
    match kind:
        case "add" | "style":
            source, target = edit_type, of("target")
        case "move" | "larger" | "smaller":
            source = target = of("source")
        case "remove":
            source, target = of("source"), edit_type
        case _ if kind in ("other", FOREIGN):
            source = target = edit_type
        case "replace":
            source, target = of("source"), of("target")
        case _:
            source, target = of("source"), of("source", "target")
    return Certainty(edit_type, source, target, anchor, size, position, whole=_multiply([kind_choice, *choices]))


def calibrate(raw: Certainty, settings: ParserSettings) -> Certainty:
    """Puts each probability where it is right (Platt's scaling): sigmoid(slope x logit + offset), by field."""
    return Certainty(**{name: scale(value, *getattr(settings, name)) for name, value in asdict(raw).items()})


def find_spared(intents: Sequence[EditIntent], text: str) -> set[int]:
    """Which parts have something go that the text lists among what is to stay: "except the cat and the dog".

    An intent has room for one thing that is kept, and the model takes the others for things to remove.
    """
    spared: set[int] = set()
    kept = None
    for index, intent in enumerate(intents):
        listed = rf"\b{re.escape(kept or '')}{LISTED}{re.escape(intent.source or '')}\b"
        if kept and intent.edit_type == "remove" and not intent.keep and re.search(listed, text):
            spared.add(index)
            kept = intent.source
        else:
            kept = intent.keep
    return spared


def is_doubtful(intents: Sequence[EditIntent], text: str) -> bool:
    """Whether what was read cannot be meant so, or leaves out what no intent can say.

    That is a complaint in the place of a wish ("too dark"), a thing that becomes itself, the adding of nothing, and
    what is to happen to another thing as well ("and the same for the door").
    """
    return AGAIN.search(text) is not None or any(map(_is_odd, intents))


def _is_odd(intent: EditIntent) -> bool:
    source, target = intent.source or "", intent.target or ""
    if intent.edit_type == "style":
        return target.startswith("too ")
    becomes_itself = intent.edit_type in ("replace", "color", "texture") and source == target
    return becomes_itself or (intent.edit_type == "add" and target.startswith(("no ", "not ")))


def scale(probability: float, slope: float, offset: float) -> float:
    """A probability with its logit times the slope, plus the offset."""
    bounded = min(max(probability, 1e-6), 1 - 1e-6)
    return float(1 / (1 + np.exp(-(slope * np.log(bounded / (1 - bounded)) + offset))))


def _multiply(choices: Iterable[TokenChoice]) -> float:
    return float(np.exp(sum(float(choice.log_likelihoods.max()) for choice in choices)))
