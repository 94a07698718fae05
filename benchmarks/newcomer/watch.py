"""Runs a command and watches what it takes: time, memory of all its processes, room on the disk."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

EVERY = 0.5
"""Seconds between two looks at the memory."""
DISK_EVERY = 10
"""Looks at the memory between two at the disk, which take longer."""


@dataclass(frozen=True)
class Watched:
    """What a command printed and took.

    Attributes:
        printed: To stdout.
        seconds: From its start to its end.
        memory: Bytes that it and its descendants held together at the most; pages that they share count once.
        disk: By how many bytes a folder grew at the most.
    """

    printed: str
    seconds: float
    memory: int
    disk: int


def watch(command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> Watched:
    """Runs a command; what it writes to stderr goes to a log. Linux only.

    Args:
        command: The command.
        environment: Its environment.
        folder: The folder that grows; it has to be there.
        log: A file.

    Raises subprocess.CalledProcessError where it fails.
    """
    before, most, largest = used(folder), 0, 0
    printed: list[str] = []
    start = time.perf_counter()
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, env=dict(environment), stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        reader = threading.Thread(target=lambda: printed.append(process.stdout.read() if process.stdout else ""))
        reader.start()
        for look in count():
            if process.poll() is not None:
                break
            most = max(most, memory_of(process.pid))
            if look % DISK_EVERY == 0:
                largest = max(largest, used(folder) - before)
            time.sleep(EVERY)
        seconds = time.perf_counter() - start
        reader.join()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, "".join(printed), log.read_text())
    return Watched("".join(printed), seconds, most, max(largest, used(folder) - before))


def memory_of(pid: int) -> int:
    """Bytes of memory of a process and its descendants."""
    total = 0
    with suppress(OSError, ValueError):  # it has ended meanwhile
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                total += 1024 * int(line.split()[1])
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += sum(memory_of(int(child)) for child in (task / "children").read_text(encoding="utf-8").split())
    return total


def used(folder: Path) -> int:
    """Bytes that the files of a folder take up on the disk; a file that two names lead to counts once."""
    blocks: dict[int, int] = {}
    for path in folder.rglob("*"):
        with suppress(OSError):  # it has gone meanwhile
            status = path.lstat()
            blocks[status.st_ino] = 512 * status.st_blocks
    return sum(blocks.values())
