"""One edit as every metric sees it: its pictures, what was asked, and what the models say, each made once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from editjudge.image.vectors import Vector
from editjudge.metrics.aligned_image import AlignedImage, undo_drift
from editjudge.metrics.answers.joint_survey import JointSurvey
from editjudge.metrics.base import Metric, MetricResult
from editjudge.metrics.dice.difference import PictureDifferences
from editjudge.metrics.dice.find import list_differences
from editjudge.metrics.dice.regions.detect import DetectedRegions, detect_regions
from editjudge.metrics.looking.found import Observation, OriginalFeatures
from editjudge.metrics.task import EditTask
from editjudge.models.clip import Clip, Embeddings
from editjudge.models.difference_detector import DifferenceDetector
from editjudge.models.model_set import ModelSet
from editjudge.types import EditIntent, Image
from editjudge.utils.deadlines.deadline import OutOfTimeError, check_time
from editjudge.utils.timing import StageTimer

if TYPE_CHECKING:
    from editjudge.metrics.registry import EditScore


@dataclass(eq=False)
class EditContext:
    """An edited picture in the frame of its original, and what becomes known of the two; for one thread.

    Attributes:
        task: The original and what is asked of it.
        aligned: The edited picture.
        models: Opens the models that a metric asks for.
        known: What is known of the original before; None: nothing.
        more: The same two pictures, for the other parts of a compound.
        results: What the metrics said so far, by name.
        score: What the metric that edits are scored by said; None: it was not asked yet.
    """

    task: EditTask
    aligned: AlignedImage
    models: ModelSet
    known: OriginalFeatures | None = None
    more: tuple[EditContext, ...] = ()
    results: dict[str, MetricResult] = field(default_factory=dict, repr=False)
    score: EditScore | None = field(default=None, repr=False)
    _text_features: dict[str, Vector] = field(default_factory=dict, init=False, repr=False)

    @property
    def original(self) -> Image:
        """uint8[H, W, 3], in the frame that pictures are compared in."""
        return self.task.picture

    @property
    def edited(self) -> Image:
        """uint8[H, W, 3], in the same frame; its drift is still there."""
        return self.aligned.as_given

    @property
    def handed_in(self) -> tuple[Image, Image]:
        """The original and the edited picture, uint8[H, W, 3] each, at the sizes that they were handed in with."""
        original, edited = self.task.handed_in, self.aligned.handed_in
        return self.original if original is None else original, self.edited if edited is None else edited

    @property
    def intent(self) -> EditIntent:
        return self.task.intent

    @property
    def instruction(self) -> str | None:
        """As it was given; None where only the intent is known."""
        return self.task.instruction

    @property
    def is_open(self) -> bool:
        """Whether the models have to look at the edited picture, as its pixels alone do not decide."""
        return self.aligned.changes.kind == "edit" or not self.task.framing.pixels_decide

    @cached_property
    def observation(self) -> Observation:
        """Where the objects are, and the features of pictures, crops and phrases."""
        return observe_all([self])[0]

    @cached_property
    def regions(self) -> DetectedRegions:
        """Where the pictures differ, whatever the rules of a score are."""
        aligned = self.aligned
        if not self.task.framing.undoes_drift:
            aligned = undo_drift(aligned, self.original, self.task.is_global)
        has_network = self.models.bundle.has("difference")
        return detect_regions(self.original, aligned, self.models.model(DifferenceDetector) if has_network else None)

    @cached_property
    def differences(self) -> PictureDifferences:
        """What changed, and whether it was asked for."""
        return list_differences(self)

    @cached_property
    def timely_differences(self) -> PictureDifferences | None:
        """The same; None where this thread's work has a deadline, and there is no time for it."""
        try:
            check_time()
            return self.differences
        except OutOfTimeError:
            return None

    @cached_property
    def original_feature(self) -> Vector:
        """float32[D], not normalised: CLIP's of the whole original."""
        known = self.known.features.get("original_picture") if self.known else None
        return self.models.model(Clip).images([self.original])[0] if known is None else known

    @cached_property
    def picture_features(self) -> Embeddings:
        """float32[2, D], not normalised: CLIP's of the whole original and the whole edited picture."""
        features = self.observation.features
        drifted = self.aligned.picture is not self.aligned.as_given  # then the models saw another picture
        found = [features.get("original_picture"), None if drifted else features.get("edited_picture")]
        missing = [place for place, feature in enumerate(found) if feature is None]
        if missing:
            pictures = [(self.original, self.edited)[place] for place in missing]
            for place, feature in zip(missing, self.models.model(Clip).images(pictures), strict=True):
                found[place] = feature
        return np.stack([feature for feature in found if feature is not None])

    def text_feature(self, text: str) -> Vector:
        """float32[D], not normalised: CLIP's of a text."""
        if text not in self._text_features:
            self._text_features[text] = np.asarray(self.models.model(Clip).texts([text])[0])
        return self._text_features[text]

    def result(self, metric: Metric) -> MetricResult:
        """What a metric says of this edit, computed once."""
        name = metric.spec.name
        if name not in self.results:
            self.results[name] = metric.compute(self)
        return self.results[name]


def new_context(
    task: EditTask, aligned: AlignedImage, models: ModelSet, known: Sequence[OriginalFeatures] | None = None
) -> EditContext:
    """The context of an edit, with one for each further part of a compound; known: of the original, for each part."""
    parts = (task, *task.more)
    first, *more = (
        EditContext(part, aligned, models, known[place] if known else None) for place, part in enumerate(parts)
    )
    first.more = tuple(more)
    return first


def observe_all(contexts: Sequence[EditContext], timer: StageTimer | None = None) -> list[Observation]:
    """Sends the pictures of edits of one original through the models together, and gives each context its share.

    Pictures in which nothing was edited, as their pixels tell, are not looked at. Where this thread's work has a
    deadline, what there is no time for is left out.

    Args:
        contexts: At least one; all of one task.
        timer: Takes the time of each stage.
    """
    survey = JointSurvey(contexts, timer)
    with suppress(OutOfTimeError):
        survey.look()
        survey.segment()
    survey.share()
    return [context.observation for context in contexts]
