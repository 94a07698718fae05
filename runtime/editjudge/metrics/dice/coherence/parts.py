"""What was asked for, part by part, and where its objects are in the small pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from editjudge.metrics.dice.coherence.fit import PartView
from editjudge.metrics.dice.coherence.looks import list_phrases, list_rivals, open_vocabulary
from editjudge.metrics.dice.regions.detect import DetectedRegions
from editjudge.metrics.grounding import Grounding, Region
from editjudge.metrics.intents import asks_nothing
from editjudge.types import Detections

if TYPE_CHECKING:
    from editjudge.metrics.context import EditContext

UNLOCATED = frozenset({"out_of_domain"})
"""The flags with which nothing that the models say of places and looks counts."""


def view_parts(context: EditContext, found: DetectedRegions) -> tuple[PartView, ...]:
    """The parts that say what is to change; none where nothing was asked for, or that cannot be told."""
    contexts = [one for one in (context, *context.more) if not asks_nothing(one.intent)]
    if not contexts:
        return ()
    observed = [one.observation for one in contexts]
    known = {flag for one in contexts if one.known for flag in one.known.flags}
    if not UNLOCATED.isdisjoint(known):
        return tuple(PartView(one.intent) for one in contexts)
    return tuple(
        PartView(
            one.intent,
            _shrink(observation.grounding, found.height, found.width),
            observation.features,
            open_vocabulary(context, [*list_phrases([one.intent]), *list_rivals(one.intent)]),
        )
        for one, observation in zip(contexts, observed, strict=True)
    )


def _shrink(where: Grounding, height: int, width: int) -> Grounding:
    """The places in small pictures of height x width; without masks, which nothing here looks at."""
    scale = np.array([width / where.width, height / where.height] * 2, np.float32)

    def shrink(found: Detections | None) -> Detections | None:
        return None if found is None else replace(found, boxes=found.boxes * scale)

    def place(region: Region | None) -> Region | None:
        detections = shrink(None if region is None else region.detections)
        return None if detections is None else Region(detections, np.zeros((len(detections), 0, 0), bool))

    return Grounding(place(where.original), place(where.edited), shrink(where.anchor), height, width, place(where.kept))
