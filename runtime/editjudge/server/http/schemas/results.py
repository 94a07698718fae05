"""What else is answered: differences, rewards, the state of the service, and errors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from editjudge.server.http.schemas import examples
from editjudge.server.http.schemas.model import Described, NullableNumber
from editjudge.server.http.schemas.scores import AlignmentAnswer, DifferenceAnswer, StageTimes
from editjudge.types import ChangeKind


class DifferencesAnswer(Described):
    """What changed between two pictures."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.DIFFERENCES]})

    original: Annotated[str | None, Field(description="As the client called it.")]
    edited: Annotated[str | None, Field(description="As the client called it.")]
    instruction: str | None
    width: int
    height: int
    kind: ChangeKind
    alignment: AlignmentAnswer
    changed_share: float
    differences: list[DifferenceAnswer]
    left_out: Annotated[int, Field(description="How many weaker ones are not listed.")]
    element_reason: str | None
    unasked_share: NullableNumber
    detector: str
    flags: list[str]
    timings_ms: StageTimes
    bundle: str
    version: str
    worst: Annotated[int | None, Field(description="Which of them was least asked for.")]


class SideAnswer(Described):
    """What is said of one side."""

    score: Annotated[float | None, Field(description="0 to 5; null: not measured.")]
    passed: Annotated[bool | None, Field(alias="pass")]
    feedback: str


class JudgeAnswer(Described):
    """Who judged."""

    name: str
    model: str
    prompts: str | None
    seed: int | None


class RewardAnswer(Described):
    """An edit, judged from three sides."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REWARD]})

    following: SideAnswer
    preserving: SideAnswer
    quality: SideAnswer
    judge: JudgeAnswer


class IdentityAnswer(Described):
    """What a trainer told an item apart by, and what scored it."""

    request_id: str | int | None
    sample_id: str | int | None
    group_id: str | int | None
    source_rank: str | int | None
    policy_version: str | int | None
    idempotency_key: str | int | None
    scorer_version: Annotated[str | None, Field(description="The hash of the bundle.")]


class ScoreItemsAnswer(Described):
    """Rewards in the form of UniRL's reward service: results and errors, one of each for every item."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ITEM_RESULTS]})

    protocol_version: Literal["1"]
    results: Annotated[
        list[dict[str, dict[str, float]]],
        Field(description='By reward, and all under "reward"; one that was not measured is not there.'),
    ]
    errors: Annotated[
        list[dict[str, str]], Field(description='By reward, and all under "reward", why it is not among the results.')
    ]
    identities: list[IdentityAnswer]


class AboutReward(Described):
    """A reward that there is."""

    name: str
    title: str
    range: Annotated[list[float | None], Field(description="The least and the most; null: there is no such end.")]
    higher_is_better: bool
    meaning: str


class RewardsAnswer(Described):
    """The rewards that there are."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REWARDS]})

    rewards: list[str]
    about: list[AboutReward]


class HealthAnswer(Described):
    """What the service is doing."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.HEALTH]})

    status: Literal["starting", "ready", "draining", "failed"]
    problem: Annotated[str | None, Field(description="Why it failed.")]
    bundle: str
    bundle_hash: str | None
    version: str
    device: Annotated[str | None, Field(description="What the models run on.")]
    waiting: Annotated[int, Field(description="Requests that wait for a thread.")]
    rewards: Annotated[dict[str, list[str]], Field(description="Those that there are, as trainers ask for them.")]


class ErrorDetail(Described):
    """What is wrong, and what to do."""

    kind: str
    message: Annotated[str, Field(description="One sentence.")]


class ErrorBody(Described):
    """Why there is no result."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "error": {
                        "kind": "InputError",
                        "message": "the field 'original' is missing; send the original picture",
                    }
                }
            ]
        }
    )

    error: ErrorDetail
