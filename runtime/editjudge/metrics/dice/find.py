"""Lists what changed between two pictures, with its kind, what it is, and whether it was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import editjudge
from editjudge.metrics.dice.coherence.fit import PartView
from editjudge.metrics.dice.coherence.judge import Coherence, CoherenceJudge
from editjudge.metrics.dice.coherence.looks import RegionLooks, list_phrases, look_at, open_vocabulary
from editjudge.metrics.dice.coherence.parts import view_parts
from editjudge.metrics.dice.coherence.rationale import describe, justify
from editjudge.metrics.dice.difference import Difference, DifferenceEvidence, PictureDifferences
from editjudge.metrics.dice.element import UNSURE, name_elements
from editjudge.metrics.dice.regions.detect import DetectedRegions
from editjudge.metrics.flags import FLAGS
from editjudge.metrics.task import NOTHING
from editjudge.models.coherence_net import CoherenceNet
from editjudge.models.domain_probe import Domain

if TYPE_CHECKING:
    from editjudge.metrics.context import EditContext

TOLD = 0.5
"""The share of what changed of which it must be known whether it was asked for, to say so of all."""


def list_differences(context: EditContext) -> PictureDifferences:
    """The differences of an edit, the strongest first."""
    found, task, changes = context.regions, context.task, context.aligned.changes
    height, width = context.original.shape[:2]
    parts = view_parts(context, found) if found.regions else ()
    unknown = _find_limit(context, parts) if found.regions else None
    looks = look_at(context, found) if found.regions and unknown is None else []
    judged = _open_judge(context).judge(found, parts, looks)
    elements = _name(context, looks, len(found.regions))
    if looks and not any(elements):
        unknown = UNSURE
    left, _, right, _ = task.content.box
    labels = _label(found)
    return PictureDifferences(
        kind=changes.kind,
        alignment=changes.alignment.measure_drift(height, width, (right - left) / width),
        changed_share=max(changes.share, float((labels > 0).mean())),
        differences=tuple(_tell(context, index, judged[index], elements[index]) for index in range(len(judged))),
        left_out=found.left_out,
        element_reason=unknown,
        unasked_share=_share_unasked(found, judged),
        detector=found.detector,
        flags=_list_flags(context),
        bundle=context.models.bundle.name,
        version=editjudge.__version__,
        evidence=DifferenceEvidence(context.original, context.aligned.picture, labels, task.content),
    )


def _list_flags(context: EditContext) -> tuple[str, ...]:
    """Those of the comparison, and where something was asked for, those of that and of what the bundle knows."""
    asked = context.known.flags if context.known else context.task.flags
    raised = {*context.aligned.flags, *(() if context.task.intent == NOTHING else asked)}
    return tuple(name for name in FLAGS if name in raised)


def _open_judge(context: EditContext) -> CoherenceJudge:
    bundle = context.models.bundle
    if not bundle.has("coherence"):
        return CoherenceJudge(None)
    return CoherenceJudge(context.models.model(CoherenceNet), bundle.settings("coherence").sure)


def _find_limit(context: EditContext, parts: Sequence[PartView]) -> str | None:
    """Why the bundle can say nothing of what is in the pictures; None: it can."""
    bundle, probe = context.models.bundle, context.models.model(Domain).probe
    if not bundle.has("elements"):
        return f"bundle {bundle.name} has no names of objects"
    located = any(part.where is not None for part in parts)
    if located or probe is None or probe.accepts(context.original_feature, context.original):
        return None
    return f"bundle {bundle.name} does not know pictures like these, and so has no names for what is in them"


def _name(context: EditContext, looks: Sequence[RegionLooks], count: int) -> list[str | None]:
    """The names of `count` regions, of which the first were looked at."""
    intents = [] if context.task.intent == NOTHING else [one.intent for one in (context, *context.more)]
    vocabulary = open_vocabulary(context, list_phrases(intents)) if looks else None
    if vocabulary is None:
        return [None] * count
    named = name_elements(looks, vocabulary, context.models.bundle.settings("elements").sure)
    return named + [None] * (count - len(named))


def _tell(context: EditContext, index: int, judged: Coherence | None, element: str | None) -> Difference:
    found, region = context.regions, context.regions.regions[index]
    share = int(np.count_nonzero(region.mask)) / (found.height * found.width)
    partner = found.partners.get(index)
    if judged is None:
        is_unread = context.task.intent != NOTHING
        rationale = describe(region.change, share, is_move=partner is not None, is_unread=is_unread)
    else:
        rationale = justify(region.change, judged.part, judged.fit, judged.coherent)
    return Difference(
        change=region.change,
        element=element,
        box=context.task.to_original(region.box.tolist(), found.height, found.width),
        share=share,
        confidence=region.confidence,
        coherent=None if judged is None else judged.coherent,
        coherence=None if judged is None else judged.probability,
        rationale=rationale,
        partner=partner,
        energy=region.energy / found.regions[0].energy,
    )


def _share_unasked(found: DetectedRegions, judged: Sequence[Coherence | None]) -> float | None:
    """Of the energy of all regions of which it can be told, the share that was not asked for; None where that is little
    of all, where nothing was asked, and where nothing changed."""
    decided = [None if one is None else one.coherent for one in judged]
    energies = list(zip((region.energy for region in found.regions), decided, strict=True))
    told = sum(energy for energy, coherent in energies if coherent is not None)
    if told <= TOLD * sum(energy for energy, _ in energies):
        return None
    return sum(energy for energy, coherent in energies if coherent is False) / told


def _label(found: DetectedRegions) -> NDArray[np.uint8]:
    """uint8[h, w]: 1 more than the index of the difference that changed a pixel; of two, of the weaker one."""
    labels = np.zeros((found.height, found.width), np.uint8)
    for index, region in enumerate(found.regions, 1):
        labels[region.window][region.mask] = index
    return labels
