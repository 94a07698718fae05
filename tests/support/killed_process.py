"""A process that is ended by force in the middle of a download."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


def kill_midway(command: Sequence[str], environment: Mapping[str, str], folder: Path, pattern: str) -> int:
    """Kills a command once the one file of this pattern below the folder has grown; returns its bytes."""
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        give_up = time.monotonic() + 60
        while not any(part.stat().st_size for part in folder.rglob(pattern)):
            assert time.monotonic() < give_up
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    (part,) = folder.rglob(pattern)
    return part.stat().st_size
