"""editjudge by its own rules, on edits whose objects are known.

Its models run as they do for anyone: the same graphs, on the same pictures and windows. What random weights find is
then replaced by what the edit is known to show, as what runs next depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from editjudge import Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.image.boxes import Box
from editjudge.models.grounding_dino import WINDOW_DETECTORS, Detector
from editjudge.models.model_set import ModelSet
from editjudge.models.windows.window import PictureSize
from editjudge.types import Detections, Image

SCORE = 0.9
"""How sure the detector is of what it is told."""

Script = dict[str, Box]
"""Where the pictures of the edit at hand show what is named, by phrase: float32[4] in their pixels."""


def open_scripted_scorer(bundle: Bundle, opened: ModelSet, script: Script) -> Scorer:
    """A scorer that looks only where pictures changed, and finds what the script says by the time that it looks.

    Args:
        bundle: Its models.
        opened: Has their sessions, which it shares.
        script: May be changed between edits.
    """

    def share_sessions(models: Mapping[type[Detector], Detector] | None = None) -> ModelSet:
        return ModelSet(
            bundle,
            opened.device,
            opened.threads,
            models=models,
            open_session=lambda graph, *_: opened.session(graph.role),
        )

    shared = share_sessions()
    kinds = (Detector, *WINDOW_DETECTORS[: len(bundle.detector.windows)])
    models = share_sessions({kind: _follow_script(kind, script).open(shared) for kind in kinds})
    return Scorer(models, look="changes", keep_answers=False)


def _follow_script(kind: type[Detector], script: Mapping[str, Box]) -> type[Detector]:
    """The detector, whose boxes are replaced once it has run: in windows by one in the middle, where the change is."""

    class ScriptedDetector(kind):  # type: ignore[misc, valid-type]
        def find(
            self,
            images: Sequence[Image],
            phrases: Sequence[Sequence[str]],
            wholes: Sequence[PictureSize] | None = None,
        ) -> list[list[Detections]]:
            found = super().find(images, phrases, wholes)
            return [
                [_tell(detections.phrase, script, None if wholes is None else image.shape[:2]) for detections in row]
                for image, row in zip(images, found, strict=True)
            ]

    return ScriptedDetector


def _tell(phrase: str, script: Mapping[str, Box], window: PictureSize | None) -> Detections:
    """The one box of a phrase in a picture, or in a window of that size; none of a phrase that is not in the script."""
    box = script.get(phrase)
    if box is None:
        return Detections(phrase, np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
    if window is not None:
        middle, half = np.array(window[::-1]) / 2, (box[2:] - box[:2]) / 2
        box = np.concatenate([middle - half, middle + half])
    return Detections(phrase, box[None].astype(np.float32), np.array([SCORE], np.float32))
