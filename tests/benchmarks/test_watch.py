"""What a command takes, as the newcomer's benchmark watches it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.newcomer.watch import used, watch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

CODE = """
import pathlib, subprocess, sys, time
child = [sys.executable, "-c", "import time; held = bytearray(b'x' * 100_000_000); time.sleep(6)"]
with subprocess.Popen(child):
    held = bytearray(b"x" * 100_000_000)
    path = pathlib.Path(sys.argv[1], "large")
    path.write_bytes(held[:8_000_000])
    time.sleep(6)
    path.unlink()
print("done")
"""


def test_time_memory_and_disk_of_a_command_and_its_child(tmp_path: Path) -> None:
    folder = tmp_path / "grows"
    folder.mkdir()
    watched = watch([sys.executable, "-c", CODE, str(folder)], {}, folder, tmp_path / "log")
    assert watched.printed == "done\n"
    assert watched.seconds > 6
    assert 200e6 < watched.memory < 400e6
    assert 8e6 <= watched.disk < 9e6
    assert used(folder) == 0


def test_a_command_that_fails(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        watch([sys.executable, "-c", "import sys; sys.exit('no')"], {}, tmp_path, tmp_path / "log")
    assert (caught.value.returncode, caught.value.stderr) == (1, "no\n")
