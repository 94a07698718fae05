"""What a metric is: a spec that says what its number means, and a number for one edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from editjudge.types import FoundBox

if TYPE_CHECKING:
    from editjudge.metrics.context import EditContext

Aspect = Literal["preserve", "modify", "both", "overall"]
"""What a metric looks at, as the paper groups them (section 4.1); overall: all that it says is in one number."""


@dataclass(frozen=True)
class MetricSpec:
    """What there is to know of a metric without measuring it.

    Attributes:
        name: In options, columns and JSON.
        title: What papers call it.
        meaning: In a line, after the range.
        range: The least and the greatest value; None where there is no such end.
        higher_is_better: Which way it counts.
        aspect: What it looks at.
        roles: The models that a bundle must have for it.
        reads_intent: Whether the instruction has to be parsed.
        parts: The metrics that it is the sum of; over a data set the paper brings each to 0..1 before it adds them up.
    """

    name: str
    title: str
    meaning: str
    range: tuple[float | None, float | None]
    higher_is_better: bool = True
    aspect: Aspect = "preserve"
    roles: tuple[str, ...] = ()
    reads_intent: bool = False
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class MetricResult:
    """What a metric says of one edit.

    Attributes:
        value: None where nothing was measured.
        parts: Numbers that the value is made of, by name.
        flags: What the value rests on, or what casts doubt on it (`metrics.flags`).
        regions: Where it looked, per side ("original", "edited"); boxes in pixels of the original.
        explanation: In a sentence or two.
        judge: Who was asked, by which questions, so that it can be asked again; None: nobody.
    """

    value: float | None
    parts: Mapping[str, float | None] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    regions: Mapping[str, tuple[FoundBox, ...]] = field(default_factory=dict)
    explanation: str | None = None
    judge: Mapping[str, Any] | None = None


class Metric(Protocol):
    """A metric of an edit. Add one to the registry, and every command, table and report has it."""

    @property
    def spec(self) -> MetricSpec: ...

    def compute(self, context: EditContext) -> MetricResult:
        """Measures one edit. Whatever models say is asked of the context, which all metrics of an edit share."""


@dataclass(frozen=True)
class FormulaMetric:
    """A metric that is a formula of the context, None or NaN where it cannot be told."""

    spec: MetricSpec
    formula: Callable[[EditContext], float | None]

    def compute(self, context: EditContext) -> MetricResult:
        value = self.formula(context)
        return MetricResult(None if value is None or value != value else value)  # noqa: PLR0124  (NaN is not itself)
