"""An artefact: what it is called, and how bad it is where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.rewards.artefacts.view.artefact_view import ArtefactView
from editjudge.types import Floats

Shares = tuple[float, float, float, float]
"""x0, y0, x1, y1 as shares of a picture's width and height."""

POWER = 4.0
"""Of the mean over tiles: what spoils a quarter of a picture is seven tenths as bad as what spoils all of it."""
MOST = 0.5
"""The share of the worst tile's severity from which a tile belongs to the place that is told."""


@dataclass(frozen=True)
class FoundArtefact:
    """How bad an artefact is, from 0, nothing, over 1, plainly seen, to 4, nobody would keep the picture; and where.

    where: None: all over the picture, or nowhere.
    """

    severity: float
    where: Shares | None = None


@dataclass(frozen=True)
class Artefact:
    """A kind of artefact.

    Attributes:
        name: For programs.
        words: What is said of it, before the place.
        measure: How bad it is that the edited picture has more of it than the original.
        compares: Whether it is told by what was kept, and so not where all of the picture was to change.
    """

    name: str
    words: str
    measure: Callable[[ArtefactView], FoundArtefact]
    compares: bool = True

    def find(self, view: ArtefactView) -> FoundArtefact:
        """How bad it is in a pair of pictures, and where."""
        found = self.measure(view)
        return replace(found, severity=found.severity * view.trust) if self.compares else found

    def severity(self, view: ArtefactView) -> float:
        """From 0, nothing, over 1, plainly seen, to 4, nobody would keep the picture."""
        return self.find(view).severity


def pool(tiles: NDArray[np.floating], weights: Floats | None = None, power: float = POWER) -> FoundArtefact:
    """What the severities float[h, w] of all tiles of a picture come to, and around which of them the worst lie.

    Args:
        tiles: The severities.
        weights: How much of each tile may show the artefact, as smooth places alone can banding; None: all of each.
        power: Of the mean over tiles; of 2, half a picture is seven tenths as bad as all of it.
    """
    if not tiles.size or (weights is not None and not weights.any()):
        return FoundArtefact(0.0)
    severity = float(np.average(tiles**power, weights=weights) ** (1 / power))
    return FoundArtefact(severity, enclose(tiles >= MOST * tiles.max()) if severity > 0 else None)


def enclose(tiles: NDArray[np.bool_]) -> Shares | None:
    """The box around those tiles of bool[h, w]; None where it is all of the picture, or nearly."""
    height, width = tiles.shape
    rows, columns = np.flatnonzero(tiles.any(axis=1)), np.flatnonzero(tiles.any(axis=0))
    box = columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height
    x0, y0, x1, y1 = map(float, box)
    return None if (x1 - x0) * (y1 - y0) > 0.7 else (x0, y0, x1, y1)
