"""What becomes of edits when the server of a judge misbehaves: how many are lost, and how many numbers are made up?

PYTHONPATH=tests python -m benchmarks.rewards.faults

A server of OpenAI's form on this machine, which knows the right number of each edit, commits a fault at every seventh
request; another is killed in the middle and comes back; another is too slow. An edit is lost that has neither a number
nor an error, or an error where another try would have done; a number is made up that is not the right one. Then the
server is well again: only what failed is asked again, and the last run asks nothing.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common.reporting import Figure, show
from editjudge import EditJudgeError
from editjudge.backends.openai_api import OpenAiModel, Patience
from editjudge.metrics.vlm_judge.answer_store import AnswerStore
from editjudge.metrics.vlm_judge.judge import VlmJudge
from editjudge.metrics.vlm_judge.prompts.catalog import find_prompts
from support.judge_faults import FAULTS, KEY, answer_right, draw_edit, now_and_then, right_score
from support.judge_server import Behaviour, Reply, Request, free_port, serve_judge

EDITS = 200
REQUESTS = 4
EVERY = 7
"""Requests of which one meets the fault: three a row, so that some rows are spared."""
QUICK = Patience(tries=6, seconds=20.0, pause=0.01)
PATIENT = Patience(tries=200, seconds=60.0, pause=0.05)
UP, DOWN = 1.5, 0.5
"""Seconds that a server lives before it is killed, and until another is started."""
HASTY = Patience(tries=2, seconds=0.3, pause=0.01)


@dataclass
class FaultyRun:
    """What became of the edits of a run, by their number."""

    values: dict[int, float]
    errors: dict[int, str]
    seconds: float

    @property
    def lost(self) -> int:
        """Neither a number nor an error."""
        return EDITS - len(self.values) - len(self.errors)

    @property
    def made_up(self) -> int:
        return sum(abs(value - right_score(index)) > 1e-9 for index, value in self.values.items())


def judge_all(url: str, store: AnswerStore, patience: Patience) -> FaultyRun:
    """All edits, several at once."""
    model = OpenAiModel("judge", url, patience)
    judge = VlmJudge(model, find_prompts("three_sides"), store=store, requests=REQUESTS)
    values: dict[int, float] = {}
    errors: dict[int, str] = {}

    def judge_one(index: int) -> None:
        try:
            values[index] = judge.judge(*draw_edit(index)).overall
        except EditJudgeError as error:
            errors[index] = str(error)

    begun = time.perf_counter()
    with ThreadPoolExecutor(REQUESTS) as pool:
        list(pool.map(judge_one, range(EDITS)))
    judge.close()
    return FaultyRun(values, errors, time.perf_counter() - begun)


def be_slow_at_times(request: Request, number: int) -> Reply:
    return Reply(body=answer_right(request, number).body, wait=0 if number % 25 else 0.5)


def try_fault(behave: Behaviour, patience: Patience, passes: bool) -> dict[str, int | float]:
    """A run with the fault, one without it, and one more."""
    with tempfile.TemporaryDirectory() as folder, serve_judge(behave) as server:
        store = AnswerStore(Path(folder))
        first = judge_all(server.url, store, patience)
        asked, most = len(server.requests), server.most_at_once
        server.behave = answer_right
        mended = judge_all(server.url, store, QUICK)
        again = len(server.requests)
        last = judge_all(server.url, store, QUICK)
        idle = len(server.requests) - again
        return {
            "edits": EDITS,
            "errors": len(first.errors),
            "lost": first.lost + mended.lost + len(mended.errors) + (len(first.errors) if passes else 0),
            "made up": first.made_up + mended.made_up,
            "keys told": sum(KEY in error for error in first.errors.values()),
            "requests": asked,
            "most at once": most,
            "asked in the end": idle,
            "differ in the end": sum(last.values.get(index) != value for index, value in mended.values.items()),
            "seconds": round(first.seconds, 2),
        }


@contextmanager
def kill_and_start_again(port: int) -> Iterator[None]:
    """A server process that is killed after a while, and started again after another."""
    command = [sys.executable, "-m", "support.judge_faults", str(port)]
    ended = threading.Event()
    running: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE))
        assert running[-1].stdout is not None
        running[-1].stdout.readline()

    def disturb() -> None:
        while not ended.wait(UP):
            running[-1].send_signal(signal.SIGKILL)
            running.pop().wait()
            ended.wait(DOWN)
            start()

    start()
    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        running[-1].kill()
        running[-1].wait()


def try_killing() -> dict[str, int | float]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        url, store = f"http://127.0.0.1:{port}/v1", AnswerStore(Path(folder))
        with kill_and_start_again(port):
            first = judge_all(url, store, PATIENT)
        last = judge_all(url, store, HASTY)  # nobody is there any more
    return {
        "edits": EDITS,
        "errors": len(first.errors),
        "lost": first.lost + len(first.errors),
        "made up": first.made_up,
        "asked in the end": len(last.errors),
        "differ in the end": sum(last.values.get(index) != value for index, value in first.values.items()),
        "seconds": round(first.seconds, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="the name of one fault")
    only = parser.parse_args().only
    os.environ["OPENAI_API_KEY"] = KEY
    rows: dict[str, dict[str, int | float]] = {}
    for name, fault in FAULTS.items():
        if only in (None, name):
            rows[name] = try_fault(now_and_then(fault, EVERY), QUICK, fault.passes)
            print(name, rows[name], file=sys.stderr, flush=True)
    if only is None:
        rows["slow"] = try_fault(be_slow_at_times, HASTY, passes=False)
        del rows["slow"]["most at once"]  # the server is still at requests that nobody waits for any more
        print("slow", rows["slow"], file=sys.stderr, flush=True)
        rows["killed"] = try_killing()
        print("killed", rows["killed"], file=sys.stderr, flush=True)
    total = {key: sum(row.get(key, 0) for row in rows.values()) for key in ("edits", "lost", "made up", "keys told")}
    idle = sum(row["asked in the end"] + row["differ in the end"] for row in rows.values())
    most = max(row.get("most at once", 0) for row in rows.values())
    figures = [
        Figure("faults", "faults", len(rows)),
        Figure("edits", "edits judged amid them", total["edits"]),
        Figure("lost", "of these lost", total["lost"], 0, at_least=False),
        Figure("made_up", "numbers made up", total["made up"], 0, at_least=False),
        Figure("keys_told", "errors that tell the key", total["keys told"], 0, at_least=False),
        Figure("asked_again", "requests, or other numbers, when all is asked once more", idle, 0, at_least=False),
        Figure("most_at_once", f"requests at once, of {REQUESTS} allowed", most, REQUESTS, at_least=False),
    ]
    show("Faults of a judge's server", figures, faults=rows)


if __name__ == "__main__":
    main()
