"""Lists what changed between two pictures, with its kind, what it is, and whether it was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import editjudge
from editjudge.metrics.dice.coherence.judge import Coherence, judge_regions
from editjudge.metrics.dice.coherence.parts import view_parts
from editjudge.metrics.dice.coherence.rationale import describe, justify
from editjudge.metrics.dice.difference import CHANGES, Difference, DifferenceEvidence, PictureDifferences
from editjudge.metrics.dice.element import name_elements
from editjudge.metrics.dice.regions.detect import DetectedRegions

if TYPE_CHECKING:
    from editjudge.metrics.context import EditContext


def list_differences(context: EditContext) -> PictureDifferences:
    """The differences of an edit, the strongest first."""
    found, task, changes = context.regions, context.task, context.aligned.changes
    height, width = context.original.shape[:2]
    parts = view_parts(context, found) if found.regions else ()
    judged = judge_regions(found, parts, context.models.bundle.manifest.coherence)
    elements, reason = name_elements(context, found)
    left, _, right, _ = task.content.box
    return PictureDifferences(
        kind=changes.kind,
        alignment=changes.alignment.measure_drift(height, width, (right - left) / width),
        changed_share=changes.share,
        differences=tuple(_tell(context, index, judged[index], elements[index]) for index in range(len(judged))),
        left_out=found.left_out,
        element_reason=reason,
        unasked_share=_share_unasked(found, judged),
        detector=found.detector,
        flags=context.aligned.flags,
        bundle=context.models.bundle.name,
        version=editjudge.__version__,
        evidence=DifferenceEvidence(context.original, context.aligned.picture, _label(found), task.content),
    )


def _tell(context: EditContext, index: int, judged: Coherence | None, element: str | None) -> Difference:
    found, region = context.regions, context.regions.regions[index]
    change = CHANGES[int(region.kinds.argmax())]
    share = int(np.count_nonzero(region.mask)) / (found.height * found.width)
    partner = found.partners.get(index)
    if judged is None:
        rationale = describe(change, share, partner is not None)
    else:
        rationale = justify(change, judged.part, judged.fit, judged.coherent)
    return Difference(
        change=change,
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
    """Of the energy of all regions, the share that was not asked for; None where nothing was asked or changed."""
    told = [(region.energy, one.coherent) for region, one in zip(found.regions, judged, strict=True) if one is not None]
    if not told:
        return None
    return sum(energy for energy, coherent in told if not coherent) / sum(energy for energy, _ in told)


def _label(found: DetectedRegions) -> NDArray[np.uint8]:
    """uint8[h, w]: 1 more than the index of the difference that changed a pixel; of two, of the weaker one."""
    labels = np.zeros((found.height, found.width), np.uint8)
    for index, region in enumerate(found.regions, 1):
        labels[region.window][region.mask] = index
    return labels
