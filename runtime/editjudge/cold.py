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

    from editjudge.bench import Configuration
    from editjudge.edits import Edit

STEPS = ("python", "import", "load", "score")
"""The interpreter, the package, the bundle's models, and the first score, in which the parser is loaded too."""


def cold_start(configuration: Configuration, edit: Edit) -> dict[str, Any]:
    """One fresh process: "ms" by step, "total" their sum and "parse" the part of "score" that is parsing; and "memory".

    memory: bytes resident once "loaded", once "scored", and at "most". Raises DeviceError when the process fails.
    """
    asked = {
        "bundle": configuration.bundle,
        "device": configuration.device,
        "threads": configuration.threads,
        "edit": [str(edit.original), str(edit.edited), edit.instruction],
        "launched": time.time(),
    }
    command = [sys.executable, "-P", "-m", "editjudge.cold", json.dumps(asked)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise DeviceError(f"a fresh process could not score an edit: {said}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def together(starts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Several cold starts: medians by step, the "least" and the "most" of their totals, and the most memory."""
    milliseconds = {name: statistics.median(each["ms"][name] for each in starts) for name in starts[0]["ms"]}
    totals = [each["ms"]["total"] for each in starts]
    memory = {
        name: max((each["memory"][name] for each in starts if each["memory"][name]), default=None)
        for name in starts[0]["memory"]
    }
    return {"ms": {**milliseconds, "least": min(totals), "most": max(totals)}, "memory": memory, "n": len(starts)}


def _first_score(asked: dict[str, Any]) -> dict[str, Any]:
    marks = [asked["launched"], time.time()]
    from editjudge.machine import most_resident, resident  # noqa: PLC0415
    from editjudge.scorer import Scorer  # noqa: PLC0415  (how long this takes is what is measured)

    marks.append(time.time())
    scorer = Scorer.load(asked["bundle"], asked["device"], asked["threads"], keep_answers=False)
    marks.append(time.time())
    memory = {"loaded": resident()}
    score = scorer.score(*asked["edit"])
    marks.append(time.time())
    memory |= {"scored": resident(), "most": most_resident()}
    steps = {name: after - before for name, before, after in zip(STEPS, marks, marks[1:], strict=False)}
    taken = {**steps, "total": marks[-1] - marks[0]}
    milliseconds = {name: round(1000 * seconds, 1) for name, seconds in taken.items()}
    return {"ms": {**milliseconds, "parse": round(score.timings_ms.get("parse", 0.0), 1)}, "memory": memory}


if __name__ == "__main__":
    print(json.dumps(_first_score(json.loads(sys.argv[1]))))
