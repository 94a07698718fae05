"""The stages in turn: pictures become scores. With `scorer`, which opens the models, what knows every stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

import editjudge
from editjudge import overall
from editjudge.bundle import Bundle
from editjudge.case import Case, Framed
from editjudge.detect import Detector
from editjudge.domain import Domain
from editjudge.embed import Embedder
from editjudge.explain import explain
from editjudge.judges import Feature, Features, Vector
from editjudge.located import Located
from editjudge.segment import Segmenter
from editjudge.types import Boxes, Detections, EditScore, Evidence, Image, Masks, Ran, Region
from editjudge.watch import Watch


@dataclass(frozen=True)
class Stages:
    """What looks at pictures, opened for one bundle."""

    bundle: Bundle
    detector: Detector
    segmenter: Segmenter
    embedder: Embedder
    domain: Domain

    @property
    def models(self) -> dict[str, Ran]:
        """What each model runs on, by its role."""
        return {**self.detector.models, **self.segmenter.models, **self.embedder.models}


@dataclass(frozen=True)
class Known:
    """What depends on the original and the instruction alone; None: nothing of the kind was looked for."""

    source: Region | None
    anchor: Detections | None
    features: Mapping[Feature, Vector]
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """What the models say of an edited picture."""

    framed: Framed
    where: Located
    features: Features


def run(
    stages: Stages, case: Case, known: Known | None, edited: Sequence[Framed], watch: Watch
) -> tuple[Known, list[EditScore]]:
    """Sends edited pictures through every stage together, and the original with them where it is not known yet.

    What the models run on is left for the scores' owner to say, who knows of the parser too.
    """
    pictures = [framed.picture for framed in edited]
    source, anchor, targets = _locate(stages, case, known, pictures, watch)
    places = [Located(source, target, anchor, *case.picture.shape[:2]) for target in targets]
    with watch.stage("embed"):
        views = [case.views(picture, where) for picture, where in zip(pictures, places, strict=True)]
        if known is None:
            own_views = case.original_views(source, whole=stages.domain.probe is not None)
            *features, own = _embed(stages.embedder, [*views, own_views])
            texts = dict(zip(case.texts, stages.embedder.texts(list(case.texts.values())), strict=True))
            flags = stages.domain.doubts(case.intent, own.get("original_picture"))
            known = Known(source, anchor, {**own, **texts}, (*flags, *case.flags))
        else:
            features = _embed(stages.embedder, views)
    with watch.stage("judge"):
        scores = [_judge(stages, case, known, Seen(*each)) for each in zip(edited, places, features, strict=True)]
    timings = watch.read(max(1, len(scores)))
    return known, [replace(score, timings_ms=timings) for score in scores]


def _locate(
    stages: Stages, case: Case, known: Known | None, pictures: list[Image], watch: Watch
) -> tuple[Region | None, Detections | None, list[Region | None]]:
    """The source's region and the anchor in the original, and per edited picture the target's region."""
    shown = [case.picture] if known is None else []
    with watch.stage("detect"):
        phrases = [case.phrases] * len(shown) + [[case.target] if case.target else []] * len(pictures)
        found = [
            {each.phrase: each for each in detections}
            for detections in stages.detector.find([*shown, *pictures], phrases)
        ]
    named = found[0] if known is None else {}
    anchor = known.anchor if known else named.get(case.anchor or "")
    source = known.source.detections if known and known.source is not None else named.get(case.source or "")
    targets = [named.get(case.target or "") for named in found[len(shown) :]]
    compared = [_both_found(source, target) for target in targets]
    with watch.stage("segment"):
        own = _boxes(source if any(compared) or not targets else None)
        boxes = [
            _boxes(case.boxes_to_segment(source, target) if masked else None)
            for target, masked in zip(targets, compared, strict=True)
        ]
        masks = stages.segmenter.segment([*shown, *pictures], [own] * len(shown) + boxes)
    region = known.source if known else _region(source, masks[0])
    return region, anchor, [_region(*each) for each in zip(targets, masks[len(shown) :], strict=True)]


def _both_found(source: Detections | None, target: Detections | None) -> bool:
    """Whether whatever was looked for was found: else no judge needs a mask."""
    return all(found is None or len(found) for found in (source, target))


def _boxes(detections: Detections | None) -> Boxes:
    return np.zeros((0, 4), np.float32) if detections is None else detections.boxes


def _region(detections: Detections | None, masks: Masks) -> Region | None:
    """A region. Masks not made from its own boxes, as the released code does it, are given to each box; so is none."""
    if detections is None:
        return None
    if len(masks) != len(detections):
        masks = np.broadcast_to(masks.any(axis=0), (len(detections), *masks.shape[1:]))
    return Region(detections, masks)


def _embed(embedder: Embedder, views: Sequence[Mapping[Feature, Image]]) -> list[dict[Feature, Vector]]:
    """The features of all views, in one batch."""
    flat = [image for view in views for image in view.values()]
    vectors = iter(embedder.images(flat) if flat else ())
    return [{name: next(vectors) for name in view} for view in views]


def _judge(stages: Stages, case: Case, known: Known, seen: Seen) -> EditScore:
    """The score of one edited picture, its timings still to be filled in."""
    where, edited = seen.where, seen.framed
    judged = overall.assess(
        case.intent,
        where,
        {**known.features, **seen.features},
        original=case.picture,
        edited=edited.picture,
        ranges=stages.bundle.norm,
        raised=(*known.flags, *edited.flags),
        compat=case.compat,
    )
    score = EditScore(
        bpm=judged.bpm,
        semantic=judged.semantic,
        region=judged.region,
        confidence=judged.confidence,
        flags=judged.flags,
        explanation="",
        intent=case.intent,
        regions={
            "original": case.reported(where.source, where.anchor),
            "edited": case.reported(where.target),
        },
        timings_ms={},
        bundle=stages.bundle.name,
        version=editjudge.__version__,
        evidence=Evidence(case.picture, edited.picture, *where.masks, judged.change, case.size),
    )
    return replace(score, explanation=explain(score))
