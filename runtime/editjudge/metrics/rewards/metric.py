"""The local reward as metrics: all of it, and each of its sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editjudge.metrics.base import Aspect, FormulaMetric, MetricSpec
from editjudge.metrics.rewards.reward_score import (
    HIGHEST,
    REWARD_SIDES,
    RewardResult,
    RewardSide,
    join_feedback,
)

if TYPE_CHECKING:
    from editjudge.metrics.context import EditContext

ROLES = ("detector", "sam_encoder", "sam_decoder", "clip_vision", "clip_text")


class LocalReward:
    """The reward from all three sides; its parts are the sides, its explanation what is wrong with each."""

    spec = MetricSpec(
        "reward",
        "Reward",
        "0 to 5: followed, all else preserved, and clean",
        range=(0.0, HIGHEST),
        aspect="overall",
        roles=ROLES,
        reads_intent=True,
    )

    def compute(self, context: EditContext) -> RewardResult:
        """Judges the edit; the metrics of its sides read what is said of them here."""
        from editjudge.metrics.rewards.local import judge_locally  # noqa: PLC0415  (it scores, as the registry says)

        reward = judge_locally(context)
        sides = {name: getattr(reward, name) for name in REWARD_SIDES}
        return RewardResult(
            reward.overall,
            {name: side.score for name, side in sides.items()},
            explanation=join_feedback({name: side.feedback for name, side in sides.items()}),
            judge=reward.judge.to_dict(),
            reward=reward,
        )


REWARD = LocalReward()


def _of_side(side: RewardSide, meaning: str, aspect: Aspect) -> FormulaMetric:
    return FormulaMetric(
        MetricSpec(
            f"reward_{side}",
            f"Reward, {side}",
            f"0 to 5: {meaning}",
            range=(0.0, HIGHEST),
            aspect=aspect,
            roles=ROLES,
            reads_intent=True,
        ),
        lambda context: context.result(REWARD).parts[side],
    )


REWARD_FOLLOWING = _of_side("following", "what was asked for was done", "modify")
REWARD_PRESERVING = _of_side("preserving", "all else was left as it was", "preserve")
REWARD_QUALITY = _of_side("quality", "the edit left no artefacts", "overall")
