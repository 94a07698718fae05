"""Metrics by embeddings of edits: the cosine of an edit, as one vector, and its instruction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from editjudge.image.vectors import cosine
from editjudge.metrics.base import MetricResult, MetricSpec
from editjudge.metrics.intents import asks_nothing
from editjudge.models.pair.edit_clip import EditClip
from editjudge.models.pair.encoder import EDIT_CLIP, VIFI_CLIP
from editjudge.models.pair.vifi_clip import VifiClip

if TYPE_CHECKING:
    from editjudge.metrics.context import EditContext

CUT, CONTRARY = "cut_short", "contrary"
NOT_MEASURED = {
    "out_of_domain": "Not measured: the bundle was not made for such pictures or words.",
    "not_english": "Not measured: the instruction is in another language than English.",
    "not_an_edit": "Not measured: the instruction asks for no edit that can be told.",
}
"""Why an edit has no number, by the flag of its score."""


@dataclass(frozen=True)
class VifiClipMetric:
    """The pair as a clip of two frames, against the instruction; whichever picture comes first, it is the same."""

    spec = MetricSpec(
        VIFI_CLIP,
        "ViFi-CLIP",
        "-1 to 1: how well both pictures, as a clip, fit the instruction; blind to their order",
        range=(-1.0, 1.0),
        aspect="both",
        roles=("clip_vision", "clip_text"),
    )

    def compute(self, context: EditContext) -> MetricResult:
        if context.instruction is None:
            return MetricResult(None, explanation="Not measured: there is no instruction in words.")
        encoder = context.models.model(VifiClip)
        if context.models.bundle.has(VIFI_CLIP):
            (edit,) = encoder.edits([(context.original, context.edited)])
        else:  # other metrics need the same features
            (edit,) = encoder.of_features(context.picture_features)
        (text,) = encoder.texts([context.instruction])
        return MetricResult(cosine(edit, text), flags=(CUT,) if encoder.is_cut(context.instruction) else ())


@dataclass(frozen=True)
class EditClipMetric:
    """The directed embedding of an edit against its instruction; its part is the same of the edit reversed."""

    spec = MetricSpec(
        EDIT_CLIP,
        "Edit CLIP",
        "-1 to 1: how well the edit, in its direction, fits the instruction",
        range=(-1.0, 1.0),
        aspect="both",
        roles=(EDIT_CLIP, f"{EDIT_CLIP}_text", f"{EDIT_CLIP}_tokenizer"),
    )

    def compute(self, context: EditContext) -> MetricResult:
        """None where the bundle was not made for the pictures or the words, or these ask for no edit."""
        if context.instruction is None:
            return MetricResult(None, explanation="Not measured: there is no instruction in words.")
        limit = _find_limit(context)
        if limit is not None:
            return MetricResult(None, flags=(limit,), explanation=NOT_MEASURED[limit])
        encoder = context.models.model(EditClip)
        edit, reverse = encoder.both_ways(context.original, context.edited)
        (text,) = encoder.texts([context.instruction])
        value, reversed_value = cosine(edit, text), cosine(reverse, text)
        flags = [CUT] if encoder.is_cut(context.instruction) else []
        is_edit = context.aligned.changes.kind == "edit"  # drift and noise may look like anything backwards
        if is_edit and reversed_value - value > context.models.bundle.settings(EDIT_CLIP).contrary:
            flags.append(CONTRARY)
        said = f"With its pictures exchanged, the edit has {reversed_value:.3f}."
        return MetricResult(value, {"reversed": reversed_value}, tuple(flags), explanation=said)


def _find_limit(context: EditContext) -> str | None:
    """The flag for why the edit cannot be compared with its instruction; None: it can, or nothing is known of it."""
    flags = set() if context.score is None else set(context.score.flags)
    if not all(asks_nothing(part.intent) for part in (context.task, *context.task.more)):
        flags.discard("not_an_edit")  # of a compound a part asks for one
    return next((flag for flag in NOT_MEASURED if flag in flags), None)
