"""A limit of time that an app sets: its handler raises in the middle of a call, and that is what comes out of it."""

from __future__ import annotations

import json
import signal

import pytest

from support.fresh_process import run_python

if not hasattr(signal, "setitimer"):
    pytest.skip("this system has no timers that send signals", allow_module_level=True)

PROGRAM = """
import json, signal, sys
from editjudge import EditIntent, Scorer
from editjudge.benchmarking.inputs import demo_edits

class SoftTimeLimit(Exception):
    pass

def stop(number, frame):
    raise SoftTimeLimit("time is up")

signal.signal(signal.SIGALRM, stop)
intent = EditIntent("color", "car", "blue car")
original, edited = demo_edits()[0].original, demo_edits()[0].edited
outcomes = []

def cut_off(seconds, call):
    try:
        attempt(seconds, call)
    except SoftTimeLimit:  # it came once the call had ended
        outcomes.append("SoftTimeLimit")

def attempt(seconds, call):
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        call()
        outcomes.append("done")
    except Exception as error:
        outcomes.append(type(error).__name__)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)

scorer = Scorer.load("studio", "cpu", 1)
whole = scorer.score(original, edited, intent).to_dict()["bpm"]
prepared = scorer.prepare(original, intent)
for step in range(1, 25):
    cut_off(step / 250, lambda: scorer.score(original, edited, intent))
    cut_off(step / 400, lambda: prepared.score(edited))
    cut_off(step / 100, lambda: Scorer.load("studio", "cpu", 1).close())
assert scorer.score(original, edited, intent).to_dict()["bpm"] == whole
print(json.dumps(outcomes))
"""


def test_what_an_apps_handler_raises_is_not_told_as_a_broken_bundle() -> None:
    done = run_python(PROGRAM, seconds=120)
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout)
    assert outcomes.count("SoftTimeLimit") > 10
    assert set(outcomes) <= {"SoftTimeLimit", "done"}


OPENING = """
import json, random, signal, sys
from collections import Counter
from pathlib import Path
from editjudge.bundles.contents.regular_file import open_regular

class SoftTimeLimit(Exception):
    pass

def stop(number, frame):
    raise SoftTimeLimit("time is up")

signal.signal(signal.SIGALRM, stop)
outcomes, path, draw = Counter(), Path(sys.executable), random.Random(0)
for _ in range(5000):
    try:
        signal.setitimer(signal.ITIMER_REAL, draw.uniform(5e-6, 8e-5))
        open_regular(path).close()
        outcomes["done"] += 1
    except Exception as error:
        outcomes[type(error).__name__] += 1
    finally:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
        except SoftTimeLimit:
            pass
print(json.dumps(outcomes))
"""


def test_a_file_whose_opening_is_interrupted_is_not_closed_twice() -> None:
    done = run_python(OPENING, seconds=120)
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout)
    assert outcomes["SoftTimeLimit"] > 10
    assert set(outcomes) <= {"SoftTimeLimit", "done"}  # and no OSError for the bad descriptor
