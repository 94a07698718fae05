"""What /openapi.json tells of each route: both forms of its body, its answers, and every error."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from editjudge.server.http.bodies.requested_edit import RouteTask
from editjudge.server.http.schemas import bodies, results, scores

REFERENCE = "#/components/schemas/{model}"
ERRORS = {
    400: "The body, a picture, the instruction or an option cannot be used; the sentence says why.",
    401: "The token is missing or is another one.",
    403: "A page of another site asks, and the service has no token.",
    408: "The body did not come in time.",
    413: "More bytes, pixels or items than are taken.",
    415: "The body is of a kind that is not read.",
    429: "As many requests wait as may wait; Retry-After says when to ask again.",
    500: "A bug of the service.",
    503: "The service is starting, ending, without memory or without its bundle; Retry-After says when to ask again.",
}
EDITS: dict[RouteTask, tuple[type[BaseModel], type[BaseModel], type[BaseModel]]] = {
    "score": (bodies.ScoreBody, bodies.ScoreForm, scores.ScoreAnswer),
    "rank": (bodies.RankBody, bodies.RankForm, scores.RankingAnswer),
    "differences": (bodies.DifferencesBody, bodies.DifferencesForm, results.DifferencesAnswer),
    "reward": (bodies.RewardBody, bodies.RewardForm, results.RewardAnswer),
}
"""The body in JSON, as a form, and the answer."""
ANSWERS = (results.ScoreItemsAnswer, results.RewardsAnswer, results.HealthAnswer, results.ErrorBody)
MODELS = (*(model for models in EDITS.values() for model in models), bodies.ScoreItemsBody, *ANSWERS)
RouteDescription = dict[str, Any]


def describe_edit_route(task: RouteTask) -> RouteDescription:
    """A route of ours."""
    body, form, answer = EDITS[task]
    content = {"application/json": _refer(body), "multipart/form-data": _refer(form)}
    report = {} if task == "reward" else {"text/html": {"schema": {"type": "string"}}}
    ok = {"model": answer, "description": "In JSON, or as a report where the client asks for HTML.", "content": report}
    return {"responses": {200: ok, **_describe_errors(*ERRORS)}, "openapi_extra": _describe_body(content)}


def describe_score_items() -> RouteDescription:
    """The route of UniRL's form."""
    ok = {"model": results.ScoreItemsAnswer, "description": "Results and errors, one of each for every item."}
    content = {"application/json": _refer(bodies.ScoreItemsBody)}
    return {"responses": {200: ok, **_describe_errors(*ERRORS)}, "openapi_extra": _describe_body(content)}


def describe_rewards() -> RouteDescription:
    """The route that lists the rewards."""
    ok = {"model": results.RewardsAnswer, "description": "Their names, and what they mean."}
    return {"responses": {200: ok, **_describe_errors(401, 403, 503)}}


def describe_health() -> RouteDescription:
    """The route that tells whether the service is ready."""
    return {
        "responses": {
            200: {"model": results.HealthAnswer, "description": "It is ready."},
            503: {"model": results.HealthAnswer, "description": "It is starting, draining or failed."},
        },
        "openapi_extra": {"security": []},
    }


def describe_metrics() -> RouteDescription:
    """The route that Prometheus reads."""
    ok = {"description": "In the text form of Prometheus.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    return {"responses": {200: ok, **_describe_errors(401, 403)}}


def build_schema(app: FastAPI) -> dict[str, Any]:
    """The whole description, made once."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
        )
        components = schema["components"]
        listed: list[tuple[Any, Literal["validation", "serialization"]]] = [(model, "validation") for model in MODELS]
        _, models = models_json_schema(listed, ref_template=REFERENCE)
        components["schemas"] = models["$defs"]  # FastAPI's own lack the bodies, and in examples whatever is null
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{}, {"token": []}]
        app.openapi_schema = schema
    return app.openapi_schema


def _describe_errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": results.ErrorBody, "description": ERRORS[status]} for status in statuses}


def _describe_body(content: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": content}}


def _refer(model: type[BaseModel]) -> dict[str, Any]:
    return {"schema": {"$ref": REFERENCE.format(model=model.__name__)}}
