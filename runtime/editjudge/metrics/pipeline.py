"""The models in turn, over a batch of edited pictures: find the objects, segment them, embed what is to be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from editjudge.image.vectors import Vector
from editjudge.metrics.aligned_image import AlignedImage
from editjudge.metrics.grounding import Grounding, Region, leave_out
from editjudge.metrics.looking.detect import PhraseBoxes, detect_all, detect_edited
from editjudge.metrics.looking.looked_at import LookedAt
from editjudge.metrics.looking.segment import segment_all
from editjudge.metrics.task import EditTask, Feature, Features
from editjudge.models.clip import Clip
from editjudge.models.domain_probe import Domain
from editjudge.models.grounding_dino import Detector
from editjudge.models.model_set import ModelSet
from editjudge.models.sam import Segmenter
from editjudge.types import Boxes, Detections, Image, Masks
from editjudge.utils.timing import StageTimer

NEEDED_MODELS = (Detector, Segmenter, Clip, Domain)
"""The models that every edit needs, in the order in which they are opened."""


@dataclass(frozen=True)
class OriginalFeatures:
    """What depends on the original and the instruction alone; None: nothing of the kind was looked for.

    found: what the original shows of what is looked for in it. shown: of what is looked for in edited pictures, with
    masks; None where those are looked at whole.
    """

    source: Region | None
    anchor: Detections | None
    features: Features
    flags: tuple[str, ...]
    kept: Region | None = None
    found: PhraseBoxes = field(default_factory=dict)
    shown: Mapping[str, Region] | None = None


@dataclass(frozen=True)
class Observation:
    """What the models say of an edit: where its objects are, and the features of what is to be compared.

    looked_at: what of the edited picture they saw.
    """

    grounding: Grounding
    features: Features
    looked_at: LookedAt


def observe(
    models: ModelSet,
    task: EditTask,
    known: OriginalFeatures | None,
    edited: Sequence[AlignedImage],
    timer: StageTimer | None = None,
) -> tuple[OriginalFeatures, list[Observation]]:
    """Sends edited pictures through every model together, and the original with them where it is not known yet.

    Where edited pictures are looked at only where they changed, the original goes first, alone.

    Args:
        models: Opens the models.
        task: The original, and what is asked of it.
        known: What an earlier call returned for this task.
        edited: May be empty: then only the original is looked at.
        timer: Takes the time of each stage.
    """
    timer = timer or StageTimer()
    if known is None and edited and task.looks_whole is None:
        known, _ = observe(models, task, None, [], timer)
    pictures = [aligned.picture for aligned in edited]
    places, looked_at, original = _locate(models, task, known, edited, timer)
    clip, domain = models.model(Clip), models.model(Domain)
    with timer.stage("embed"):
        views = [task.views(picture, where) for picture, where in zip(pictures, places, strict=True)]
        if known is None:
            own_views = task.original_views(original.source, original.kept, whole=domain.probe is not None)
            *features, own = _embed(clip, [*views, own_views])
            texts = dict(zip(task.texts, _read(clip, list(task.texts.values())), strict=True))
            flags = domain.doubts(task.intent, task.picture, own.get("original_picture"), _best(original.source))
            known = replace(original, features={**own, **texts}, flags=(*flags, *task.flags))
        else:
            features = _embed(clip, views)
    return known, [
        Observation(where, {**known.features, **vectors}, seen)
        for where, vectors, seen in zip(places, features, looked_at, strict=True)
    ]


def _locate(
    models: ModelSet,
    task: EditTask,
    known: OriginalFeatures | None,
    edited: Sequence[AlignedImage],
    timer: StageTimer,
) -> tuple[list[Grounding], list[LookedAt], OriginalFeatures]:
    """Per edited picture where everything is, and what of it was looked at; and what the original shows."""
    with timer.stage("detect"):
        if known is None:
            found, shown, sightings = detect_all(models, task, edited)
        else:
            found, shown = known.found, None if known.shown is None else _undress(known.shown)
            sightings = detect_edited(models, task, found, shown, edited)
    anchor = known.anchor if known else _only_sure(found.get(task.anchor or ""))
    keep = _detections(known.kept) if known else _only_sure(found.get(task.keep or ""))
    source = _detections(known.source) if known else _spare(found.get(task.source or ""), keep)
    targets = [_spare(sighting.found.get(task.target or ""), keep) for sighting in sightings]
    compared = [_both_found(source, target) for target in targets]
    with timer.stage("segment"):
        own = [source if any(compared) or not targets else None, keep, *(shown or {}).values()] if known is None else []
        prompts = [
            _boxes(task.framing.choose_prompts(source, target) if masked else None)
            for target, masked in zip(targets, compared, strict=True)
        ]
        carried = known.shown.get(task.target or "") if known and known.shown else None
        prompted = list(zip(edited, prompts, strict=True))
        own_masks, masks = segment_all(models, task, [_boxes(one) for one in own], prompted, carried)
    if known is None:
        kept = _region(keep, own_masks[1])
        before = {
            name: Region(one, mask) for (name, one), mask in zip((shown or {}).items(), own_masks[2:], strict=True)
        }
        region = _region(source, own_masks[0], kept)
        known = OriginalFeatures(region, anchor, {}, (), kept, found, None if shown is None else before)
    height, width = task.picture.shape[:2]
    places = [
        Grounding(
            known.source, _region(target, mask, known.kept), anchor, height, width, known.kept,
            sighting.found.get(task.keep or ""),
        )
        for target, mask, sighting in zip(targets, masks, sightings, strict=True)
    ]  # fmt: skip
    return places, [sighting.looked_at for sighting in sightings], known


def _undress(regions: Mapping[str, Region]) -> PhraseBoxes:
    return {name: region.detections for name, region in regions.items()}


def _detections(region: Region | None) -> Detections | None:
    return None if region is None else region.detections


def _spare(found: Detections | None, keep: Detections | None) -> Detections | None:
    """What was found, without what is to stay."""
    return found if found is None or keep is None else leave_out(found, keep.boxes)


def _both_found(source: Detections | None, target: Detections | None) -> bool:
    """Whether whatever was looked for was found: else no sub-score needs a mask."""
    return all(found is None or len(found) for found in (source, target))


def _only_sure(found: Detections | None) -> Detections | None:
    """The anchor, or what is to stay, or nothing of it: as nothing is to happen to it, no pixel can confirm a box that
    the detector doubts."""
    return replace(found, boxes=found.boxes[:0], scores=found.scores[:0]) if found and found.is_weak else found


def _best(region: Region | None) -> float:
    """The detector's best score; 0 where nothing was found."""
    return float(region.detections.scores[0]) if region else 0.0


def _boxes(detections: Detections | None) -> Boxes:
    return np.zeros((0, 4), np.float32) if detections is None else detections.boxes


def _region(detections: Detections | None, masks: Masks, kept: Region | None = None) -> Region | None:
    """A region, less what is to stay.

    Masks not made from its own boxes, as the released code does it, are given to each box; so is none.
    """
    if detections is None:
        return None
    if len(masks) != len(detections):
        masks = np.broadcast_to(masks.any(axis=0), (len(detections), *masks.shape[1:]))
    region = Region(detections, masks)
    return region.without_pixels(kept.mask) if kept else region


def _read(clip: Clip, texts: list[str]) -> Sequence[Vector]:
    """The features of texts, of which there may be none."""
    return list(clip.texts(texts)) if texts else []


def _embed(clip: Clip, views: Sequence[Mapping[Feature, Image]]) -> list[dict[Feature, Vector]]:
    """The features of all views, in one batch."""
    flat = [image for view in views for image in view.values()]
    vectors = iter(clip.images(flat) if flat else ())
    return [{name: next(vectors) for name in view} for view in views]
