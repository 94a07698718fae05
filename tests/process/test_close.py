"""Scorers that are closed, or dropped, and what they leave."""

from __future__ import annotations

import io
import pickle
import platform
import sys
import threading
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from editjudge.bundles.bundle import Bundle
from editjudge.errors import InputError
from editjudge.scorer import Scorer
from editjudge.types import EditIntent
from support.fresh_process import run_python

RED = np.full((32, 48, 3), (200, 30, 30), np.uint8)
BLUE = np.full((32, 48, 3), (30, 30, 200), np.uint8)
INTENT = EditIntent("color", "box", "blue box")

CALLS: dict[str, Callable[[Scorer], object]] = {
    "score": lambda scorer: scorer.score(RED, BLUE, INTENT),
    "prepare": lambda scorer: scorer.prepare(RED, INTENT),
    "parse": lambda scorer: scorer.parse("add a hat"),
    "pickle": pickle.dumps,
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_closed_scorer_says_so(toy: Bundle, call: Callable[[Scorer], object]) -> None:
    with Scorer.load(toy.folder, "cpu", threads=1) as scorer:
        scorer.score(RED, BLUE, INTENT)
    with pytest.raises(InputError, match=r"^this Scorer was closed; open another with Scorer\.load$"):
        call(scorer)
    scorer.close()


def test_what_was_prepared_is_closed_with_its_scorer(toy: Bundle) -> None:
    scorer = Scorer.load(toy.folder, "cpu", threads=1)
    prepared = scorer.prepare(RED, INTENT)
    under_way = prepared.scores([BLUE] * 5)
    assert next(under_way).score is not None
    scorer.close()
    with pytest.raises(InputError, match="was closed"):
        prepared.score(BLUE)
    with pytest.raises(InputError, match="was closed"):
        prepared.rank([BLUE])
    with pytest.raises(InputError, match="was closed"):
        list(under_way)  # its next batch


def test_close_waits_for_the_calls_of_other_threads(toy: Bundle) -> None:
    reading, readable = threading.Event(), threading.Event()

    class SlowFile(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            reading.set()
            assert readable.wait(30)
            return super().read(size)

    scorer = Scorer.load(toy.folder, "cpu", threads=1)
    wanted = scorer.score(RED, BLUE, INTENT).value
    picture = SlowFile(cv2.imencode(".png", cv2.cvtColor(BLUE, cv2.COLOR_RGB2BGR))[1].tobytes())
    scored = []
    scoring = threading.Thread(target=lambda: scored.append(scorer.score(RED, picture, INTENT).value))
    closing = threading.Thread(target=scorer.close)
    scoring.start()
    assert reading.wait(30)
    closing.start()
    closing.join(0.2)
    assert closing.is_alive()
    readable.set()
    closing.join(30)
    scoring.join(30)
    assert scored == [wanted]
    assert not closing.is_alive()


PROGRAM = """
import gc, os, sys, threading, time, weakref
import numpy as np
from editjudge.scorer import Scorer

gc.disable()  # what is freed is freed at once, not when a cycle is found
red, blue = (np.full((96, 96, 3), colour, np.uint8) for colour in ((200, 30, 30), (30, 30, 200)))

def mapped():
    with open("/proc/self/maps") as maps:
        return sum(".gguf" in line for line in maps)

def use():
    scorer = Scorer.load("studio", "cpu", threads=2, keep_answers=False)
    scorer.score(red, blue, "make it blue")
    assert mapped() > 0
    sessions = [weakref.ref(session._session) for session in scorer.models._sessions.values()]
    if sys.argv[1] == "close":
        scorer.close()
        assert not scorer.models._sessions
    return sessions

alive = [session for _ in range(2) for session in use() if session() is not None]
give_up = time.monotonic() + 10
while threading.active_count() > 1 and time.monotonic() < give_up:
    time.sleep(0.01)
print(mapped(), len(alive), threading.active_count())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts mappings in /proc")
@pytest.mark.parametrize("how", ["close", "drop"])
def test_a_scorer_that_has_parsed_leaves_nothing(how: str) -> None:
    """No mapping of the parser, no session and no thread."""
    ended = run_python(PROGRAM, how, seconds=120)
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", "0 0 1\n")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no function for it")
def test_what_was_freed_goes_back_to_the_system() -> None:
    program = """
        from pathlib import Path
        from editjudge import Scorer
        from editjudge.benchmarking.inputs import demo_edits

        def resident():
            status = Path("/proc/self/status").read_text()
            return int(status.split("RssAnon:")[1].split()[0]) / 1024

        edit = demo_edits()[0]
        with Scorer.load("studio", "cpu", keep_answers=False) as scorer:
            scorer.score(edit.original, edit.edited, edit.instruction)
            open_size = resident()
        print(open_size, resident())
    """
    done = run_python(program)
    assert done.returncode == 0, done.stderr
    open_size, closed_size = map(float, done.stdout.split())
    assert closed_size < 0.5 * open_size
