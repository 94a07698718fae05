"""Processes that are forked once a Scorer was used, and processes that are sent one."""

from __future__ import annotations

import pickle
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from editjudge.bundles.bundle import Bundle
from editjudge.errors import InputError
from editjudge.models.model_set import ModelSet
from editjudge.scorer import Scorer
from editjudge.types import EditIntent
from support import toy_world
from support.fresh_process import run_python

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")

SET_UP = """
import sys, threading, time
import numpy as np
from editjudge.benchmarking.inputs import demo_edits
from editjudge.scorer import Scorer
from editjudge.types import EditIntent
from support.forked import fork

random = np.random.default_rng(0)
original = random.integers(0, 255, (96, 96, 3), dtype=np.uint8)
edited = original.copy()
edited[30:60, 20:70] = 250, 10, 20
intent = EditIntent("add", None, "red box")
"""
RED = np.full((32, 48, 3), (200, 30, 30), np.uint8)
BLUE = np.full((32, 48, 3), (30, 30, 200), np.uint8)
INTENT = EditIntent("color", "box", "blue box")


def test_a_child_reads_and_scores_as_its_parent_did() -> None:
    """With two threads: with one llama.cpp has no others that the child could lack."""
    program = f"""{SET_UP}
scorer = Scorer.load("studio", "cpu", threads=2, keep_answers=False)
original, edited, instruction = next(iter(demo_edits())).edit()
wanted = scorer.score(original, edited, instruction).sub_scores
assert any(row.value for row in wanted)
prepared = scorer.prepare(original, instruction)

def work():
    assert prepared.score(edited).sub_scores == wanted
    assert scorer.score(original, edited, instruction).sub_scores == wanted
    assert scorer.parse("replace the dog with a white cat").intents[0].target == "white cat"

def work_in_turn():
    work()
    print("its child", fork(work), flush=True)

print("child", fork(work_in_turn), flush=True)
work()
"""
    ended = run_python(program, seconds=150)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == ["its child ended with 0", "child ended with 0"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere threads are not listed as files")
def test_opencv_has_no_threads_while_a_process_forks() -> None:
    """One that is just falling asleep holds a lock that the child's first picture would wait for: it was so for one in
    130 forks of a busy machine.
    """
    program = """
import os
counts = []
os.register_at_fork(before=lambda: counts.append(len(os.listdir("/proc/self/task"))))  # after those that come later

import numpy as np
from editjudge.utils.libraries.opencv import cv2

def work():
    return cv2.resize(picture, (1500, 1500), interpolation=cv2.INTER_CUBIC).mean()

picture = np.random.default_rng(0).integers(0, 255, (1000, 1000, 3), dtype=np.uint8)
cv2.setNumThreads(4)
wanted = work()
print(len(os.listdir("/proc/self/task")))
child = os.fork()
assert work() == wanted
print(cv2.getNumThreads(), len(os.listdir("/proc/self/task")), flush=True)
if child:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    print(*counts)
"""
    ended = run_python(program, environment={"OPENBLAS_NUM_THREADS": "1"})
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == ["4", "4 4", "4 4", "1"]


def test_a_fork_amid_the_calls_of_other_threads_loses_nothing(toy: Bundle) -> None:
    program = f"""{SET_UP}
toy = Scorer.load(sys.argv[1], "cpu", threads=2)
studio = Scorer.load("studio", "cpu", threads=2, keep_answers=False)
wanted = toy.score(original, edited, intent).sub_scores
ended, wrong, done = threading.Event(), [], 0

def score():
    global done
    while not ended.is_set():
        if toy.score(original, edited, intent).sub_scores != wanted:
            wrong.append("score")
        done += 1

def read(number=0):
    while not ended.is_set():
        studio.parse(f"add {{(number := number + 1)}} red hats")

def work():
    assert toy.score(original, edited, intent).sub_scores == wanted
    assert studio.parse("remove the tree").intents[0].source == "tree"

threads = [threading.Thread(target=target) for target in (score, score, read)]
for thread in threads:
    thread.start()
print({{fork(work) for _ in range(3)}})
before = done
while done < before + 10:  # the parent goes on
    time.sleep(0.01)
ended.set()
for thread in threads:
    thread.join()
print(wrong)
"""
    ended = run_python(program, toy.folder, seconds=200)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == ["{'ended with 0'}", "[]"]


def test_a_lock_that_another_thread_holds_is_free_in_a_child(toy: Bundle) -> None:
    """A call that does not end while the fork waits for it: a picture that is read from a slow place."""
    program = f"""{SET_UP}
import io
from editjudge.utils import calls

class Slow(io.BytesIO):
    def read(self, *args):
        reading.set()
        ended.wait()
        return super().read(*args)

calls.PATIENCE = 0.2
reading, ended = threading.Event(), threading.Event()
scorer = Scorer.load(sys.argv[1], "cpu", threads=2)
wanted = scorer.score(original, edited, intent).sub_scores

def hold():
    with scorer.models._opening, scorer._opening._starting:
        scorer.score(Slow(b""), edited, intent)

def work():
    assert scorer.score(original, edited, intent).sub_scores == wanted
    scorer.close()  # does not wait for the calls of threads that are not here

threading.Thread(target=hold, daemon=True).start()
reading.wait()
print(fork(work))
"""
    ended = run_python(program, toy.folder)
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", "ended with 0\n")


def _score(scorer: Scorer) -> float | None:
    return scorer.score(RED, BLUE, INTENT).value


def test_a_spawned_worker_can_be_sent_a_scorer(toy: Bundle) -> None:
    scorer = Scorer.load(toy.folder, "cpu", threads=1, compat="released", accept_at=0.25)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        assert pool.submit(_score, scorer).result() == _score(scorer)
    copy = pickle.loads(pickle.dumps(scorer))
    assert (copy.compat, copy.accept_at, copy.models.threads) == ("released", 0.25, 1)
    assert copy.models is not scorer.models


def test_what_is_prepared_can_be_sent_too(toy: Bundle) -> None:
    prepared = Scorer.load(toy.folder, "cpu", threads=1).prepare(RED, INTENT)
    copy = pickle.loads(pickle.dumps(prepared))
    assert copy.score(BLUE).value == prepared.score(BLUE).value


def test_a_scorer_of_models_that_were_handed_in_cannot_be_sent(toy: Bundle) -> None:
    with pytest.raises(InputError, match="handed in cannot be copied to another process; open a Scorer there"):
        pickle.dumps(Scorer(toy_world.model_set()))
    opened_otherwise = ModelSet(toy, "cpu", open_session=lambda *_: pytest.fail("a session was opened"))
    with pytest.raises(InputError, match="handed in"):
        pickle.dumps(opened_otherwise)
