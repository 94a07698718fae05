"""What an intent leaves unsaid, whether it makes sense, and the texts that pictures are compared with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from editjudge.errors import InstructionError
from editjudge.image.vectors import Vector
from editjudge.types import ALL, EditIntent

if TYPE_CHECKING:
    from editjudge.metrics.looking.framing import Framing
    from editjudge.metrics.task import Feature, Features


def complete(intent: EditIntent) -> EditIntent:
    """The intent with the target that a move, another size and the like leave unsaid: the source itself.

    Raises InstructionError for one that names nothing.
    """
    source, target, anchor, keep = (
        (phrase or "").strip() or None for phrase in (intent.source, intent.target, intent.anchor, intent.keep)
    )
    if source is None and target is None:
        raise InstructionError("the instruction names nothing to look for; say what is to be changed into what")
    if target is None and source != ALL and intent.edit_type != "remove":
        target = source
    return replace(intent, source=source, target=target, anchor=anchor, keep=keep)


def contradicts_itself(intent: EditIntent) -> bool:
    """Whether an intent cannot be meant as it is, as when the parser misread the instruction."""
    source, target = intent.source, intent.target
    if source is not None and source == intent.keep:
        return True
    return {
        "size": intent.size == "unchanged",
        "move": intent.position == "unchanged",
        "add": source is not None,
        "remove": target is not None,
    }.get(intent.edit_type, source == target and not intent.is_global)


def asks_nothing(intent: EditIntent) -> bool:
    """Whether no edit can be told from an intent, as from that of a question or of another language."""
    return intent.edit_type == "other" and {intent.source, intent.target} <= {None, ALL}


def is_clearance(intent: EditIntent) -> bool:
    """Whether all is to be removed but what is named."""
    return intent.is_global and intent.edit_type == "remove" and intent.keep is not None


def choose_texts(intent: EditIntent, framing: Framing, instruction: str | None) -> dict[Feature, str]:
    """What the features "source" and "target" are made of. Raises InstructionError where there is nothing for them."""
    if (asks_nothing(intent) and framing.needs_an_edit) or (is_clearance(intent) and framing.spares):
        return {}
    if intent.is_global:
        wanted = framing.describe_global(instruction, None if intent.target == ALL else intent.target)
        if not wanted:
            raise InstructionError("the intent of a global edit must name a target, for want of an instruction")
        return {"target": wanted}
    named: dict[Feature, str | None] = {"source": intent.source, "target": intent.target}
    return {name: phrase for name, phrase in named.items() if phrase is not None}


def text_direction(intent: EditIntent, features: Features) -> Vector:
    """float32[D]: from the source's text to the target's; of an add the target's, of a remove the source's reversed."""
    if intent.source is None:
        return features["target"]
    if intent.target is None:
        return -features["source"]
    return features["target"] - features["source"]
