"""A bundle's scorer whose half-precision graphs round as on a GPU, on a CPU that has no float16."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from editjudge.backends.onnx.loader import open_model
from editjudge.bundles.bundle import Bundle, GraphFile
from editjudge.models.model_set import ModelSet, Runner
from editjudge.scorer import Scorer
from editjudge.types import Placement
from editjudge_export.onnx.precision import HALVES, Precision
from editjudge_export.verification.numeric_gate import open_graph


class EmulatedSession:
    """Stands in for a session of the runtime.

    Args:
        path: The graph.
        precision: That it computes in.
    """

    placement = Placement("cpu", "CPUExecutionProvider")

    def __init__(self, path: Path, precision: Precision) -> None:
        self._session = open_graph(path, precision)
        self._names = [output.name for output in self._session.get_outputs()]

    def run(self, feeds: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
        return dict(zip(self._names, self._session.run(self._names, dict(feeds)), strict=True))


def load_scorer(bundle: Bundle) -> Scorer:
    """The scorer of a bundle, on the CPU."""

    def open_session(graph: GraphFile, device: str, threads: int | None) -> Runner:
        precision = bundle.manifest.files[graph.role].precision
        return EmulatedSession(graph.path, precision) if precision in HALVES else open_model(graph, device, threads)

    return Scorer(ModelSet(bundle, "cpu", open_session=open_session), look="all")
