"""A region that changed, in the small pictures (SIDE) that differences are looked for in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editjudge.metrics.dice.difference import CHANGES, Change
from editjudge.types import Floats


@dataclass(frozen=True, eq=False)
class SmallLab:
    """The small pictures, float32[h, w, 3] each, in CIE Lab; the edited one in the original's place."""

    original: Floats
    edited: Floats


@dataclass(frozen=True, eq=False)
class ChangedRegion:
    """A place that changed.

    Attributes:
        box: float32[4], x0, y0, x1, y1 in pixels of the small pictures.
        mask: bool[h, w], of the box rounded outwards: which of its pixels changed.
        energy: The sum of their differences, in units of CIE Lab.
        kinds: float32[3]: how likely it is that something was added, removed or edited there; they add up to 1.
        confidence: How likely it is that something was, 0 to 1.
    """

    box: Floats
    mask: NDArray[np.bool_]
    energy: float
    kinds: Floats
    confidence: float

    @property
    def change(self) -> Change:
        """The likeliest kind."""
        return CHANGES[int(self.kinds.argmax())]

    @property
    def window(self) -> tuple[slice, slice]:
        """The rows and columns of the small pictures that `mask` is of."""
        return find_window(self.box)


def find_window(box: Floats) -> tuple[slice, slice]:
    """The rows and columns of a box, rounded outwards."""
    x0, y0, x1, y1 = box.tolist()
    return slice(int(y0), int(np.ceil(y1))), slice(int(x0), int(np.ceil(x1)))
