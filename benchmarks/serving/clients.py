"""Clients that ask a service for scores of the demo's edits, and what became of each request."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from benchmarks.reliability.edits import VARYING
from editjudge import Scorer
from editjudge.benchmarking.inputs import demo_edits
from editjudge.utils.json_safe import to_json

NEAR = 1e-3
"""How far a number of an answer may be from the one that is expected: which pictures go through the models together
changes the last digits, and boxes are in pixels."""
TIMEOUT = 150.0
"""Seconds, more than a service lets a request wait."""


@dataclass(frozen=True)
class AskedEdit:
    """An edit as a client sends it, and what the service has to say of it."""

    original: bytes
    edited: bytes
    instruction: str
    answer: dict[str, Any]

    @property
    def fields(self) -> dict[str, Any]:
        """The arguments that make httpx send it as a form."""
        files = {"original": ("original.png", self.original), "edited": ("edited.png", self.edited)}
        return {"files": files, "data": {"instruction": self.instruction}}


@dataclass
class Outcomes:
    """What became of requests: right, wrong, lost, and the status of those that were refused."""

    counts: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    """Of those that were answered rightly, from asking to answer."""
    untold: int = 0
    """Refused without a word on when to ask again."""


def record_asked(scorer: Scorer) -> list[AskedEdit]:
    """The demo's edits, with the scores that this Scorer gives them when it is left alone."""
    asked = []
    for original, edited, instruction in (sample.edit() for sample in demo_edits()):
        before, after = (Path(str(picture)).read_bytes() for picture in (original, edited))
        score = scorer.score(before, after, instruction)
        asked.append(AskedEdit(before, after, str(instruction), json.loads(to_json(score.to_dict()))))
    return asked


def is_same(answer: Any, expected: Any) -> bool:
    """Whether an answer says what is expected, but for times and places; texts and flags are equal, numbers near."""
    if isinstance(expected, dict):
        keys = expected.keys() - set(VARYING)
        return isinstance(answer, dict) and answer.keys() - set(VARYING) == keys and all(
            is_same(answer[key], expected[key]) for key in keys
        )  # fmt: skip
    if isinstance(expected, list):
        return isinstance(answer, list) and len(answer) == len(expected) and all(map(is_same, answer, expected))
    if isinstance(expected, float) and isinstance(answer, int | float):
        return math.isclose(answer, expected, abs_tol=NEAR, rel_tol=NEAR)
    return bool(answer == expected)


async def ask_for(
    address: str, edits: Sequence[AskedEdit], clients: int, seconds: float, *, waits: bool = True
) -> Outcomes:
    """Has so many clients ask for so long, each for the next edit once its last is answered.

    waits: whether a client that is refused asks again after as long as it was told; else it asks for the next at once.
    """
    outcomes, numbers, end = Outcomes(), count(), time.monotonic() + seconds
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx.AsyncClient(base_url=address, timeout=TIMEOUT, limits=limits) as client:

        async def ask_on() -> None:
            while time.monotonic() < end:
                edit = edits[next(numbers) % len(edits)]
                pause = await _ask(client, edit, outcomes)
                if pause:
                    await asyncio.sleep(min(pause, max(0.0, end - time.monotonic())) if waits else 0.01)

        await asyncio.gather(*(ask_on() for _ in range(clients)))
    return outcomes


async def _ask(client: httpx.AsyncClient, edit: AskedEdit, outcomes: Outcomes) -> float:
    """Asks once; returns the seconds to wait where it was refused, else 0."""
    begun = time.monotonic()
    try:
        response = await client.post("/v1/score", **edit.fields)
    except httpx.HTTPError:
        outcomes.counts["lost"] += 1
        return 0.1
    if response.status_code in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE):
        outcomes.counts[f"refused with {response.status_code}"] += 1
        told = response.headers.get("Retry-After")
        outcomes.untold += told is None
        return float(told or 1)
    if response.status_code != httpx.codes.OK:
        outcomes.counts["lost"] += 1
        return 0.0
    is_right = is_same(response.json(), edit.answer)
    outcomes.counts["right" if is_right else "wrong"] += 1
    if is_right:
        outcomes.seconds.append(time.monotonic() - begun)
    return 0.0
