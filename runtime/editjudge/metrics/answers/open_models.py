"""Opens whatever a score may need, so that a call with a budget of time need not wait for it."""

from __future__ import annotations

from typing import Any

from editjudge.metrics.pipeline import NEEDED_MODELS
from editjudge.models.coherence_net import CoherenceNet
from editjudge.models.difference_detector import DifferenceDetector
from editjudge.models.grounding_dino import WINDOW_DETECTORS
from editjudge.models.model_set import ModelSet
from editjudge.models.sam import WINDOW_SEGMENTERS
from editjudge.types import Look

OPTIONAL_MODELS: dict[str, type[Any]] = {"difference": DifferenceDetector, "coherence": CoherenceNet}
"""Those of every score that a bundle may lack, by their roles."""


def open_models(models: ModelSet, look: Look) -> None:
    """Opens those that are not open yet. Raises as `ModelSet.model`.

    look: "changes" needs those for windows as well.
    """
    bundle = models.bundle
    kinds = [*NEEDED_MODELS, *(kind for role, kind in OPTIONAL_MODELS.items() if bundle.has(role))]
    if look == "changes":
        kinds += WINDOW_DETECTORS[: len(bundle.detector.windows)]
        kinds += WINDOW_SEGMENTERS[: len(bundle.segmenter.windows)]
    for kind in kinds:
        models.model(kind)
