"""Interpreters that end while threads score and parse."""

from __future__ import annotations

import pytest

from editjudge.bundles.bundle import Bundle
from support.fresh_process import run_python

SET_UP = """
import sys, threading, time
import numpy as np
from editjudge.scorer import Scorer
from editjudge.types import EditIntent

random = np.random.default_rng(0)
original = random.integers(0, 255, (256, 256, 3), dtype=np.uint8)
edited = original.copy()
edited[50:120, 60:150] = 250, 10, 20
started = threading.Event()
"""
DAEMON = f"""{SET_UP}
scorer = Scorer.load("studio", "cpu", threads=2, keep_answers=False)

def parse(number=0):
    while True:
        scorer.parse(f"add {{(number := number + 1)}} red hats to the dog near the house")
        started.set()

def score():
    while True:
        scorer.score(original, edited, EditIntent("add", None, "red square"))
        started.set()

for _ in range(2):
    threading.Thread(target=parse if sys.argv[1] == "parse" else score, daemon=True).start()
assert started.wait(60)
sys.exit(7)
"""


@pytest.mark.parametrize("call", ["parse", "score"])
def test_an_interpreter_that_ends_amid_a_daemon_threads_call_ends_with_its_own_status(call: str) -> None:
    ended = run_python(DAEMON, call, seconds=90)
    assert (ended.returncode, ended.stderr) == (7, "")


def test_threads_that_outlive_the_main_one_score_on(toy: Bundle, grey_edit: tuple[object, object]) -> None:
    """Python's pools, in which pictures are decoded and instructions read, have ended with it."""
    program = f"""{SET_UP}
toy = Scorer.load(sys.argv[1], "cpu", threads=1)
studio = Scorer.load("studio", "cpu", threads=2, keep_answers=False)

def work():
    threading.main_thread().join()
    time.sleep(0.2)
    print(toy.score(sys.argv[2], sys.argv[3], EditIntent("add", None, "box")).intent.target)
    print(studio.parse("remove the tree").intents[0].source)

threading.Thread(target=work).start()
"""
    ended = run_python(program, toy.folder, *grey_edit, seconds=90)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split() == ["box", "tree"]


def test_what_is_asked_for_at_exit_is_answered(toy: Bundle) -> None:
    """By the functions that an app has registered, which run after ours if they were registered before."""
    program = f"""
import atexit
atexit.register(lambda: print(scorer.score(original, edited, EditIntent("add", None, "box")).kind))
{SET_UP}
scorer = Scorer.load(sys.argv[1], "cpu", threads=1)
"""
    ended = run_python(program, toy.folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.strip()
