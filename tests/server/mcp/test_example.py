"""The example asks as the page says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from editjudge.datasets.demo import DemoInput

ROOT = Path(__file__).parents[3]


def test_the_example_prints_the_headline(folder: Path, edit: DemoInput, tmp_path: Path) -> None:
    programs = str(Path(sys.executable).parent)
    environment = {**os.environ, "EDITJUDGE_HOME": str(tmp_path), "PATH": programs + os.pathsep + os.environ["PATH"]}
    command = [sys.executable, str(ROOT / "examples" / "ask_mcp.py"), "original.webp", "edits/0.webp", edit.instruction]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=180, check=True)
    assert done.stdout.startswith("Reject: the car did not turn blue")
