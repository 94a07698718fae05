"""The routes of ours: a score, a ranking, differences, a reward; each as the command line gives it."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from editjudge.rewards.local_judge import METRIC
from editjudge.server.engine.request import RequestKind, ScoringRequest
from editjudge.server.http.answers import render_answer, wants_html
from editjudge.server.http.bodies.receive import check_body_type, receive_body
from editjudge.server.http.bodies.requested_edit import RequestedEdit, RouteTask, check_metrics, read_edit
from editjudge.server.http.openapi import describe_edit_route
from editjudge.server.http.record import find_record
from editjudge.server.http.service import ScoringService
from editjudge.server.http.waiting import ask

SUMMARIES: dict[RouteTask, str] = {
    "score": "Score one edit",
    "rank": "Rank several edits of one picture, the best first",
    "differences": "List what changed between two pictures, and whether it was asked for",
    "reward": "Judge one edit from three sides",
}
KINDS: dict[RouteTask, RequestKind] = {
    "score": "score",
    "rank": "rank",
    "differences": "differences",
    "reward": "score",
}


def build_scoring(service: ScoringService) -> APIRouter:
    """The routes below "/v1/"."""
    router = APIRouter(prefix="/v1", tags=["edits"])
    for task, summary in SUMMARIES.items():
        router.add_api_route(
            f"/{task}",
            _make_route(service, task),
            methods=["POST"],
            summary=summary,
            operation_id=task,
            response_class=Response,
            **describe_edit_route(task),
        )
    return router


def _make_route(service: ScoringService, task: RouteTask) -> Any:
    async def answer(request: Request) -> Response:
        record = find_record(request)
        check_body_type(request)
        service.engine.check_room()
        limits, content_type = service.options.limits, request.headers["content-type"]
        as_html = task != "reward" and wants_html(request.headers.get("accept"))
        with service.bodies.hold() as share:
            content = await receive_body(request, limits, share)
            record.received = len(content)
            asked = await to_thread.run_sync(read_edit, task, content, content_type, limits)
            del content
            record.items, record.instruction = len(asked.edited), asked.instruction
            metrics = await _find_metrics(service, task, asked)
            found = await ask(
                service.engine, _to_request(task, asked, metrics, as_html), request, limits.answer_seconds
            )
        return await to_thread.run_sync(render_answer, task, asked, found, as_html)

    return answer


async def _find_metrics(service: ScoringService, task: RouteTask, asked: RequestedEdit) -> tuple[str, ...]:
    """What is measured besides. Raises InputError for metrics that the bundle has no models for."""
    if asked.metrics is None:
        return (METRIC,) if task == "reward" else ()
    return await to_thread.run_sync(service.select, check_metrics(asked.metrics))


def _to_request(task: RouteTask, asked: RequestedEdit, metrics: tuple[str, ...], as_html: bool) -> ScoringRequest:
    return ScoringRequest(
        kind=KINDS[task],
        original=asked.original.content,
        edited=tuple(picture.content for picture in asked.edited),
        instruction=asked.instruction,
        metrics=metrics,
        compat=asked.compat,
        best=asked.best,
        budget_ms=asked.budget_ms,
        keeps_evidence=as_html or task == "differences",  # which tells the size of the original, too
    )
