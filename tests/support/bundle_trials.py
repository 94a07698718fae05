"""Opens bundles as their user would, many in one process, which ends where one hangs or aborts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.damaged_bundles import TOY, Fault
from support.fresh_process import run_python

MOST_MEMORY = 200 * 2**20
"""Bytes by which the process that opens them all may grow."""
HANGS = 15
"""Seconds after which a process is ended: each takes a few hundredths, on a machine that has time for it."""
WORKER = """
    import json, resource, signal, sys, time
    import numpy as np
    from editjudge import EditIntent, EditJudgeError, Scorer
    from editjudge.bundles.bundle import Bundle

    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    edited = noise.copy()
    edited[10:30, 10:30] = 200
    intent = EditIntent("color", "cat", "blue cat")

    def score(folder):
        Scorer.load(folder, device="cpu").score(noise, edited, intent)

    def verify(folder):
        Bundle.load(folder).verify()

    def attempt(act, folder):
        try:
            act(folder)
        except EditJudgeError as error:
            return [error.exit_status, str(error)]
        except BaseException as error:
            return [1, f"{type(error).__name__}: {error}"]
        return [0, ""]

    good, seconds, *folders = sys.argv[1:]
    assert attempt(score, good) == attempt(verify, good) == [0, ""]
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for folder in folders:
        signal.alarm(int(seconds))
        begun = time.monotonic()
        outcomes = [attempt(act, folder) for act in (verify, score)]
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) * 1024
        print(json.dumps([*outcomes, grown, time.monotonic() - begun]), flush=True)
"""


def try_all(faults: Mapping[str, Fault], folder: Path) -> dict[str, Any]:
    """What came of each: (status, message) of verifying and of scoring, bytes that the process has grown by, seconds.

    Or how the process ended that opened it.
    """
    outcomes: dict[str, Any] = {}
    folders = {name: folder / str(number) for number, name in enumerate(faults)}
    for name, fault in faults.items():
        shutil.copytree(TOY, folders[name])
        fault.apply(folders[name])
    while waiting := [name for name in faults if name not in outcomes]:
        try:
            done = run_python(WORKER, TOY, HANGS, *(folders[name] for name in waiting), seconds=240)
            printed, ended = done.stdout, f"the process ended with {done.returncode}: {done.stderr[-300:]}"
        except subprocess.TimeoutExpired as error:
            printed, ended = (error.stdout or b"").decode(), "the process did not end"
        lines = [json.loads(line) for line in printed.splitlines() if line.endswith("]")]
        outcomes |= zip(waiting, lines, strict=False)
        if len(lines) < len(waiting):
            outcomes[waiting[len(lines)]] = ended
    return outcomes


def find_problem(outcome: Any, fault: Fault) -> str | None:
    """What is wrong with how a bundle was taken; None where it was refused as it should be: with status 3 in a sentence
    about the fault, by what verifies it or by what reads the file first, and by neither in another way."""
    if not isinstance(outcome, list):
        return str(outcome)
    *attempts, grown, _ = outcome
    if {status for status, _ in attempts} not in ({3}, {0, 3}):
        return f"taken with {attempts}"
    if any(not message.isprintable() or len(message) >= 1000 for _, message in attempts):
        return f"not one sentence: {attempts}"
    refusal = next(message for status, message in attempts if status == 3)
    if not re.search(fault.subject, refusal):
        return f"refused for something else: {refusal}"
    return None if grown <= MOST_MEMORY else f"the process grew by {grown:,} bytes"
