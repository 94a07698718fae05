"""A study as a process of its own, and a rater who uses its pages over HTTP."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import httpx
import numpy as np

EDITORS = ("editor-one", "editor-two", "editor-three")
SIDES = ("overall", "modify", "preserve", "size", "position")
ENTRY = "from editjudge.cli.entry import main; main()"


def write_edits(folder: Path, inputs: int) -> Path:
    """A data set of noise, with three candidates each, in files that are called after their editors."""
    random = np.random.default_rng(0)
    rows = []
    for number in range(inputs):
        for name in ("source", *EDITORS):
            cv2.imwrite(str(folder / f"{name}-{number}.png"), random.integers(0, 255, (64, 64, 3), dtype=np.uint8))
        for editor in EDITORS:
            row = {"id": f"{number}-{editor}", "group": f"input-{number}", "model": editor}
            pictures = {"original": f"source-{number}.png", "edited": f"{editor}-{number}.png"}
            rows.append({**row, **pictures, "instruction": f"make thing {number} blue"})
    path = folder / "edits.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


class StudyProcess:
    """`editjudge study`, which can be killed and begun again at the same port."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self.database = data.parent / "ratings.sqlite"
        self._port = 0
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-c", ENTRY, "study", str(self._data), "--db", str(self.database)]
        self.process = subprocess.Popen(
            [*command, "--port", str(self._port), "--checks", "2"], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert found, f"the study does not start: {line}"
        self._port = int(found[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def run_study(data: Path) -> Iterator[StudyProcess]:
    study = StudyProcess(data)
    try:
        yield study
    finally:
        study.kill()


def fill_form(value: int) -> dict[str, str]:
    """A page of three candidates, all sides alike."""
    return {f"c{place}-{side}": str(value) for place in (1, 2, 3) for side in SIDES}


def find_page(answer: httpx.Response) -> int | None:
    """The number of the page that an answer led to; None for the end of the study."""
    found = re.search(r"/pages/(\d+)$", str(answer.url))
    return int(found[1]) if found else None
