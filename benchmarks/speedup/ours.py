"""editjudge as the speed-up measures it: it counts its work, and finds as many boxes as the reference does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.speedup.reference import widen_slivers
from editjudge import Scorer
from editjudge.backends.onnx.loader import open_model
from editjudge.bundles.bundle import Bundle
from editjudge.models.clip import Clip
from editjudge.models.grounding_dino import Detector
from editjudge.models.model_set import ModelSet, Runner
from editjudge.models.sam import Segmenter
from editjudge.types import Boxes, Detections, Image, Masks

ANY = 1e-9
"""A threshold that every score exceeds."""


def open_scorer(
    bundle: Bundle, boxes: int, device: str, threads: int, *, open_session: Callable[..., Runner] = open_model
) -> tuple[Scorer, Counter[str]]:
    """A scorer with a counter of what goes through its models.

    It uses the best boxes of every phrase, whatever their scores, and remembers no text, as every edit is to have a new
    instruction.

    Args:
        bundle: Its models.
        boxes: How many of a phrase it uses.
        device: cpu or cuda.
        threads: CPU threads of each model.
        open_session: As in `ModelSet`.
    """
    detector = replace(bundle.detector, box_threshold=ANY)
    lenient = replace(bundle, manifest=replace(bundle.manifest, detector=detector))
    work: Counter[str] = Counter()

    class CountedDetector(Detector):
        def find(self, images: Sequence[Image], phrases: Sequence[Sequence[str]]) -> list[list[Detections]]:
            work["pictures looked at"] += sum(bool(wanted) for wanted in phrases)
            found = super().find(images, phrases)
            return [
                [_keep_best(detections, boxes, image) for detections in row]
                for image, row in zip(images, found, strict=True)
            ]

    class CountedSegmenter(Segmenter):
        def encode(self, images: Sequence[Image]) -> NDArray[np.float32]:
            work["pictures segmented"] += len(images)
            return super().encode(images)

        def decode(
            self, features: NDArray[np.float32], boxes: Sequence[Boxes], shapes: Sequence[tuple[int, int]]
        ) -> list[Masks]:
            work["boxes"] += sum(map(len, boxes))
            return super().decode(features, boxes, shapes)

    class CountedClip(Clip):
        def images(self, crops: Sequence[Image]) -> NDArray[np.float32]:
            work["crops"] += len(crops)
            return super().images(crops)

        def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
            work["texts"] += len(texts)
            return self._text.embed_anew(texts)

    opened = ModelSet(lenient, device, threads, open_session=open_session)
    counted = {
        Detector: CountedDetector.open(opened),
        Segmenter: CountedSegmenter.open(opened),
        Clip: CountedClip.open(opened),
    }
    models = ModelSet(
        lenient,
        device,
        threads,
        models=counted,
        placements=opened.placements,
        open_session=lambda graph, *_: opened.session(graph.role),
    )
    return Scorer(models, compat="released", look="all", keep_answers=False), work


def _keep_best(found: Detections, count: int, image: Image) -> Detections:
    return Detections(found.phrase, widen_slivers(found.boxes[:count], image.shape), found.scores[:count])
