"""Where the reference's models run: in PyTorch, in no session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from editjudge.types import Placement

PYTORCH = Placement("cpu", "PyTorch")


class NoSession:
    """Stands where a model takes a session that it never runs."""

    placement = PYTORCH

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        raise NotImplementedError
