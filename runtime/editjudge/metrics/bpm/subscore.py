"""What a sub-score says: a number, what it rests on, and the flag that it raises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Basis = Literal["measured", "rule", "fallback"]


@dataclass(frozen=True)
class SubScore:
    """A number or, where nothing could be said, None.

    basis: "measured" in the pictures; by "rule", where the paper gives the score without looking (A.4); or a
    "fallback", because of what the flag names.
    """

    value: float | None
    basis: Basis = "measured"
    flag: str | None = None


GIVEN = SubScore(1.0, "rule")
INAPPLICABLE = SubScore(None, "rule")
