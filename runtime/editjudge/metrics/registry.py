"""Which metrics there are, and which of them a bundle has the models for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from editjudge.bundles.bundle import Bundle
from editjudge.bundles.roles import ROLES
from editjudge.errors import BundleError, InputError, quote_value
from editjudge.metrics.base import Metric
from editjudge.metrics.bpm.evidence import Evidence
from editjudge.metrics.bpm.explanation.explain import describe_kind, describe_part
from editjudge.metrics.bpm.explanation.headline import explain_unmeasured
from editjudge.metrics.bpm.explanation.unasked import name_difference, place_box
from editjudge.metrics.bpm.metric import RULES, Bpm
from editjudge.metrics.bpm.rescoring import add_up, is_ranged, read_part, renorm
from editjudge.metrics.bpm.rules import Compat, check_compat, plain_sum
from editjudge.metrics.bpm.score import ALPHA, SUB_SCORES, EditScore, PartScore, RegionScore, SemanticScore
from editjudge.metrics.bpm.verdict import (
    BOUNDED,
    MISREAD,
    check_accept_at,
    describe_seen,
    estimate_probability,
    find_done,
    find_spill,
    is_beyond,
    is_doubtful,
    is_unread,
)
from editjudge.metrics.clip import CLIP_DIRECTIONAL, CLIP_I, CLIP_T, CLIP_T_PLUS_I
from editjudge.metrics.context import EditContext
from editjudge.metrics.dice.metric import DICE_CLIP_I, DICE_CLIP_T, DICE_COHERENT
from editjudge.metrics.looking.framing import Framing
from editjudge.metrics.pair.metric import EditClipMetric, VifiClipMetric
from editjudge.metrics.perceptual import DINO, DINOV2, LPIPS
from editjudge.metrics.pixel import L2, PSNR, SSIM
from editjudge.metrics.rewards.metric import REWARD, REWARD_FOLLOWING, REWARD_PRESERVING, REWARD_QUALITY
from editjudge.metrics.vlm_judge.metric import VlmMetric
from editjudge.metrics.vlm_judge.names import FORM, is_judge, parse_judge_name
from editjudge.utils.arguments import TEXTS

__all__ = [
    "ALPHA",
    "BOUNDED",
    "DEFAULT",
    "METRICS",
    "MISREAD",
    "RULES",
    "SUB_SCORES",
    "Compat",
    "EditScore",
    "Evidence",
    "PartScore",
    "RegionScore",
    "ScoringMetric",
    "SemanticScore",
    "add_up",
    "check_accept_at",
    "check_compat",
    "check_names",
    "describe_kind",
    "describe_part",
    "describe_seen",
    "estimate_probability",
    "explain_unmeasured",
    "find_done",
    "find_metric",
    "find_spill",
    "is_beyond",
    "is_doubtful",
    "is_ranged",
    "is_unread",
    "name_difference",
    "parse_names",
    "place_box",
    "plain_sum",
    "read_part",
    "renorm",
    "scoring_metric",
    "select_metrics",
]

METRICS: tuple[Metric, ...] = (
    Bpm(),
    L2,
    LPIPS,
    CLIP_I,
    CLIP_T,
    CLIP_DIRECTIONAL,
    DINO,
    DINOV2,
    SSIM,
    PSNR,
    CLIP_T_PLUS_I,
    VifiClipMetric(),
    EditClipMetric(),
    DICE_COHERENT,
    DICE_CLIP_I,
    DICE_CLIP_T,
    REWARD,
    REWARD_FOLLOWING,
    REWARD_PRESERVING,
    REWARD_QUALITY,
)
"""In the order in which "all" gives them; the first is the one that edits are scored and ranked by."""

DEFAULT = METRICS[0].spec
ALL = "all"
_BY_NAME = {metric.spec.name: metric for metric in METRICS}
CHOICES = f"{', '.join(_BY_NAME)}, or a judge as {FORM}"


class ScoringMetric(Metric, Protocol):
    """The metric that edits are scored and ranked by: it says more of an edit than a number."""

    @property
    def rules(self) -> Framing:
        """How it frames pictures."""

    def score(self, context: EditContext) -> EditScore:
        """The score; how long it took and what the models ran on is left for its owner to say."""

    def bound(self, context: EditContext) -> float | None:
        """The most that the score's value can be by what was observed so far; None: there will be no number."""


def scoring_metric(compat: Compat | None = None, accept_at: float | None = None) -> ScoringMetric:
    """The metric that edits are scored and ranked by, with the rules that `--compat` names.

    accept_at: the probability from which its verdict accepts an edit; None: the bundle's.
    """
    return Bpm(compat, accept_at)


def parse_names(text: str) -> tuple[str, ...] | None:
    """The metrics that "l2,lpips" names; None for "all". Raises InputError."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names == [ALL]:
        return None
    if not names:
        raise InputError(f"no metric is named; choose all or some of {CHOICES}")
    return check_names(names)


def select_metrics(names: Sequence[str] | None, bundle: Bundle, *, parsed: bool) -> tuple[Metric, ...]:
    """The metrics of these names.

    Args:
        names: None: all that the bundle has the models of.
        bundle: Where the models would come from.
        parsed: Whether the intent is known, so that no parser is needed.

    Raises InputError for a name that is no metric's, and BundleError for a named metric whose model the bundle lacks.
    """
    if names is None:
        return tuple(metric for metric in METRICS if not _lacking(metric, bundle, parsed))
    selected = tuple(find_metric(name) for name in check_names(names))
    for metric in selected:
        for role in _lacking(metric, bundle, parsed):
            where = f"the metric {metric.spec.name} needs a model of role {role}, which bundle {bundle.name} lacks"
            if role == "parser":
                raise BundleError(f"{where}; give the intent instead of the instruction")
            if not ROLES[role].for_metric:
                raise BundleError(f"{where}; train one for its CLIP (models/pair), or choose a bundle that has it")
            raise BundleError(f"{where}; build one that has it: editjudge bundle build photo-lite --metrics {role}")
    return selected


def check_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names, each once. Raises InputError, listing what there is, for one that is no metric's."""
    TEXTS.check(metrics=names)
    for name in names:
        if is_judge(name):
            parse_judge_name(name)
        elif name not in _BY_NAME:
            raise InputError(f"there is no metric {quote_value(name)}; choose all or some of {CHOICES}")
    return tuple(dict.fromkeys(names))


def find_metric(name: str) -> Metric:
    """The metric of a name that `check_names` takes: one of METRICS, or a judge's."""
    return VlmMetric(name) if is_judge(name) else _BY_NAME[name]


def _lacking(metric: Metric, bundle: Bundle, parsed: bool) -> list[str]:
    parser = ("parser",) if metric.spec.reads_intent and not parsed else ()
    return [role for role in (*metric.spec.roles, *parser) if not bundle.has(role)]
