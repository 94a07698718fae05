"""One edit as every metric sees it: its pictures, what was asked, and what the models say, each made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from editjudge.image.vectors import Vector
from editjudge.metrics.base import Metric, MetricResult
from editjudge.metrics.pipeline import Observation, OriginalFeatures, observe
from editjudge.metrics.task import AlignedImage, EditTask
from editjudge.models.clip import Clip, Embeddings
from editjudge.models.model_set import ModelSet
from editjudge.types import EditIntent, Image
from editjudge.utils.timing import StageTimer


@dataclass(eq=False)
class EditContext:
    """An edited picture in the frame of its original, and what becomes known of the two; for one thread.

    Attributes:
        task: The original and what is asked of it.
        aligned: The edited picture.
        models: Opens the models that a metric asks for.
        known: What is known of the original before; None: nothing.
        results: What the metrics said so far, by name.
    """

    task: EditTask
    aligned: AlignedImage
    models: ModelSet
    known: OriginalFeatures | None = None
    results: dict[str, MetricResult] = field(default_factory=dict, repr=False)
    _text_features: dict[str, Vector] = field(default_factory=dict, init=False, repr=False)

    @property
    def original(self) -> Image:
        """uint8[H, W, 3], in the frame that pictures are compared in."""
        return self.task.picture

    @property
    def edited(self) -> Image:
        """uint8[H, W, 3], in the same frame."""
        return self.aligned.picture

    @property
    def intent(self) -> EditIntent:
        return self.task.intent

    @property
    def instruction(self) -> str | None:
        """As it was given; None where only the intent is known."""
        return self.task.instruction

    @cached_property
    def observation(self) -> Observation:
        """Where the objects are, and the features of pictures, crops and phrases."""
        return observe_all([self])[0]

    @cached_property
    def picture_features(self) -> Embeddings:
        """float32[2, D], not normalised: CLIP's of the whole original and the whole edited picture."""
        features = self.observation.features
        found = [features.get("original_picture"), features.get("edited_picture")]
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


def observe_all(contexts: Sequence[EditContext], timer: StageTimer | None = None) -> list[Observation]:
    """Sends the pictures of edits of one original through the models together, and gives each context its share.

    Args:
        contexts: At least one; all of one task.
        timer: Takes the time of each stage.
    """
    first = contexts[0]
    aligned = [context.aligned for context in contexts]
    known, observations = observe(first.models, first.task, first.known, aligned, timer)
    for context, observation in zip(contexts, observations, strict=True):
        context.known, context.observation = known, observation
    return observations
