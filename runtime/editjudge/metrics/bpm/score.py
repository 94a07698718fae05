"""What BPM says of an edit, with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from editjudge.metrics.base import MetricResult
from editjudge.metrics.bpm.evidence import Evidence
from editjudge.types import EditIntent, FoundBox, Placement

ALPHA = 0.7
"""The weight of the semantic score in a local edit; the best in the paper's table 9."""

SUB_SCORES = {"semantic": ("modify", "preserve"), "region": ("position", "size")}
"""The parts of each score, in the order in which reports list them."""


@dataclass(frozen=True)
class Part:
    """A sub-score in a report.

    Attributes:
        name: modify, preserve, position or size.
        value: 0 to 1; None: does not apply.
        raw: As the formula gives it; None: the value is raw.
        weight: How much of the BPM it decides.
    """

    name: str
    value: float | None
    raw: float | None
    weight: float

    @property
    def gain(self) -> float:
        """What the part adds to the BPM."""
        return self.weight * (self.value or 0.0)


@dataclass(frozen=True)
class SemanticScore:
    """S_semantic, 0 to 2, and its parts: normalised 0 to 1, and raw as the formula gives them. None: does not apply."""

    score: float
    modify: float | None
    preserve: float | None
    modify_raw: float | None
    preserve_raw: float | None


@dataclass(frozen=True)
class RegionScore:
    """S_region, 0 to 2, and its parts, each 0, 0.5 or 1. None: does not apply."""

    score: float | None
    position: float | None
    size: float | None


@dataclass(frozen=True)
class EditScore:
    """How well an edit did what was asked and left the rest alone.

    Attributes:
        bpm: 0 to 2.
        semantic, region: The two scores that it is made of, and their parts.
        confidence: How far the score can be trusted, 0 to 1.
        flags: What it rests on (`metrics.flags`).
        explanation: In a sentence or two.
        intent: What was understood to be asked for.
        regions: What was found in "original" and "edited"; boxes in pixels of the original.
        timings_ms: Milliseconds per stage, and in "total".
        bundle, version: What scored it.
        evidence: The arrays that it rests on.
        models: What each model ran on, by role.
        metrics: What the other metrics that were asked for say, by name.
    """

    bpm: float
    semantic: SemanticScore
    region: RegionScore
    confidence: float
    flags: tuple[str, ...]
    explanation: str
    intent: EditIntent
    regions: dict[str, tuple[FoundBox, ...]]
    timings_ms: dict[str, float]
    bundle: str
    version: str
    evidence: Evidence = field(repr=False, compare=False)
    models: dict[str, Placement] = field(default_factory=dict)
    metrics: Mapping[str, MetricResult] = field(default_factory=dict)

    @property
    def value(self) -> float:
        """The number that edits are ranked by."""
        return self.bpm

    @property
    def parts(self) -> tuple[Part, ...]:
        """The sub-scores, in the order of SUB_SCORES; one that does not apply leaves its share to the others."""
        share = 1.0 if self.region.score is None else ALPHA
        weights = {"semantic": 2 * share, "region": 2 * (1 - share)}
        found = []
        for group, names in SUB_SCORES.items():
            values = vars(getattr(self, group))
            count = sum(values[name] is not None for name in names)
            for name in names:
                weight = 0.0 if values[name] is None else weights[group] / count
                found.append(Part(name, values[name], values.get(f"{name}_raw"), weight))
        return tuple(found)

    def as_result(self) -> MetricResult:
        """The score as one metric among others."""
        parts = {part.name: part.value for part in self.parts}
        return MetricResult(self.bpm, parts, self.flags, self.regions, self.explanation)

    def without_evidence(self) -> EditScore:
        """The score without its arrays: for who keeps many."""
        return replace(self, evidence=Evidence.none())

    def to_dict(self) -> dict[str, Any]:
        """The JSON that the command line prints; the evidence, being pictures, is left out."""
        content = {name: value for name, value in vars(self).items() if name not in ("evidence", "metrics")}
        content["semantic"] = asdict(self.semantic)
        content["region"] = asdict(self.region)
        content["intent"] = self.intent.to_dict()
        content["flags"] = list(self.flags)
        content["regions"] = {
            side: [{"phrase": found.phrase, "box": list(found.box), "score": found.score} for found in boxes]
            for side, boxes in self.regions.items()
        }
        content["models"] = {role: placement.to_dict() for role, placement in self.models.items()}
        if self.metrics:
            content["metrics"] = {name: result.value for name, result in self.metrics.items()}
        return content
