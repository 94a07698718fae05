"""A service to measure: the command as users run it, on a free port, and what its processes take."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

START = 60.0
"""Seconds that it has to be ready."""


@dataclass
class Service:
    """A service that runs: its address, its process, and how it was begun."""

    address: str
    process: subprocess.Popen[bytes]
    command: Sequence[str]

    @property
    def resident(self) -> int:
        """Bytes that its processes have in memory together."""
        return sum(map(_resident, (self.process.pid, *_children(self.process.pid))))

    def wait_until_ready(self) -> float:
        """Seconds that took. Raises RuntimeError where it ends instead, or is not ready in time."""
        begun = time.monotonic()
        while time.monotonic() < begun + START:
            if self.process.poll() is not None:
                raise RuntimeError(f"the service ended with {self.process.returncode}")
            try:
                if httpx.get(f"{self.address}/health", timeout=5).status_code == httpx.codes.OK:
                    return time.monotonic() - begun
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        raise RuntimeError(f"the service was not ready within {START:g} s")

    def start(self) -> None:
        """Begins it, or begins it again on the same port."""
        self.process = subprocess.Popen(self.command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


@contextmanager
def run_service(*options: str) -> Iterator[Service]:
    """Runs `editjudge serve` with these options until the block is left; it is ready within the block."""
    port = _free_port()
    command = [str(Path(sys.executable).with_name("editjudge")), "serve", "--port", str(port), *options]
    service = Service(f"http://127.0.0.1:{port}", None, command)  # type: ignore[arg-type]
    service.start()
    try:
        service.wait_until_ready()
        yield service
    finally:
        service.process.terminate()
        try:
            service.process.wait(30)
        except subprocess.TimeoutExpired:
            service.process.kill()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _children(process: int) -> list[int]:
    """The processes that one has started, and those that these have."""
    try:
        own = [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []
    return [*own, *(grandchild for child in own for grandchild in _children(child))]


def _resident(process: int) -> int:
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0
