"""A reward: a number and a sentence for each of three sides (Multi-Reward, section 3.1), and who gave it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from editjudge.metrics.base import MetricResult

RewardSide = Literal["following", "preserving", "quality"]
REWARD_SIDES: tuple[RewardSide, ...] = get_args(RewardSide)
"""In the order of the paper and of RewardEdit-20K."""

HIGHEST = 5.0
"""Of a side, and of the reward as a whole; the least is 0."""
NOTHING_WRONG = "None"
"""The feedback where there is nothing to say, as RewardEdit-20K has it."""


def join_feedback(feedback: Mapping[str, str]) -> str | None:
    """What is wrong, side by side, in one text; None where nothing is."""
    said = [f"{side.capitalize()}: {words}" for side, words in feedback.items() if words != NOTHING_WRONG]
    return " ".join(said) or None


@dataclass(frozen=True)
class SideScore:
    """What is said of one side.

    Attributes:
        score: 0 to 5; None: not measured.
        passed: Whether that is good enough; None: not measured.
        feedback: What is wrong and where, in a sentence; "None" where nothing is, and why where it was not measured.
        spread: The standard deviation of the score over several passes of a judge; None: there was one.
    """

    score: float | None
    passed: bool | None
    feedback: str
    spread: float | None = None

    def to_dict(self) -> dict[str, Any]:
        spread = {} if self.spread is None else {"spread": self.spread}
        return {"score": self.score, "pass": self.passed, "feedback": self.feedback, **spread}


@dataclass(frozen=True)
class JudgeRecord:
    """Who judged, so that it can be asked again.

    Attributes:
        name: local, llama or openai.
        model: The bundle of the local reward, or the model as it was named.
        prompts: The prompt set with its version; None: there are none.
        seed: None where nothing is drawn.
    """

    name: str
    model: str
    prompts: str | None = None
    seed: int | None = None

    def to_dict(self) -> dict[str, Any]:
        return vars(self).copy()


@dataclass(frozen=True)
class RewardScore:
    """A reward from three sides."""

    following: SideScore
    preserving: SideScore
    quality: SideScore
    judge: JudgeRecord

    @property
    def overall(self) -> float | None:
        """0 to 5: the root of the lesser of following and preserving times quality, as VIEScore adds up; None: not
        measured. What was not done, or destroyed all else, is worth nothing, however clean it is.
        """
        following, preserving, quality = (side.score for side in (self.following, self.preserving, self.quality))
        if following == 0 or preserving == 0:  # whatever the others are
            return 0.0
        if following is None or preserving is None or quality is None:
            return None
        return math.sqrt(min(following, preserving) * quality)

    def to_dict(self) -> dict[str, Any]:
        """The JSON that the command line prints."""
        return {side: getattr(self, side).to_dict() for side in REWARD_SIDES} | {"judge": self.judge.to_dict()}


@dataclass(frozen=True)
class RewardResult(MetricResult):
    """The result of a metric that gives a reward."""

    reward: RewardScore | None = None
