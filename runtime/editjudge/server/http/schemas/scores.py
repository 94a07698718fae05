"""A score and a ranking, as they are answered."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from editjudge.metrics.registry import DEFAULT
from editjudge.server.http.schemas import examples
from editjudge.server.http.schemas.model import BoxAnswer, Described, NullableNumber
from editjudge.types import ChangeKind

StageTimes = Annotated[dict[str, float], Field(description="By stage; what was ready took none.")]


class SemanticAnswer(Described):
    """Whether what was asked for was done, and the rest left alone, 0 to 1 each."""

    score: NullableNumber
    modify: NullableNumber
    preserve: NullableNumber
    modify_raw: NullableNumber
    preserve_raw: NullableNumber


class RegionAnswer(Described):
    """Whether it stands where it should, as large as it should, 0 to 1 each."""

    score: NullableNumber
    position: NullableNumber
    size: NullableNumber


class VerdictAnswer(Described):
    """Whether to accept an edit, and how likely it is good."""

    decision: Literal["accept", "reject", "unsure", "not_judged"]
    probability: NullableNumber


class AlignmentAnswer(Described):
    """How the edited picture as a whole lies on the original, and how its tone differs."""

    shift: list[float]
    scale: float
    gain: list[float]
    offset: list[float]


class PartAnswer(Described):
    """A part of what was asked for."""

    intent: dict[str, str | None]
    semantic: SemanticAnswer
    region: RegionAnswer
    flags: list[str]
    done: NullableNumber = None


class FoundAnswer(Described):
    """An object that was found."""

    phrase: str
    box: BoxAnswer
    score: float


class DifferenceAnswer(Described):
    """A place where the pictures differ."""

    change: Literal["ADD", "REMOVE", "EDIT"]
    element: str | None
    box: BoxAnswer
    share: Annotated[float, Field(description="Of the picture.")]
    confidence: float
    coherent: Annotated[bool | None, Field(description="Whether it was asked for; null: that cannot be told.")]
    coherence: NullableNumber
    rationale: str | None
    partner: Annotated[int | None, Field(description="Of what was moved, the place that it came from or went to.")]
    energy: float


class ScoreAnswer(Described):
    """The score of an edit."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SCORE]})

    value: Annotated[
        float | None,
        Field(alias=DEFAULT.name, description="0 to 2; null: something that it is made of was not measured."),
    ]
    semantic: SemanticAnswer
    region: RegionAnswer
    confidence: float
    verdict: VerdictAnswer
    headline: Annotated[str, Field(description="The one sentence to read first.")]
    kind: ChangeKind
    changed_share: float
    alignment: AlignmentAnswer
    flags: Annotated[list[str], Field(description="What the score rests on, or what casts doubt on it.")]
    explanation: str
    intent: dict[str, str | None]
    parts: list[PartAnswer]
    regions: dict[str, list[FoundAnswer]]
    timings_ms: StageTimes
    bundle: str
    version: str
    models: Annotated[dict[str, dict[str, Any]], Field(description="What each model ran on.")]
    differences: list[DifferenceAnswer]
    unasked_share: NullableNumber
    looked_at: Annotated[dict[str, Any], Field(description="How much of the edited picture the models saw, and why.")]
    expected_rating: NullableNumber
    left_out: Annotated[list[str], Field(description="What there was no time for.")]
    metrics: Annotated[dict[str, float | None], Field(description="Those that were asked for.")] = Field(default={})
    metric_details: dict[str, dict[str, Any]] = Field(default={})
    metrics_left_out: Annotated[list[str], Field(description="Those that the bundle has no models for.")] = Field(
        default=[]
    )


class RankedAnswer(Described):
    """A candidate of a ranking."""

    rank: int
    index: Annotated[int, Field(description="In the order in which they were sent, from 0.")]
    file: Annotated[str | None, Field(description="As the client called it.")]
    ordered_by: Literal["score", "pictures", "bound"] | None
    score: ScoreAnswer | None
    error: Annotated[str | None, Field(description="Why it cannot be read.")]
    bound: Annotated[float | None, Field(description="The most that its score could be.")]
    left_out: Annotated[str | None, Field(description="Why it was not looked at to the end.")]


class RankingAnswer(Described):
    """Candidates, the best first."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.RANKING]})

    instruction: str
    ranking: list[RankedAnswer]
