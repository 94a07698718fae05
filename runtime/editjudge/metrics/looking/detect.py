"""Detection in an original and in edited pictures: in these only in windows where they changed, if that is enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from editjudge.metrics.aligned_image import AlignedImage
from editjudge.metrics.looking.carry import carry_over
from editjudge.metrics.looking.looked_at import LookedAt
from editjudge.metrics.looking.plan import ChangedPlaces, LookPlan, plan_look
from editjudge.metrics.task import EditTask
from editjudge.models.grounding_dino import WINDOW_DETECTORS, Detector
from editjudge.models.model_set import ModelSet
from editjudge.models.windows.window import Window
from editjudge.types import Detections, Image

PhraseBoxes = Mapping[str, Detections]
"""What was found, by phrase."""


NO_BOXES = np.zeros((0, 4), np.float32)


@dataclass(frozen=True)
class Sighting:
    """What was found in an edited picture, and what of it was looked at."""

    found: PhraseBoxes
    looked_at: LookedAt


def detect_all(models: ModelSet, task: EditTask, edited: Sequence[AlignedImage]) -> tuple[PhraseBoxes, list[Sighting]]:
    """What an original shows; and what edited pictures do, which go through the model with it and are seen whole."""
    pictures = [task.picture, *(aligned.picture for aligned in edited)]
    own, *others = models.model(Detector).find(pictures, [task.phrases, *[task.edited_phrases] * len(edited)])
    looked_at = _look_whole(task, task.looks_whole)
    return _by_phrase(own), [Sighting(_by_phrase(other), looked_at) for other in others]


def detect_edited(
    models: ModelSet, task: EditTask, original: PhraseBoxes, edited: Sequence[AlignedImage]
) -> list[Sighting]:
    """What edited pictures show of what is looked for in them.

    Args:
        models: Opens the detectors.
        task: What is looked for.
        original: What the original shows of what is looked for in it.
        edited: The pictures.
    """
    if not task.edited_phrases:
        return [Sighting({}, _look_whole(task, None))] * len(edited)
    changed = list(map(ChangedPlaces.of, edited))
    plans = [_plan(models, task, original, places) for places in changed]
    sightings: list[Sighting | None] = [None] * len(edited)
    in_windows = _find_in_windows(models, task, edited, plans)
    for index, plan in enumerate(plans):
        if plan.windows:
            carried = _carry(task, original, in_windows[index], changed[index])
            boxes = tuple(_to_tuple(window) for window in plan.windows)
            looked_at = LookedAt(sum(window.cost for window in plan.windows), boxes)
            if carried is None:
                plans[index] = replace(plan, reason="what is there did not show in windows alone")
            else:
                sightings[index] = Sighting(carried, looked_at)
    whole = [index for index, sighting in enumerate(sightings) if sighting is None]
    pictures = [edited[index].picture for index in whole]
    every = models.model(Detector).find(pictures, [task.edited_phrases] * len(whole)) if whole else []
    for index, named in zip(whole, every, strict=True):
        looked_at = _look_whole(task, plans[index].reason, sum(window.cost for window in plans[index].windows))
        sightings[index] = Sighting(_by_phrase(named), looked_at)
    return [sighting for sighting in sightings if sighting is not None]


def _look_whole(task: EditTask, reason: str | None, tried: float = 0.0) -> LookedAt:
    """The whole of a picture, as far as anything is looked for in it; tried: what windows cost before."""
    if not task.edited_phrases:
        return LookedAt(0.0, (), "nothing is looked for in it")
    height, width = task.picture.shape[:2]
    return LookedAt(1.0 + tried, ((0.0, 0.0, float(width), float(height)),), reason)


def _plan(models: ModelSet, task: EditTask, original: PhraseBoxes, changed: ChangedPlaces) -> LookPlan:
    if task.looks_whole is not None:
        return LookPlan((), task.looks_whole)
    objects = np.concatenate([NO_BOXES, *(detections.boxes for detections in original.values())])
    detector = models.model(Detector)
    return plan_look(changed, objects, detector.seen_shape(task.picture.shape), detector.window_sizes)


def _find_in_windows(
    models: ModelSet, task: EditTask, edited: Sequence[AlignedImage], plans: Sequence[LookPlan]
) -> Mapping[int, list[tuple[Window, PhraseBoxes]]]:
    """Per edited picture what its windows show, in pixels of the picture; those of one size in one run."""
    by_place: dict[int, list[tuple[int, Window]]] = defaultdict(list)
    for index, plan in enumerate(plans):
        for window in plan.windows:
            by_place[window.place].append((index, window))
    in_windows: dict[int, list[tuple[Window, PhraseBoxes]]] = defaultdict(list)
    for place, windows in by_place.items():
        cuts: list[Image] = [window.cut(edited[index].picture) for index, window in windows]
        wholes = [edited[index].picture.shape[:2] for index, _ in windows]
        found = models.model(WINDOW_DETECTORS[place]).find(cuts, [task.edited_phrases] * len(cuts), wholes)
        for (index, window), named in zip(windows, found, strict=True):
            placed = [_place(detections, window, edited[index].picture) for detections in named]
            in_windows[index].append((window, _by_phrase(placed)))
    return in_windows


def _place(found: Detections, window: Window, picture: Image) -> Detections:
    """What was found in a window, in pixels of its picture; a box may reach beyond a window, but not beyond that."""
    height, width = picture.shape[:2]
    return replace(found, boxes=np.clip(window.to_picture(found.boxes), 0, np.array([width, height] * 2, np.float32)))


def _carry(
    task: EditTask, original: PhraseBoxes, in_windows: Sequence[tuple[Window, PhraseBoxes]], changed: ChangedPlaces
) -> PhraseBoxes | None:
    """What an edited picture shows by its windows; None where only a look at the whole can tell.

    What is looked for in edited pictures alone was nowhere in the original: where one did not change, it shows no
    result of an edit.
    """
    carried = {}
    for phrase in task.edited_phrases:
        before = original.get(phrase, Detections(phrase, NO_BOXES, NO_BOXES[:, 0]))
        seen = carry_over(before, [(window, found[phrase]) for window, found in in_windows], changed)
        if seen is None:
            return None
        carried[phrase] = seen
    return carried


def _by_phrase(found: Sequence[Detections]) -> PhraseBoxes:
    return {detections.phrase: detections for detections in found}


def _to_tuple(window: Window) -> tuple[float, float, float, float]:
    return float(window.x0), float(window.y0), float(window.x1), float(window.y1)
