"""Waiting for answers of the engine, and for the client to go away, whichever comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

from starlette.requests import Request

from editjudge.server.engine.engine import Engine
from editjudge.server.engine.refusal import NotReadyError, QueueFullError
from editjudge.server.engine.request import Answer, ScoringRequest
from editjudge.server.http.record import find_record
from editjudge.server.http.refusals import ClientGoneError, OverdueError

RETRY = 5.0
"""Seconds until it may be worth asking again for what took too long."""
PAUSE = 0.05
"""Seconds between two looks for room in the queue."""


async def ask(engine: Engine, asked: ScoringRequest, request: Request, seconds: float) -> Answer:
    """The answer of the engine. Raises what it raises, OverdueError, and ClientGoneError."""
    (answer,) = await ask_several(engine, [asked], request, seconds)
    if isinstance(answer, BaseException):
        raise answer
    return answer


async def ask_several(
    engine: Engine, asked: Sequence[ScoringRequest], request: Request, seconds: float, at_once: int = 1
) -> list[Answer | BaseException]:
    """The answers of the engine, or what it raises, in the order of asking; what nobody waits for is cancelled.

    Args:
        engine: What is asked.
        asked: What it is asked.
        request: Whose body was received to the end.
        seconds: For all of them together.
        at_once: How many of them wait in the queue at a time, so that others have room there.

    What is not answered in time is an OverdueError, and what is not taken any more a NotReadyError, beside the answers
    that there are. Raises QueueFullError where nothing is taken, and ClientGoneError.
    """
    futures: dict[asyncio.Future[Answer], int] = {}
    answers: dict[int, Answer | BaseException] = {}
    submit = partial(engine.submit, note_wait=find_record(request).note_wait)
    gone = asyncio.ensure_future(_wait_until_gone(request))
    try:
        async with asyncio.timeout(seconds):
            while len(answers) < len(asked):
                try:
                    _submit(submit, asked, futures, len(answers), at_once)
                except NotReadyError as error:  # what was taken is answered all the same
                    answers |= dict.fromkeys(range(len(answers) + len(futures), len(asked)), error)
                waited_for: set[asyncio.Future[Any]] = {gone, *futures}
                pause = None if futures else PAUSE  # others fill the queue; what was answered is not to be lost
                await asyncio.wait(waited_for, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    raise ClientGoneError
                for future in [future for future in futures if future.done()]:
                    answers[futures.pop(future)] = _read(future)
    except TimeoutError:
        overdue = OverdueError(f"this could not be answered within {seconds:g} seconds; try again later", RETRY)
        answers = dict.fromkeys(range(len(asked)), overdue) | answers
    finally:
        gone.cancel()
        for future in futures:
            if not future.cancel() and not future.cancelled():
                future.exception()  # or asyncio tells the log that nobody asked for it
    return [answers[index] for index in range(len(asked))]


def _submit(
    submit: Callable[[ScoringRequest], Future[Answer]],
    asked: Sequence[ScoringRequest],
    futures: dict[asyncio.Future[Answer], int],
    answered: int,
    most: int,
) -> None:
    """Hands in what comes next. Raises QueueFullError where there is no room for the first of it, and NotReadyError."""
    while len(futures) < most and answered + len(futures) < len(asked):
        index = answered + len(futures)
        try:
            futures[asyncio.wrap_future(submit(asked[index]))] = index
        except QueueFullError:
            if index == 0:
                raise
            return


def _read(future: asyncio.Future[Answer]) -> Answer | BaseException:
    if future.cancelled():
        return OverdueError("this was given up before it was begun; try again later", RETRY)
    return future.exception() or future.result()


async def _wait_until_gone(request: Request) -> None:
    with suppress(Exception):
        while (await request.receive())["type"] != "http.disconnect":
            pass
