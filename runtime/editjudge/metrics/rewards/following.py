"""Whether the instruction was followed: what was asked for, where and as large as asked, whatever else was harmed."""

from __future__ import annotations

from editjudge.bundles.verdict_settings import VerdictSettings
from editjudge.metrics.context import EditContext
from editjudge.metrics.registry import (
    MISREAD,
    EditScore,
    PartScore,
    estimate_probability,
    explain_unmeasured,
    is_unread,
)
from editjudge.metrics.rewards.feedback import tell_followed, tell_kind
from editjudge.metrics.rewards.reward_score import HIGHEST, SideScore

DONE_SHARE = 0.4
"""What an edit is worth that is done, but nowhere near where, as large or as clear as it should be; the rest is how
likely it is well done. Two of five points, which holds what is misplaced apart from what is wrong."""
PASS = 3.0
"""On training seeds 0.94 of the right edits have more, and 0.01 of the wrong, contrary and misplaced ones."""
DOUBTED = 2.5
"""The most that is given where the instruction may have been misread, or was read in part."""


def judge_following(context: EditContext, score: EditScore) -> SideScore:
    """How far an edit did what was asked, 0 to 5; of a compound the mean over its parts, each of which has to pass.

    A picture in which nothing was edited, and another picture, followed nothing, whatever they are of. None where the
    instruction or the objects are not known.

    Args:
        context: The edit.
        score: What is known of it.
    """
    if is_unread(score):
        return SideScore(None, None, _explain_null(score))
    if score.kind != "edit":
        return SideScore(0.0, False, tell_kind(score))
    settings = context.models.bundle.manifest.verdict
    rated = [rate_part(part, settings) for part in score.parts]
    shares = [share for share in rated if share is not None]
    if len(shares) < len(rated):
        return SideScore(None, None, _explain_null(score))
    points = HIGHEST * sum(shares) / len(shares)
    passed = HIGHEST * min(shares) >= PASS
    is_doubted = not MISREAD.isdisjoint(score.flags)
    if is_doubted:
        points, passed = min(points, DOUBTED), False
    return SideScore(points, passed, tell_followed(score, shares, is_doubted=is_doubted))


def rate_part(part: PartScore, settings: VerdictSettings | None) -> float | None:
    """How far one thing that was asked for was done, 0 to 1; None: that was not measured.

    As far as the rules count it as done; and of that, how likely it would be well done had all else been left alone,
    by the bundle's verdict, against an edit that is perfect. Without a verdict, by place and size alone.
    """
    if part.semantic.modify is None:
        return None
    done = 1.0 if part.done is None else part.done
    if not done:
        return 0.0
    position, size = part.region.position, part.region.size
    if part.intent.is_global:
        position = size = 1.0
    if position is None or size is None:
        return None
    likely = position * size if settings is None else _rate(settings, part, position, size)
    return done * (DONE_SHARE + (1 - DONE_SHARE) * likely)


def _rate(settings: VerdictSettings, part: PartScore, position: float, size: float) -> float:
    def find_probability(modify: float, position: float, size: float) -> float:
        perfect = {"preserve": 1.0, "spill": 0.0, "whole": float(part.intent.is_global)}
        measured = {"modify": modify, "modify_low": min(modify, 0.7), "position": position, "size": size}
        return estimate_probability({**perfect, **measured}, settings)

    best = find_probability(1.0, 1.0, 1.0)
    return min(1.0, find_probability(part.semantic.modify or 0.0, position, size) / best) if best else 0.0


def _explain_null(score: EditScore) -> str:
    return f"Not judged: {explain_unmeasured(score)}."
