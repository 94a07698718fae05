"""The models in turn, over a batch of edited pictures: find the objects, embed what is to be compared, segment them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from editjudge.image.vectors import Vector
from editjudge.metrics.aligned_image import AlignedImage
from editjudge.metrics.grounding import Grounding, Region
from editjudge.metrics.looking.detect import Sighting, detect_all, detect_edited
from editjudge.metrics.looking.found import (
    Observation,
    OriginalBoxes,
    OriginalFeatures,
    both_found,
    lack_observation,
    list_boxes,
    make_region,
    outline,
    spare,
)
from editjudge.metrics.looking.segment import segment_all
from editjudge.metrics.task import EditTask, Feature, Features
from editjudge.models.clip import Clip
from editjudge.models.domain_probe import Domain
from editjudge.models.grounding_dino import Detector
from editjudge.models.model_set import ModelSet
from editjudge.models.sam import Segmenter
from editjudge.types import Detections, Image, Masks
from editjudge.utils.deadlines.deadline import check_time
from editjudge.utils.timing import StageTimer

NEEDED_MODELS = (Detector, Segmenter, Clip, Domain)
"""The models that every edit needs, in the order in which they are opened."""


class Survey:
    """Edited pictures of one task go through the models together, stage by stage, and the original with them where it
    is not known yet; where edited pictures are looked at only where they changed, it goes before them, alone.

    Each stage runs once, when it is called, and leaves what it found; `observe` tells what there is. Masks come last:
    they take the longest, and many an answer needs none.

    Args:
        models: Opens the models.
        task: The original, and what is asked of it.
        known: What an earlier survey said of the original.
        edited: May be empty: then only the original is looked at.
        timer: Takes the time of each stage.
    """

    def __init__(
        self,
        models: ModelSet,
        task: EditTask,
        known: OriginalFeatures | None,
        edited: Sequence[AlignedImage],
        timer: StageTimer | None = None,
    ) -> None:
        self._models, self._task, self._edited, self._timer = models, task, edited, timer or StageTimer()
        goes_first = known is None and bool(edited) and task.looks_whole is None
        self._first = Survey(models, task, None, [], self._timer) if goes_first else None
        self._known = known  # with masks, once they are there
        self._boxes: OriginalBoxes | None = None if known is None else known.boxes
        self._own: tuple[Features, tuple[str, ...]] | None = None if known is None else (known.features, known.flags)
        self._sightings: list[Sighting] = []
        self._targets: list[Detections | None] = []
        self._features: list[dict[Feature, Vector]] | None = None
        self._masks: list[Masks | None] = [None] * len(edited)

    def detect(self) -> None:
        """Finds what is looked for in the pictures."""
        if self._first is not None:
            self._first.detect()
            self._boxes = self._first._boxes
        check_time()
        with self._timer.stage("detect"):
            if self._boxes is None:
                found, self._sightings = detect_all(self._models, self._task, self._edited)
                self._boxes = OriginalBoxes.of(self._task, found)
            else:
                self._sightings = detect_edited(self._models, self._task, self._boxes.found, self._edited)
        target, keep = self._task.target or "", self._boxes.keep
        self._targets = [spare(sighting.found.get(target), keep) for sighting in self._sightings]

    def embed(self) -> None:
        """Embeds pictures, crops and phrases; of an edit that hides what is to stay, that is cut out before."""
        if self._first is not None:
            self._first.embed()
            self._own = self._first._own
        if self._task.hides_kept and self._known is None:
            self.segment()
        check_time()
        clip, domain = self._models.model(Clip), self._models.model(Domain)
        with self._timer.stage("embed"):
            views = [
                self._task.views(aligned.picture, self._locate(index)) for index, aligned in enumerate(self._edited)
            ]
            if self._own is not None:
                self._features = _embed(clip, views)
                return
            original, task = self._describe_original(), self._task
            own_views = task.original_views(original.source, original.kept, whole=domain.probe is not None)
            *features, own = _embed(clip, [*views, own_views])
            texts = dict(zip(task.texts, _read(clip, list(task.texts.values())), strict=True))
            flags = domain.doubts(task.intent, task.picture, own.get("original_picture"), _best(original.source))
            self._features, self._own = features, ({**own, **texts}, (*flags, *task.flags))  # all, or nothing

    def segment(self, index: int | None = None, timer: StageTimer | None = None) -> None:
        """Cuts out what was found.

        Args:
            index: Of one edited picture alone, of an original that is known; None: of all.
            timer: Takes the time of this; None: that of the other stages.
        """
        if self._first is not None:
            self._first.segment()
            self._known = self._first.known
        assert self._boxes is not None
        wanted = [place for place in range(len(self._edited)) if index in (None, place) and self._masks[place] is None]
        if self._known is not None and not wanted:
            return
        check_time()
        boxes, task = self._boxes, self._task
        with (timer or self._timer).stage("segment"):
            prompted = [(self._edited[place], list_boxes(self._choose_prompts(place))) for place in wanted]
            known = self._known
            needs_source = known is not None or any(map(self._is_compared, wanted)) or not self._edited
            own = [boxes.source if needs_source else None, boxes.keep]
            is_carried = known is not None and task.looks_whole is None and task.target == task.source
            carried = known.source if known and is_carried else None
            own_masks, masks = segment_all(
                self._models, task, list(map(list_boxes, own)), prompted, carried, known=known is not None
            )
            if known is None:
                self._known = self._cut_original(own_masks)
        for place, found in zip(wanted, masks, strict=True):
            self._masks[place] = found

    def needs_masks(self, index: int) -> bool:
        """Whether something is said of an edited picture only once objects are cut out; for after `detect`."""
        assert self._boxes is not None
        keeps = self._known is None and self._boxes.keep is not None and len(self._boxes.keep) > 0
        return keeps or (self._masks[index] is None and self._is_compared(index) and self._choose_cut(index))

    def observe(self, index: int) -> Observation:
        """What is known by now of an edited picture."""
        if not self._sightings:
            return lack_observation(self._task, self._known)
        features = {} if self._features is None or self._own is None else {**self._own[0], **self._features[index]}
        undone = {"segment": self.needs_masks(index), "embed": self._features is None}
        left_out = tuple(stage for stage, is_undone in undone.items() if is_undone)
        return Observation(self._locate(index), features, self._sightings[index].looked_at, left_out)

    @property
    def known(self) -> OriginalFeatures:
        """What is known by now of the original."""
        return self._describe_original()

    @property
    def original_left_out(self) -> tuple[str, ...]:
        """The stages that the original did not go through yet, of those that it has to."""
        if self._boxes is None:
            return lack_observation(self._task, None).left_out
        is_cut = self._known is not None or not any((self._boxes.source, self._boxes.keep))
        undone = {"segment": not is_cut, "embed": self._own is None}
        return tuple(stage for stage, is_undone in undone.items() if is_undone)

    def _choose_prompts(self, index: int) -> Detections | None:
        """What is cut out of an edited picture."""
        source = None if self._boxes is None else self._boxes.source
        return self._task.framing.choose_prompts(source, self._targets[index]) if self._is_compared(index) else None

    def _choose_cut(self, index: int) -> bool:
        """Whether an edit has an object that is cut out, in either picture."""
        source = None if self._boxes is None else self._boxes.source
        own = self._known is None and source is not None
        return own or self._choose_prompts(index) is not None

    def _is_compared(self, index: int) -> bool:
        return both_found(None if self._boxes is None else self._boxes.source, self._targets[index])

    def _cut_original(self, masks: Sequence[Masks]) -> OriginalFeatures:
        """The original with its masks: of the source, and of what is to stay."""
        assert self._boxes is not None
        boxes = self._boxes
        kept = make_region(boxes.keep, masks[1])
        return OriginalFeatures(make_region(boxes.source, masks[0], kept), boxes.anchor, {}, (), kept, boxes.found)

    def _describe_original(self) -> OriginalFeatures:
        embedded = self._own is not None
        features, flags = self._own or ({}, self._task.flags)
        if self._known is not None:
            return replace(self._known, features=features, flags=flags, embedded=embedded)
        if self._boxes is None:
            return OriginalFeatures(None, None, features, flags, embedded=embedded)
        boxes = self._boxes
        return OriginalFeatures(
            outline(boxes.source), boxes.anchor, features, flags, outline(boxes.keep), boxes.found, embedded
        )

    def _locate(self, index: int) -> Grounding:
        original, target, mask = self._describe_original(), self._targets[index], self._masks[index]
        region = outline(target) if mask is None else make_region(target, mask, original.kept)
        height, width = self._task.picture.shape[:2]
        kept_edited = self._sightings[index].found.get(self._task.keep or "")
        return Grounding(
            original.source, region, original.anchor, height, width, original.kept, kept_edited,
            masked=not self.needs_masks(index),
        )  # fmt: skip


def observe(
    models: ModelSet,
    task: EditTask,
    known: OriginalFeatures | None,
    edited: Sequence[AlignedImage],
    timer: StageTimer | None = None,
) -> tuple[OriginalFeatures, list[Observation]]:
    """All stages of a `Survey`: what it says of the original, and of each edited picture. Arguments as there."""
    survey = Survey(models, task, known, edited, timer)
    survey.detect()
    survey.embed()
    survey.segment()
    return survey.known, [survey.observe(index) for index in range(len(edited))]


def _best(region: Region | None) -> float:
    """The detector's best score; 0 where nothing was found."""
    return float(region.detections.scores[0]) if region else 0.0


def _read(clip: Clip, texts: list[str]) -> Sequence[Vector]:
    """The features of texts, of which there may be none."""
    return list(clip.texts(texts)) if texts else []


def _embed(clip: Clip, views: Sequence[Mapping[Feature, Image]]) -> list[dict[Feature, Vector]]:
    """The features of all views, in one batch."""
    flat = [image for view in views for image in view.values()]
    vectors = iter(clip.images(flat) if flat else ())
    return [{name: next(vectors) for name in view} for view in views]
