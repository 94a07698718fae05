"""Does a change leave the speed as it was? Times two checkouts: `import editjudge`, and warm edits of the demo.

    python -m benchmarks.equivalence.time_pair BEFORE_ROOT AFTER_ROOT [--rounds 5]

Both are run by this interpreter, each with its own packages on PYTHONPATH, and take turns, so that anything else that
the machine does affects both alike. Every import is a fresh process; scoring has one process for each side, which
scores an edit on request. Prints the medians in milliseconds, the median of the ratios of after to before of what was
timed side by side, and their 5th and 95th percentiles. Pictures are decoded and instructions parsed before an edit is
timed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

SOURCES = ("runtime", "export", "models")
WARM_UP = 2
"""Rounds of all edits that are scored before any is timed."""

IMPORT = """
import time
start = time.perf_counter()
import editjudge
print(editjudge.__file__)
print(1000 * (time.perf_counter() - start))
"""
SCORE = """
import sys, time, tomllib
from importlib.resources import files
from pathlib import Path
import editjudge
from PIL import Image
import numpy as np
folder = Path(str(files("editjudge_models"))) / "demo"
def load(name):
    return np.asarray(Image.open(folder / name).convert("RGB"))
edits = [
    (load(entry["original"]), load(candidate["file"]), entry["instruction"])
    for entry in tomllib.loads((folder / "demo.toml").read_text(encoding="utf-8"))["input"]
    for candidate in entry["candidate"]
]
scorer = editjudge.Scorer.load("studio", device="cpu", threads=int(sys.argv[1]), keep_answers=False)
for edit in edits * int(sys.argv[2]):
    scorer.score(*edit)
print(editjudge.__file__)
print(len(edits), flush=True)
for line in sys.stdin:
    edit = edits[int(line)]
    start = time.perf_counter()
    scorer.score(*edit)
    print(1000 * (time.perf_counter() - start), flush=True)
"""


class Side:
    """A checkout; while it is entered, a process that scores with it.

    Attributes:
        edits: How many edits the demo has.
    """

    def __init__(self, root: Path, threads: int) -> None:
        self.edits = 0
        self._root = root.resolve()
        self._command = [sys.executable, "-c", SCORE, str(threads), str(WARM_UP)]
        self._environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(self._root / name) for name in SOURCES)}

    def __enter__(self) -> Self:
        self._scratch = tempfile.TemporaryDirectory()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self._environment,
            cwd=self._scratch.name,
        )
        self._check(self._read())
        self.edits = int(self._read())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()  # ends its input, and with that the process
        self._scratch.cleanup()

    def time_score(self, index: int) -> float:
        """Milliseconds of one edit."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{index}\n")
        self._process.stdin.flush()
        return float(self._read())

    def time_import(self) -> float:
        """Milliseconds of `import editjudge` in a fresh process, without the start of the interpreter."""
        with tempfile.TemporaryDirectory() as scratch:
            result = subprocess.run(
                [sys.executable, "-c", IMPORT],
                env=self._environment,
                cwd=scratch,
                check=True,
                capture_output=True,
                text=True,
            )
        imported, milliseconds = result.stdout.split("\n")[:2]
        self._check(imported)
        return float(milliseconds)

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process of {self._root} has ended")
        return line.strip()

    def _check(self, imported: str) -> None:
        """Raises RuntimeError if editjudge was imported from another checkout."""
        if not Path(imported).resolve().is_relative_to(self._root):
            raise RuntimeError(f"editjudge was imported from {imported}, which is not in {self._root}")


def report(what: str, before: Sequence[float], after: Sequence[float]) -> dict[str, float | str]:
    """Prints a line, and returns what it says."""
    low, ratio, high = np.percentile(np.divide(after, before), [5, 50, 95])
    medians = float(np.median(before)), float(np.median(after))
    print(
        f"{what}: {medians[0]:.2f} ms before, {medians[1]:.2f} ms after, "
        f"{ratio:.3f} times as long ({low:.3f} to {high:.3f}, {len(before)} pairs)"
    )
    return {"what": what, "before": medians[0], "after": medians[1], "ratio": ratio, "p5": low, "p95": high}


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("before", type=Path, metavar="BEFORE_ROOT")
    command_line.add_argument("after", type=Path, metavar="AFTER_ROOT")
    command_line.add_argument("--rounds", type=int, default=5, help="of all edits, after the warm-up")
    command_line.add_argument("--imports", type=int, default=20, help="fresh processes for each side")
    command_line.add_argument("--threads", type=int, default=1, help="CPU threads of each model")
    options = command_line.parse_args()
    sides = [Side(root, options.threads) for root in (options.before, options.after)]
    for side in sides:
        side.time_import()  # so that both find their modules compiled and cached
    imports: list[list[float]] = [[], []]
    for turn in range(options.imports):
        for number in _order(turn):
            imports[number].append(sides[number].time_import())
    scores: list[list[float]] = [[], []]
    with sides[0] as before, sides[1]:
        for turn in range(options.rounds):
            for index in range(before.edits):
                for number in _order(turn + index):
                    scores[number].append(sides[number].time_score(index))
    print(json.dumps([report("import editjudge", *imports), report("an edit of the demo", *scores)]))


def _order(turn: int) -> Sequence[int]:
    """The sides take turns in coming first: the second finds the caches as the first left them."""
    return (0, 1) if turn % 2 == 0 else (1, 0)


if __name__ == "__main__":
    main()
