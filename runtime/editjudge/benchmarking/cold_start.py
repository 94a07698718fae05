"""A cold start: what a new process takes until its first score, and the memory it holds then.

Run as a module it is that process; so nothing that takes long is imported above.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from editjudge.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from editjudge.benchmarking.latency import Configuration
    from editjudge.datasets import EditSample

STEPS = ("python", "import", "load", "score")
"""The interpreter, the package, the bundle's models, and the first score, in which the parser is loaded too."""


def measure_cold_start(configuration: Configuration, edit: EditSample) -> dict[str, Any]:
    """One fresh process: "ms" by step, "total" their sum and "parse" the part of "score" that is parsing; and "memory",
    bytes resident once "loaded", once "scored", and at "most". Raises DeviceError when the process fails.
    """
    job = {
        "bundle": configuration.bundle,
        "device": configuration.device,
        "threads": configuration.threads,
        "edit": list(map(str, edit.edit())),
        "launched": time.time(),
    }
    command = [sys.executable, "-P", "-m", "editjudge.benchmarking.cold_start", json.dumps(job)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise DeviceError(f"a fresh process could not score an edit: {reason}")
    measured: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return measured


def combine(starts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Several cold starts: medians by step, the "least" and the "most" of their totals, and the most memory."""
    ms = {step: statistics.median(start["ms"][step] for start in starts) for step in starts[0]["ms"]}
    totals = [start["ms"]["total"] for start in starts]
    memory = {
        name: max((start["memory"][name] for start in starts if start["memory"][name]), default=None)
        for name in starts[0]["memory"]
    }
    return {"ms": {**ms, "least": min(totals), "most": max(totals)}, "memory": memory, "n": len(starts)}


def _score_once(job: dict[str, Any]) -> dict[str, Any]:
    marks = [job["launched"], time.time()]
    from editjudge.benchmarking.system_info import peak_memory, resident_memory  # noqa: PLC0415
    from editjudge.scorer import Scorer  # noqa: PLC0415  (how long this takes is what is measured)

    marks.append(time.time())
    scorer = Scorer.load(job["bundle"], job["device"], job["threads"], keep_answers=False)
    marks.append(time.time())
    memory = {"loaded": resident_memory()}
    score = scorer.score(*job["edit"])
    marks.append(time.time())
    memory |= {"scored": resident_memory(), "most": peak_memory()}
    seconds = {step: end - start for step, start, end in zip(STEPS, marks, marks[1:], strict=False)}
    seconds["total"] = marks[-1] - marks[0]
    ms = {name: round(1000 * value, 1) for name, value in seconds.items()}
    return {"ms": {**ms, "parse": round(score.timings_ms.get("parse", 0.0), 1)}, "memory": memory}


if __name__ == "__main__":
    print(json.dumps(_score_once(json.loads(sys.argv[1]))))
