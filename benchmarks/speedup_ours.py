"""editjudge as the speed-up is measured of it: it counts its work, and finds as many boxes as the reference does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from editjudge import Scorer
from editjudge.bundle import Bundle
from editjudge.detect import Detector
from editjudge.embed import Embedder
from editjudge.segment import Segmenter
from editjudge.types import Boxes, Detections, Image, Masks
from reference import sizeable

ANY = 1e-9
"""A threshold that every score is over."""


def open_scorer(bundle: Bundle, boxes: int, device: str, threads: int) -> tuple[Scorer, Counter[str]]:
    """A scorer that goes on with the best boxes of each phrase, however they score, and what it has done so far.

    It remembers no text: each edit is to be one with a new instruction.
    """
    detector = replace(bundle.detector, box_threshold=ANY)
    every = replace(bundle, manifest=replace(bundle.manifest, detector=detector))
    work: Counter[str] = Counter()

    class Best(Detector):
        def find(self, images: Sequence[Image], phrases: Sequence[Sequence[str]]) -> list[list[Detections]]:
            work["pictures looked at"] += sum(bool(wanted) for wanted in phrases)
            found = super().find(images, phrases)
            return [[_best(each, boxes, image) for each in row] for image, row in zip(images, found, strict=True)]

    class CountedSegmenter(Segmenter):
        def encode(self, images: Sequence[Image]) -> NDArray[np.float32]:
            work["pictures segmented"] += len(images)
            return super().encode(images)

        def decode(
            self, features: NDArray[np.float32], boxes: Sequence[Boxes], shapes: Sequence[tuple[int, int]]
        ) -> list[Masks]:
            work["boxes"] += sum(map(len, boxes))
            return super().decode(features, boxes, shapes)

    class CountedEmbedder(Embedder):
        def images(self, crops: Sequence[Image]) -> NDArray[np.float32]:
            work["crops"] += len(crops)
            return super().images(crops)

        def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
            work["texts"] += len(texts)
            return self._run_texts(texts)

    stages = (kind(every, device, threads) for kind in (Best, CountedSegmenter, CountedEmbedder))
    return Scorer(every, *stages, device=device, threads=threads, compat="released"), work


def _best(found: Detections, count: int, image: Image) -> Detections:
    return Detections(found.phrase, sizeable(found.boxes[:count], image.shape), found.scores[:count])
