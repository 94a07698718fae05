"""A bundle's scorer whose models in half precision round as a GPU would, on a CPU that has no float16."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from editjudge.bundle import Bundle
from editjudge.scorer import Scorer

from .gate import open_graph
from .precision import HALVES


class _Model:
    """In the place of a session of the runtime."""

    def __init__(self, bundle: Bundle, role: str) -> None:
        precision = bundle.manifest.files[role].precision
        self._session = open_graph(bundle.file(role), precision)
        self._names = [output.name for output in self._session.get_outputs()]

    def run(self, feeds: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
        return dict(zip(self._names, self._session.run(self._names, dict(feeds)), strict=True))


def load_scorer(bundle: Bundle) -> Scorer:
    """The scorer of a bundle, on the CPU."""
    scorer = Scorer.load(bundle.folder, "cpu")
    places = {
        "detector": (scorer.stages.detector, "_session"),
        "sam_encoder": (scorer.stages.segmenter, "_encoder"),
        "sam_decoder": (scorer.stages.segmenter, "_decoder"),
        "clip_vision": (scorer.stages.embedder, "_vision"),
        "clip_text": (scorer.stages.embedder, "_text"),
    }
    for role, (stage, name) in places.items():
        if bundle.manifest.files[role].precision in HALVES:
            setattr(stage, name, _Model(bundle, role))
    return scorer
