"""What a sub-score says: a number, what it rests on, and the flag that it raises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Basis = Literal["measured", "rule", "fallback", "unmeasured"]


@dataclass(frozen=True)
class SubScore:
    """A number or, where nothing could be said, None.

    basis: "measured" in the pictures; by "rule", where the paper gives the score without looking (A.4); "unmeasured",
    because of what the flag names; or the released code's "fallback" for that.
    """

    value: float | None
    basis: Basis = "measured"
    flag: str | None = None

    @classmethod
    def unmeasured(cls, flag: str | None) -> SubScore:
        return cls(None, "unmeasured", flag)


GIVEN = SubScore(1.0, "rule")
INAPPLICABLE = SubScore(None, "rule")
ABSENT = SubScore(None, "rule", "target_not_found")
"""Of what should have resulted and is not there: it has no place and no size."""
