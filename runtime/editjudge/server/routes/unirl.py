"""The routes of UniRL's reward service (github.com/Tencent-Hunyuan/UniRL): rewards for a batch, and their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from editjudge.batch.worker import OF_THE_MACHINE
from editjudge.errors import EditJudgeError
from editjudge.metrics.base import MetricSpec
from editjudge.metrics.registry import DEFAULT
from editjudge.server.engine.refusal import RefusedError
from editjudge.server.engine.request import Answer, ScoringRequest
from editjudge.server.http.answers import json_response, read_score
from editjudge.server.http.bodies.receive import check_body_type, receive_body
from editjudge.server.http.bodies.score_items import PROTOCOL, ScoreItem, read_items, read_reward_value
from editjudge.server.http.openapi import describe_rewards, describe_score_items
from editjudge.server.http.record import find_record
from editjudge.server.http.refusals import BodyTypeError
from editjudge.server.http.service import ScoringService
from editjudge.server.http.waiting import ask_several

ALL = "reward"
"""Beside an entry for each reward by its name, as UniRL's trainers look them up, there is one of all of them, for
clients that know only that an item has a reward. Where the metric of that name is asked for, it is that one's alone."""

ItemGroups = list[tuple[ScoringRequest, list[int]]]
"""What the engine is asked, and for which items."""


def build_unirl(service: ScoringService) -> APIRouter:
    """The routes "/score" and "/rewards"."""
    router = APIRouter(tags=["rewards for trainers"])

    async def score(request: Request) -> Response:
        record = find_record(request)
        if check_body_type(request) != "application/json":
            raise BodyTypeError("the body is a form; send JSON here, as /openapi.json describes it")
        service.engine.check_room()
        limits, queue = service.options.limits, service.options.queue
        with service.bodies.hold() as share:
            content = await receive_body(request, limits, share)
            record.received = len(content)
            items = await to_thread.run_sync(read_items, content, limits)
            del content
            record.items = len(items)
            known = await to_thread.run_sync(lambda: {spec.name for spec in service.measurable})
            batch = await to_thread.run_sync(_collect, items, known)
            asked = [scoring for scoring, _ in batch]
            answers = await ask_several(
                service.engine, asked, request, limits.answer_seconds, at_once=max(1, queue // 2)
            )
        members = [indices for _, indices in batch]
        return json_response(_write(service, items, known, list(zip(answers, members, strict=True))))

    async def rewards(request: Request) -> Response:
        specs = await to_thread.run_sync(lambda: service.measurable)
        return json_response({"rewards": [spec.name for spec in specs], "about": [_describe(spec) for spec in specs]})

    router.add_api_route(
        "/score", score, methods=["POST"], summary="Rewards of several edits, in the form of UniRL",
        operation_id="score_items", response_class=Response, **describe_score_items(),
    )  # fmt: skip
    router.add_api_route(
        "/rewards", rewards, summary="The rewards that there are", operation_id="rewards", response_class=Response,
        **describe_rewards(),
    )  # fmt: skip
    return router


def _describe(spec: MetricSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "title": spec.title,
        "range": list(spec.range),
        "higher_is_better": spec.higher_is_better,
        "meaning": spec.meaning,
    }


def _collect(items: Sequence[ScoreItem], known: set[str]) -> ItemGroups:
    """What the engine is to be asked: the items of one original, instruction and rewards together."""
    groups: dict[tuple[bytes, str, tuple[str, ...]], list[int]] = {}
    for index, item in enumerate(items):
        metrics = tuple(name for name in item.rewards if name in known and name != DEFAULT.name)
        if item.original is None or item.instruction is None or not known.intersection(item.rewards):
            continue
        groups.setdefault((item.original.content, item.instruction, metrics), []).append(index)
    batch: ItemGroups = []
    for (original, instruction, metrics), members in groups.items():
        edited = tuple(picture.content for index in members if (picture := items[index].edited))
        batch.append((ScoringRequest("score", original, edited, instruction, metrics), members))
    return batch


def _write(
    service: ScoringService,
    items: Sequence[ScoreItem],
    known: set[str],
    answered: Sequence[tuple[Answer | BaseException, list[int]]],
) -> dict[str, Any]:
    """The body of the answer. Raises what the machine is to blame for, where nothing at all was scored for it.

    Args:
        service: What answers.
        items: What was asked.
        known: The rewards that there are.
        answered: What the engine gave, and for which items.
    """
    failures = [answer for answer, _ in answered if isinstance(answer, BaseException)]
    if failures and len(failures) == len(answered) and isinstance(failures[0], (*OF_THE_MACHINE, RefusedError)):
        raise failures[0]
    places = {index: (answer, place) for answer, members in answered for place, index in enumerate(members)}
    results: list[dict[str, dict[str, float]]] = []
    errors: list[dict[str, str]] = []
    for index, item in enumerate(items):
        measured: dict[str, float] = {}
        failed: dict[str, str] = {}
        for name in item.rewards:
            try:
                if item.problem is not None:
                    raise EditJudgeError(item.problem)
                if name not in known:
                    raise EditJudgeError("there is no reward of this name here; GET /rewards lists what there is")
                measured[name] = _read(*places[index], name)
            except EditJudgeError as error:
                failed[name] = str(error)
        results.append({name: {name: value} for name, value in measured.items()})
        errors.append(failed)
        if measured and ALL not in item.rewards:
            results[-1][ALL] = measured
        if failed and ALL not in item.rewards:
            errors[-1] = {**failed, ALL: "; ".join(f"{name}: {reason}" for name, reason in failed.items())}
    identities = [{**item.identity, "scorer_version": service.engine.bundle_hash} for item in items]
    return {"protocol_version": PROTOCOL, "results": results, "errors": errors, "identities": identities}


def _read(answer: Answer | BaseException, place: int, name: str) -> float:
    """The reward of an item among those of one answer. Raises EditJudgeError."""
    if isinstance(answer, EditJudgeError):
        raise answer
    if isinstance(answer, BaseException):
        raise EditJudgeError(f"a bug of the service, of the kind {type(answer).__name__}; report it") from answer
    assert isinstance(answer, tuple)
    return read_reward_value(read_score(answer[place]), name)
