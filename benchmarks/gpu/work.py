"""The process of one part: `runner` starts it.

python -m benchmarks.gpu.work PART FOLDER
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.gpu.plan import PARTS, GpuRun, GpuRunError, write_json

EVERY = 0.5
"""Seconds between two looks at whether the one who started this is still there."""


def main(arguments: list[str]) -> int:
    name, folder = arguments
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    run, part = GpuRun.read(Path(folder)), PARTS[name]
    assert run is not None
    path = run.outcome(name)
    results: dict[str, Any] = {}

    def keep(so_far: dict[str, Any]) -> None:
        results.update(so_far)
        write_json(path, {"results": results})

    try:
        keep(import_module(f"benchmarks.gpu.parts.{part.module}").measure(run, part, keep))
    except Exception as error:
        traceback.print_exc()
        write_json(path, {"results": results, "reason": describe_error(error)})
        return 1
    return 0


def describe_error(error: Exception) -> str:
    """What an error says: a sentence of ours as it stands, the first line of others with their kind before it."""
    ours = isinstance(error, GpuRunError) or any(kind.__name__ == "EditJudgeError" for kind in type(error).__mro__)
    lines = str(error).strip().splitlines() or [""]
    return " ".join(lines) if ours else f"{type(error).__name__}: {lines[0]}"[:500]


def _end_with_parent(parent: int) -> None:
    """Ends this process and all that it started once the one who started it was ended, by whatever force."""
    while os.getppid() == parent:
        time.sleep(EVERY)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
