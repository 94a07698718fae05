"""What can be set about a protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from editjudge.errors import InputError

Ties = Literal["wrong", "half", "formula"]
"""What a tie of a metric counts where humans prefer one of two: nothing; half; or what the paper's formula makes of it.

The formula, 1[M1 > M2] = 1[H1 > H2], takes a tie for a preference of the second. That depends on which is named
first. Which of these the paper did it does not say; its 0.302 at alpha = 0 (table 9), where S_region alone leaves many
ties and chance would give 0.5, suggests that they counted nothing.
"""
Method = Literal["spearman", "pearson", "kendall"]
Norm = Literal["bundle", "data"]

KINDS: Mapping[str, tuple[str, ...]] = {
    "preserved": ("preserved", "excessively_preserved", "ep", "noise"),
    "modified": ("modified", "excessively_modified", "em", "regenerated"),
    "edited": ("edited", "well_edited", "ground_truth", "gt", "well_done"),
}
"""The three candidates of the ground truth test, and what data sets call them."""

RATINGS: Mapping[str, str] = {part: f"human.{part}" for part in ("modify", "preserve", "size", "position")}
"""Where humans rate the parts of BPM."""


@dataclass(frozen=True)
class Options:
    """human, group, model, kind: the names of columns. ratings: the columns of human ratings of parts of BPM.

    kinds: what the kind column calls the candidates of the ground truth test. norm: the ranges of Norm(), as scored or
    those of the data. alpha: the weight of S_semantic; None: as scored. satisfied: a human rating of size or position
    above it says that all is as asked; None: the middle of the scale. resamples: 0 for no intervals.
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
    resamples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises InputError."""
        for name, value, allowed in (
            ("--ties", self.ties, get_args(Ties)),
            ("--method", self.method, get_args(Method)),
            ("--norm", self.norm, get_args(Norm)),
        ):
            if value not in allowed:
                raise InputError(f"{name} is {value!r}; it must be one of {', '.join(allowed)}")
        if self.alpha is not None and not 0 <= self.alpha <= 1:
            raise InputError(f"--alpha is {self.alpha:g}; it must lie between 0 and 1")
        if self.resamples < 0:
            raise InputError(f"--resamples is {self.resamples}; it must be 0 or more")
