"""The options of the experiments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from editjudge.errors import InputError, quote_value
from editjudge.metrics.registry import SUB_SCORES
from editjudge.utils.arguments import NUMBER, PROBABILITY, TEXT, TEXTS, Accepted, instance, whole_number

Ties = Literal["wrong", "half", "formula"]
"""How a tie of a metric counts where humans prefer one of two: as wrong, as half right, or by the paper's formula.

The formula, 1[M1 > M2] = 1[H1 > H2], takes a tie for a preference of the second, and so depends on which is named
first. The paper does not say how it counted ties; its 0.302 at alpha = 0 (table 9), where S_region alone leaves many
ties and chance would give 0.5, suggests that they counted as wrong.
"""
Method = Literal["spearman", "pearson", "kendall"]
Norm = Literal["bundle", "data"]
Scale = Literal["raw", "minmax"]

KINDS: Mapping[str, tuple[str, ...]] = {
    "preserved": ("preserved", "excessively_preserved", "ep", "noise"),
    "modified": ("modified", "excessively_modified", "em", "regenerated"),
    "edited": ("edited", "well_edited", "ground_truth", "gt", "well_done"),
}
"""The three candidates of the ground truth test, and what data sets call them."""

RATINGS: Mapping[str, str] = {part: f"human.{part}" for part in (*SUB_SCORES["semantic"], *SUB_SCORES["region"][::-1])}
"""The columns of human ratings of the parts of the score."""


RESAMPLES = whole_number(0, 100_000)
SEED = whole_number(0, 2**63 - 1)
RATED = Accepted(
    lambda ratings: (
        isinstance(ratings, Mapping)
        and set(ratings) == set(RATINGS)
        and all(isinstance(column, str) for column in ratings.values())
    ),
    f"a dictionary with a column for each of {', '.join(RATINGS)}",
)
NAMED_KINDS = Accepted(
    lambda kinds: isinstance(kinds, Mapping) and set(kinds) == set(KINDS) and all(map(TEXTS.holds, kinds.values())),
    f"a dictionary with a list of texts for each of {', '.join(KINDS)}",
)


@dataclass(frozen=True)
class EvaluationOptions:
    """The options of all experiments; each reads those that concern it. Raises InputError for a wrong value.

    Attributes:
        human, group, model, kind: The names of columns.
        ratings: The columns of human ratings of the parts of the score.
        kinds: What the kind column calls the candidates of the ground truth test.
        norm: The ranges of Norm(): those of the bundle, or those of the data.
        alpha: The weight of S_semantic; by default as scored.
        satisfied: A human rating of size or position above it says that all is as asked; by default the middle of the
            scale.
        raters: The columns of raters, with {n} for any of them and {side} for any of the sides; by default rater{n}, or
            rater{n}_{side} where there are sides.
        sides: The sides that edits are rated from; none: the raters give one number each.
        scale: What the raters' numbers are averaged as: as they are, or each rater's brought to 0..1 by their least and
            greatest, as those who use a scale differently weigh differently.
        judge: The reward that is summed up: a metric, or the name of columns with {side} in it.
        type: The column with the type of edit.
        resamples: 0 for no intervals.
    """

    human: str = "human"
    group: str = "group"
    model: str = "model"
    kind: str = "kind"
    ratings: Mapping[str, str] = field(default_factory=lambda: RATINGS)
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: KINDS)
    norm: Norm = "bundle"
    alpha: float | None = None
    ties: Ties = "wrong"
    method: Method = "spearman"
    satisfied: float | None = None
    raters: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    scale: Scale = "raw"
    judge: str = "reward"
    type: str = "type"
    resamples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        for name, words in (("ties", Ties), ("method", Method), ("norm", Norm), ("scale", Scale)):
            value, allowed = getattr(self, name), get_args(words)
            if not isinstance(value, str) or value not in allowed:
                raise InputError(f"--{name} is {quote_value(value)}; it must be one of {', '.join(allowed)}")
        if self.alpha is not None and not PROBABILITY.holds(self.alpha):
            raise InputError(f"--alpha is {quote_value(self.alpha)}; it must lie between 0 and 1")
        if not RESAMPLES.holds(self.resamples):
            raise InputError(f"--resamples is {quote_value(self.resamples)}; give {RESAMPLES.wanted}")
        if not SEED.holds(self.seed):
            raise InputError(f"--seed is {quote_value(self.seed)}; give {SEED.wanted}")
        NUMBER.or_none("the middle of the scale").check(satisfied=self.satisfied)
        TEXT.check(human=self.human, group=self.group, model=self.model, kind=self.kind)
        TEXT.check(judge=self.judge, type=self.type)
        TEXTS.check(raters=self.raters, sides=self.sides)
        if len(set(self.sides)) < len(self.sides):
            raise InputError(f"--sides names a side twice: {', '.join(self.sides)}; name each once")
        RATED.check(ratings=self.ratings)
        NAMED_KINDS.check(kinds=self.kinds)


OPTIONS = instance(EvaluationOptions, "EvaluationOptions(...)")
