"""The local reward: three sides of an edit, from the score, the differences and the pixels, with no further model."""

from __future__ import annotations

from editjudge.metrics.context import EditContext
from editjudge.metrics.registry import scoring_metric
from editjudge.metrics.rewards.following import judge_following
from editjudge.metrics.rewards.preserving import judge_preserving
from editjudge.metrics.rewards.quality import judge_quality
from editjudge.metrics.rewards.reward_score import JudgeRecord, RewardScore

NAME = "local"


def judge_locally(context: EditContext) -> RewardScore:
    """The reward of an edit, which is scored for it where it was not yet."""
    if context.score is None:
        context.score = scoring_metric().score(context)
    return RewardScore(
        following=judge_following(context, context.score),
        preserving=judge_preserving(context, context.score),
        quality=judge_quality(context),
        judge=JudgeRecord(NAME, context.models.bundle.name),
    )
