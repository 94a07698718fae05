"""Every call that a fuzz found a fault with (benchmarks/reliability/fuzz.py) is made once more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_what_a_fuzz_found_is_mended() -> None:
    command = [sys.executable, "-m", "benchmarks.reliability.fuzz", "--replay"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert done.stdout.startswith("0 faults in ")
