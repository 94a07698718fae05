"""A bundle's scorer whose models round as a GPU would, on a CPU that has no float16."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from editjudge.bundle import Bundle
from editjudge.scorer import Scorer

from .gate import open_graph


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
    scorer.detector._session = _Model(bundle, "detector")
    scorer.segmenter._encoder = _Model(bundle, "sam_encoder")
    scorer.segmenter._decoder = _Model(bundle, "sam_decoder")
    scorer.embedder._vision = _Model(bundle, "clip_vision")
    scorer.embedder._text = _Model(bundle, "clip_text")
    return scorer
