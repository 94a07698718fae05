"""Edits of which a server knows the right number, and what may become of its answers on the way.

python -m support.judge_faults PORT      # from tests/: answers right, until it is killed
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from support.judge_server import Behaviour, Reply, Request, complete, fill_schema, list_shown, refuse, serve_judge

SIDES = 3
KEY = "sk-proj-0123456789abcdefGHIJ"


def draw_edit(index: int) -> tuple[np.ndarray, np.ndarray, str]:
    """An edit whose edited picture tells its index: the red and green of all pixels."""
    edited = np.full((24, 32, 3), (index % 256, index // 256, 7), np.uint8)
    return np.full((24, 32, 3), 200, np.uint8), edited, f"make it number {index}"


def right_score(index: int) -> int:
    """What the server says of each side of this edit."""
    return index % 6


def find_index(request: Request) -> int:
    """The index of the edit that a request shows."""
    picture = [part for part in list_shown(request) if not isinstance(part, str)][-1]
    _, green, red = (int(value) for value in picture[0, 0])
    return green * 256 + red


def right_answer(request: Request) -> dict[str, Any]:
    score = right_score(find_index(request))
    return fill_schema(request) | {"score": score, "pass": "yes" if score > 2 else "no"}


def answer_right(request: Request, number: int) -> Reply:
    return Reply(body=complete(json.dumps(right_answer(request))))


def say(text: str) -> Reply:
    return Reply(body=complete(text))


def _change(request: Request, **fields: Any) -> Reply:
    return say(json.dumps(right_answer(request) | fields))


def _leave_out(request: Request, name: str) -> Reply:
    return say(json.dumps({key: value for key, value in right_answer(request).items() if key != name}))


@dataclass(frozen=True)
class Fault:
    """What a server does in the place of a right answer. passes: whether it is worth another try."""

    behave: Behaviour
    passes: bool = False


FAULTS: Mapping[str, Fault] = {
    "429": Fault(lambda request, number: refuse(429, "slow down", **{"Retry-After": "0.01"}), passes=True),
    "500": Fault(lambda request, number: refuse(500, "oops"), passes=True),
    "hangs up": Fault(lambda request, number: Reply(cut=0), passes=True),
    "half an answer, cut off": Fault(
        lambda request, number: Reply(body=answer_right(request, number).body, cut=150), passes=True
    ),
    "half an answer, sent as whole": Fault(
        lambda request, number: Reply(body=answer_right(request, number).body[:150]), passes=True
    ),
    "cut off at the longest": Fault(
        lambda request, number: Reply(body=complete(json.dumps(right_answer(request))[:60], end="length"))
    ),
    "half the JSON": Fault(lambda request, number: say(json.dumps(right_answer(request))[:-12])),
    "prose": Fault(lambda request, number: say("I would give this edit a score of 4 out of 5.")),
    "prose around JSON": Fault(lambda request, number: say(f"Here you are: {json.dumps(right_answer(request))} Bye.")),
    "two answers": Fault(lambda request, number: say(2 * json.dumps(right_answer(request)))),
    "15 instead of 5": Fault(lambda request, number: _change(request, score=15)),
    "-1": Fault(lambda request, number: _change(request, score=-1)),
    "a text for a number": Fault(lambda request, number: _change(request, score="4")),
    "4.5": Fault(lambda request, number: _change(request, score=4.5)),
    "null": Fault(lambda request, number: _change(request, score=None)),
    "true": Fault(lambda request, number: _change(request, score=True)),
    "maybe": Fault(lambda request, number: _change(request, **{"pass": "maybe"})),
    "a field left out": Fault(lambda request, number: _leave_out(request, "score")),
    "a field too many": Fault(lambda request, number: _change(request, rating=3)),
    "a field twice": Fault(
        lambda request, number: say(json.dumps(right_answer(request))[:-1] + ', "score": 3}')
    ),
    "a list": Fault(lambda request, number: say(json.dumps([right_answer(request)]))),
    "refusal": Fault(lambda request, number: say("I'm sorry, but I can't assist with that request.")),
    "refusal, as the API tells": Fault(
        lambda request, number: Reply(body=complete(None, refusal="I will not look at this."))
    ),
    "refusal in the form": Fault(
        lambda request, number: _change(request, reasoning="I'm sorry, but I can't judge pictures of people.", score=0)
    ),
    "content filter": Fault(lambda request, number: Reply(body=complete(None, end="content_filter"))),
    "nothing": Fault(lambda request, number: say("")),
    "400 with the key": Fault(lambda request, number: refuse(400, f"bad request of Bearer {KEY}")),
}  # fmt: skip


def now_and_then(fault: Fault, every: int = 3) -> Behaviour:
    """The fault at each third request, and right answers else."""
    return lambda request, number: (answer_right if number % every else fault.behave)(request, number)


if __name__ == "__main__":
    with serve_judge(answer_right, int(sys.argv[1])):
        print("ready", flush=True)
        threading.Event().wait()
