"""Lists what changed between two pictures, with its kind, what it is, and whether it was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import editjudge
from editjudge.metrics.dice.detect import DetectedRegions
from editjudge.metrics.dice.difference import CHANGES, Difference, DifferenceEvidence, PictureDifferences
from editjudge.metrics.dice.region import ChangedRegion

if TYPE_CHECKING:
    from editjudge.metrics.context import EditContext


def list_differences(context: EditContext) -> PictureDifferences:
    """The differences of an edit, the strongest first."""
    found, task, changes = context.regions, context.task, context.aligned.changes
    height, width = context.original.shape[:2]
    strongest = max((region.energy for region in found.regions), default=1.0)
    differences = []
    for index, region in enumerate(found.regions):
        differences.append(
            Difference(
                change=CHANGES[int(region.kinds.argmax())],
                element=None,
                box=task.to_original(region.box.tolist(), found.height, found.width),
                share=int(np.count_nonzero(region.mask)) / (found.height * found.width),
                confidence=region.confidence,
                coherent=None,
                coherence=None,
                rationale=_describe(region),
                partner=found.partners.get(index),
                energy=region.energy / strongest,
            )
        )
    left, _, right, _ = task.content.box
    return PictureDifferences(
        kind=changes.kind,
        alignment=changes.alignment.measure_drift(height, width, (right - left) / width),
        changed_share=changes.share,
        differences=tuple(differences),
        left_out=found.left_out,
        detector=found.detector,
        flags=context.aligned.flags,
        bundle=context.models.bundle.name,
        version=editjudge.__version__,
        evidence=DifferenceEvidence(context.original, context.aligned.picture, _label(found), task.content),
    )


def _label(found: DetectedRegions) -> NDArray[np.uint8]:
    """uint8[h, w]: 1 more than the index of the difference that changed a pixel; of two, of the weaker one."""
    labels = np.zeros((found.height, found.width), np.uint8)
    for index, region in enumerate(found.regions, 1):
        labels[region.window][region.mask] = index
    return labels


def _describe(region: ChangedRegion) -> str:
    return ""
