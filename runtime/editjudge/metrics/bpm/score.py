"""What BPM says of an edit, with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from editjudge.metrics.base import MetricResult
from editjudge.metrics.bpm.evidence import Evidence
from editjudge.metrics.dice.difference import Difference
from editjudge.metrics.looking.looked_at import UNSEEN, LookedAt
from editjudge.types import ChangeKind, Drift, EditIntent, FoundBox, Placement

ALPHA = 0.7
"""The weight of the semantic score in a local edit; the best in the paper's table 9."""

SUB_SCORES = {"semantic": ("modify", "preserve"), "region": ("position", "size")}
"""The parts of each score, in the order in which reports list them."""

Decision = Literal["accept", "reject", "unsure", "not_judged"]


@dataclass(frozen=True)
class SubScoreRow:
    """A sub-score in a report.

    Attributes:
        name: modify, preserve, position or size.
        value: 0 to 1; None: does not apply, or was not measured.
        raw: As the formula gives it; None: the value is raw.
        weight: How much of the BPM it can decide.
    """

    name: str
    value: float | None
    raw: float | None
    weight: float

    @property
    def gain(self) -> float:
        """What it adds to the paper's plain sum."""
        return self.weight * (self.value or 0.0)


@dataclass(frozen=True)
class SemanticScore:
    """S_semantic, 0 to 2, and its parts: normalised 0 to 1, and raw as the formula gives them.

    None: does not apply, or was not measured.
    """

    score: float | None
    modify: float | None
    preserve: float | None
    modify_raw: float | None
    preserve_raw: float | None


@dataclass(frozen=True)
class RegionScore:
    """S_region, 0 to 2, and its parts, each 0, 0.5 or 1. None: does not apply, or was not measured."""

    score: float | None
    position: float | None
    size: float | None


@dataclass(frozen=True)
class PartScore:
    """One thing that was asked for, and its scores; a compound instruction asks for several.

    Attributes:
        done: How far it counts as done, 0 to 1; None: the rules do not ask.
    """

    intent: EditIntent
    semantic: SemanticScore
    region: RegionScore
    flags: tuple[str, ...] = ()
    done: float | None = None

    def to_dict(self) -> dict[str, Any]:
        scores = {"semantic": asdict(self.semantic), "region": asdict(self.region)}
        return {"intent": self.intent.to_dict(), **scores, "flags": list(self.flags), "done": self.done}


@dataclass(frozen=True)
class Verdict:
    """What an app should do with an edit.

    Attributes:
        decision: accept, reject, or unsure; not_judged where nothing could be measured.
        probability: That the edit was done as asked with nothing else harmed; None: not measured.
    """

    decision: Decision
    probability: float | None


@dataclass(frozen=True)
class EditScore:
    """How well an edit did what was asked and left the rest alone.

    Attributes:
        bpm: 0 to 2; None where something that it is made of was not measured.
        semantic, region: The two scores that it is made of, and their parts; of a compound, the means over its parts.
        confidence: How far the score can be trusted, 0 to 1.
        verdict: What to do with the edit.
        headline: The sentence to read first.
        kind: What happened to the picture, by its pixels.
        changed_share: How much of the picture changed, 0 to 1, by its pixels.
        alignment: What of that was no edit.
        flags: What the score rests on (`metrics.flags`).
        explanation: In a sentence or two.
        intent: What was understood to be asked for; of a compound, its first part.
        parts: All that was asked for, with the scores of each.
        regions: What was found in "original" and "edited"; boxes in pixels of the original.
        timings_ms: Milliseconds per stage, and in "total".
        bundle, version: What scored it.
        evidence: The arrays that it rests on.
        models: What each model ran on, by role.
        metrics: What the other metrics that were asked for say, by name.
        differences: What changed, the strongest first, and whether it was asked for.
        looked_at: What of the edited picture the models looked at; boxes in pixels of the original.
        unasked_share: Of all that changed, weighted by how much, the share that was not asked for, 0 to 1; None where
            that cannot be told.
        expected_rating: What people are expected to rate the edit, 1 to 5; None where the bundle was not calibrated on
            people's ratings, or nothing was measured.
        left_out: What there was no time for, of "parse", "detect", "segment", "embed", "differences" and the names of
            metrics; what rests on it is None.
    """

    bpm: float | None
    semantic: SemanticScore
    region: RegionScore
    confidence: float
    verdict: Verdict
    headline: str
    kind: ChangeKind
    changed_share: float
    alignment: Drift
    flags: tuple[str, ...]
    explanation: str
    intent: EditIntent
    parts: tuple[PartScore, ...]
    regions: dict[str, tuple[FoundBox, ...]]
    timings_ms: dict[str, float]
    bundle: str
    version: str
    evidence: Evidence = field(repr=False, compare=False)
    models: dict[str, Placement] = field(default_factory=dict)
    metrics: Mapping[str, MetricResult] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    unasked_share: float | None = None
    looked_at: LookedAt = UNSEEN
    expected_rating: float | None = None
    left_out: tuple[str, ...] = ()

    @property
    def is_global(self) -> bool:
        """Whether a part of what was asked for concerns the whole picture."""
        return any(part.intent.is_global for part in self.parts)

    @property
    def value(self) -> float | None:
        """The number that edits are ranked by; None: there is none."""
        return self.bpm

    @property
    def sub_scores(self) -> tuple[SubScoreRow, ...]:
        """In the order of SUB_SCORES; one that does not apply leaves its share to the others."""
        share = 1.0 if self.region.score is None else ALPHA
        weights = {"semantic": 2 * share, "region": 2 * (1 - share)}
        found = []
        for group, names in SUB_SCORES.items():
            values = vars(getattr(self, group))
            count = sum(values[name] is not None for name in names)
            for name in names:
                weight = 0.0 if values[name] is None else weights[group] / count
                found.append(SubScoreRow(name, values[name], values.get(f"{name}_raw"), weight))
        return tuple(found)

    def as_result(self) -> MetricResult:
        """The score as one metric among others."""
        parts = {row.name: row.value for row in self.sub_scores}
        return MetricResult(self.bpm, parts, self.flags, self.regions, self.explanation)

    def without_evidence(self) -> EditScore:
        """The score without its arrays: for who keeps many."""
        return replace(self, evidence=Evidence.none())

    def to_dict(self) -> dict[str, Any]:
        """The JSON that the command line prints; the evidence, being pictures, is left out."""
        content = {name: value for name, value in vars(self).items() if name not in ("evidence", "metrics")}
        for name in ("semantic", "region", "verdict", "alignment"):
            content[name] = asdict(content[name])
        content["intent"] = self.intent.to_dict()
        content["parts"] = [part.to_dict() for part in self.parts]
        content["flags"] = list(self.flags)
        content["left_out"] = list(self.left_out)
        content["regions"] = {
            side: [{"phrase": found.phrase, "box": list(found.box), "score": found.score} for found in boxes]
            for side, boxes in self.regions.items()
        }
        content["looked_at"] = self.looked_at.to_dict()
        content["models"] = {role: placement.to_dict() for role, placement in self.models.items()}
        content["differences"] = [difference.to_dict() for difference in self.differences]
        if self.metrics:
            content["metrics"] = {name: result.value for name, result in self.metrics.items()}
            content["metric_details"] = {
                name: {
                    "parts": dict(result.parts), "flags": list(result.flags),
                    "explanation": result.explanation, "judge": result.judge,
                }
                for name, result in self.metrics.items() if result.parts or result.flags or result.explanation
            }  # fmt: skip
        return content
