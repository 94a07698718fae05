"""The bodies of requests, in JSON and as forms."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from editjudge.metrics.registry import Compat
from editjudge.parser.normalize import LONGEST
from editjudge.server.http.schemas import examples
from editjudge.server.http.schemas.model import Described

Base64Picture = Annotated[
    str,
    Field(
        description="A picture's file in base64; or a data: address with base64. Nothing is fetched.",
        json_schema_extra={"contentEncoding": "base64"},
    ),
]
FilePicture = Annotated[
    str, Field(description="A picture's file: PNG, JPEG, WebP and others.", json_schema_extra={"format": "binary"})
]
AskedText = Annotated[str, Field(max_length=LONGEST, description="What was asked for, in English.")]
MetricNames = Annotated[
    str | None, Field(description="What to measure as well: names of GET /rewards with commas between them, or all.")
]
CompatName = Annotated[
    Compat | None, Field(description="paper: the paper's plain sum; released: as the authors' code scores.")
]
TimeBudget = Annotated[
    float | None,
    Field(gt=0, description="The milliseconds that it may take; what there is no time for is left out."),
]
BestCount = Annotated[
    int | None, Field(ge=1, description="Look at no more of the others than tells the best of this number.")
]


class ScoreBody(Described):
    """An edit to score, in JSON."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**examples.EDIT, "metrics": "l2,reward"}]})

    original: Base64Picture
    edited: Base64Picture
    instruction: AskedText
    metrics: MetricNames = None
    compat: CompatName = None
    budget_ms: TimeBudget = None


class ScoreForm(ScoreBody):
    """An edit to score, as a form."""

    model_config = ConfigDict(json_schema_extra={})

    original: FilePicture
    edited: FilePicture


class RankBody(ScoreBody):
    """Edits to rank, in JSON."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**examples.EDIT, "edited": [examples.RED, examples.BLUE], "best": 1}]}
    )

    edited: list[Base64Picture]  # type: ignore[assignment]
    best: BestCount = None


class RankForm(RankBody):
    """Edits to rank, as a form; the field `edited` is repeated."""

    model_config = ConfigDict(json_schema_extra={})

    original: FilePicture
    edited: list[FilePicture]


class DifferencesBody(Described):
    """A pair of pictures to compare, in JSON."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.EDIT]})

    original: Base64Picture
    edited: Base64Picture
    instruction: AskedText | None = None


class DifferencesForm(DifferencesBody):
    """A pair of pictures to compare, as a form."""

    model_config = ConfigDict(json_schema_extra={})

    original: FilePicture
    edited: FilePicture


class RewardBody(Described):
    """An edit to judge from three sides, in JSON."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.EDIT]})

    original: Base64Picture
    edited: Base64Picture
    instruction: AskedText


class RewardForm(RewardBody):
    """An edit to judge from three sides, as a form."""

    model_config = ConfigDict(json_schema_extra={})

    original: FilePicture
    edited: FilePicture


class HistoryTurn(Described):
    """A turn of a history: a text, and a picture."""

    model_config = ConfigDict(extra="allow")

    text: str | None = None
    image_b64: Base64Picture | None = None


class ScoreItemBody(Described):
    """An item of a request in the form of UniRL's reward service. What else it holds is left alone."""

    model_config = ConfigDict(extra="allow")

    history: Annotated[
        list[HistoryTurn],
        Field(
            min_length=2,
            description="The first turn has the picture before the edit, the last one that after it; the instruction "
            "is the text of the last turn that has one.",
        ),
    ]
    required_rewards: Annotated[list[str], Field(min_length=1, description="Names of GET /rewards.")]
    request_id: str | None = None
    metadata: Any = None


class ScoreItemsBody(Described):
    """A request in the form of UniRL's reward service."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [examples.ITEMS]})

    protocol_version: str | int | None = "1"
    requests: list[ScoreItemBody]
