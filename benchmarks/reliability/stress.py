"""Is any score wrong or lost while threads share a Scorer, the process forks, and memory limits come and go? Linux.

python -m benchmarks.reliability.stress --scores 10000

All of it happens in a process of its own, so that it is told, and not hidden, when that dies. Threads score the demo's
edits without end. From time to time the process is forked in the middle of it, and the child has to score and to parse;
and from time to time there is no memory for a while. Who gets OutOfMemoryError tries again, as an app would.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common.reporting import Figure, show
from benchmarks.reliability.edits import KnownEdit, record_known
from editjudge import OutOfMemoryError, Scorer

CHILD_SECONDS = 120
"""From then on a child is taken for hung: two cores are shared by all threads."""
TIGHT_SECONDS = 0.3
"""How long there is no memory."""
SPARE = (0, 2**20, 8 * 2**20, 32 * 2**20)
"""Bytes that are left then."""
CHILD_EDITS = 3
WORDS = ("red", "blue", "green", "yellow", "purple", "orange", "pink", "white")
THINGS = ("car", "dog", "house", "boat", "cup", "hat", "tree", "ball", "chair", "lamp")


def new_instruction(number: int) -> str:
    """One that was not asked before."""
    return f"make the {THINGS[number % len(THINGS)]} number {number} {WORDS[number % len(WORDS)]}"


class Crowd:
    """Threads that score until so many edits are scored."""

    def __init__(self, scorer: Scorer, known: Sequence[KnownEdit], scores: int) -> None:
        self.outcomes: Counter[str] = Counter()
        self.problems: list[str] = []
        self._scorer, self._known, self._scores = scorer, known, scores
        self._numbers = iter(range(scores))
        self._lock = threading.Lock()

    @property
    def done(self) -> int:
        with self._lock:
            return self.outcomes["right"] + self.outcomes["wrong"] + self.outcomes["lost"]

    @property
    def is_done(self) -> bool:
        return self.done >= self._scores

    def run(self) -> None:
        """What each thread does."""
        while True:
            with self._lock:
                number = next(self._numbers, None)
            if number is None:
                return
            self.note(self._score(self._known[number % len(self._known)]))

    def note(self, outcome: str) -> None:
        with self._lock:
            self.outcomes[outcome] += 1

    def _score(self, edit: KnownEdit) -> str:
        while True:
            try:
                score = self._scorer.score(edit.original, edit.edited, edit.parsed)
            except OutOfMemoryError:
                self.note("out of memory")
                time.sleep(0.01)
                continue
            except Exception:
                with self._lock:
                    self.problems.append(traceback.format_exc())
                return "lost"
            return "right" if edit.is_answered_by(score) else "wrong"


def check_in_child(scorer: Scorer, known: Sequence[KnownEdit], number: int) -> int:
    """What a forked child does; its exit status: 0 right, 1 wrong, 2 lost."""
    try:
        for offset in range(CHILD_EDITS):
            edit = known[(number + offset) % len(known)]
            if not edit.is_answered_by(scorer.score(edit.original, edit.edited, edit.parsed)):
                return 1
        return 0 if scorer.parse(new_instruction(number)).intents else 1
    except BaseException:
        traceback.print_exc()
        return 2


def fork_once(scorer: Scorer, known: Sequence[KnownEdit], number: int) -> str:
    """Forks here and now; what became of the child."""
    child = os.fork()
    if child == 0:
        os._exit(check_in_child(scorer, known, number))
    give_up = time.monotonic() + CHILD_SECONDS
    while time.monotonic() < give_up:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return {0: "child right", 1: "child wrong", 2: "child lost"}.get(code, "child died")
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "child hung"


def tighten(spare: int) -> None:
    """For a while the process may not grow by more than so many bytes."""
    size = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size + spare, hard))
    try:
        time.sleep(TIGHT_SECONDS)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def run(options: argparse.Namespace) -> None:
    """The crowd itself, in the process that may die; its outcomes are the last line that it prints."""
    chance = random.Random(options.seed)
    scorer = Scorer.load(options.bundle, device="cpu", threads=2)
    known = record_known(scorer)
    crowd = Crowd(scorer, known, options.scores)
    threads = [threading.Thread(target=crowd.run, daemon=True) for _ in range(options.threads)]
    for thread in threads:
        thread.start()
    next_fork, next_limit, forks = options.fork_every, options.limit_every, 0
    while not crowd.is_done and any(thread.is_alive() for thread in threads):
        if crowd.done >= next_fork:
            crowd.note(fork_once(scorer, known, forks))
            forks, next_fork = forks + 1, next_fork + options.fork_every
            print(json.dumps({"outcomes": crowd.outcomes}), flush=True)
        if crowd.done >= next_limit:
            tighten(chance.choice(SPARE))
            crowd.note("limit")
            next_limit += options.limit_every
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    print(json.dumps({"outcomes": crowd.outcomes, "problems": crowd.problems[:5]}), flush=True)


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--bundle", default="studio", help="name or folder of the bundle")
    command_line.add_argument("--scores", type=int, default=10_000)
    command_line.add_argument("--threads", type=int, default=16, help="the threads that share the Scorer")
    command_line.add_argument("--fork-every", type=int, default=500, help="scores")
    command_line.add_argument("--limit-every", type=int, default=125, help="scores")
    command_line.add_argument("--seed", type=int, default=0)
    command_line.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = command_line.parse_args()
    if options.inside:
        run(options)
        return
    command = [sys.executable, "-m", "benchmarks.reliability.stress", "--inside", *sys.argv[1:]]
    started = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    last = json.loads((done.stdout.strip().splitlines() or ["{}"])[-1])
    outcomes: Counter[str] = Counter(last.get("outcomes", {}))
    print(*last.get("problems", []), sep="\n", file=sys.stderr)
    forked = sum(count for name, count in outcomes.items() if name.startswith("child"))
    figures = [
        Figure("right", "scores that are right", outcomes["right"], options.scores),
        Figure("wrong", "wrong", outcomes["wrong"] + outcomes["child wrong"], 0, False),
        Figure("lost", "lost", outcomes["lost"] + outcomes["child lost"] + outcomes["child died"], 0, False),
        Figure("hung", "children that hung", outcomes["child hung"], 0, False),
        Figure("status", "exit status of the process", done.returncode, 0, False),
        Figure("forks", "forks in the middle of scoring", forked),
        Figure("limits", "times without memory", outcomes["limit"]),
        Figure("tries", "scores told that there was no memory, and asked for again", outcomes["out of memory"]),
        Figure("rate", "scores a second", outcomes["right"] / (time.monotonic() - started)),
    ]
    show(f"{options.threads} threads, forks, and memory limits that come and go", figures)
    sys.exit(not all(figure.met in (None, True) for figure in figures))


if __name__ == "__main__":
    main()
