"""What of an edited picture the models looked at, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

PixelBox = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels."""


@dataclass(frozen=True)
class LookedAt:
    """What the detector looked at.

    Attributes:
        share: What that cost, of what looking at the whole picture does: over 1 where the whole had to be looked at
            after all; 0 where nothing had to be.
        boxes: The parts; of the whole picture, the one box round it.
        reason: Why it was the whole picture, or nothing; None: it was where the picture changed.
    """

    share: float
    boxes: tuple[PixelBox, ...] = ()
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"share": self.share, "boxes": [list(box) for box in self.boxes], "reason": self.reason}

    @classmethod
    def join(cls, parts: Iterable[LookedAt]) -> LookedAt:
        """For all that a compound asks for: the cost of all, and each box once.

        The reasons are those of the parts that took a look at the whole; without any, and where none took windows, all.
        """
        every = list(parts)
        boxes = dict.fromkeys(box for part in every for box in part.boxes)
        through_windows = [part for part in every if part.reason is None]
        deciding = [part for part in every if part.share >= 1] or ([] if through_windows else every)
        reasons = dict.fromkeys(part.reason for part in deciding if part.reason)
        return cls(sum(part.share for part in every), tuple(boxes), "; ".join(reasons) or None)


UNSEEN = LookedAt(0.0, (), "its pixels alone tell what it is")
NO_TIME = LookedAt(0.0, (), "the time allowed was up before")
