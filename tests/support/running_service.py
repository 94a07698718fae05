"""The command `editjudge serve` as users run it: a process of its own on a free port, or on a Unix socket."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

READY = re.compile(r"editjudge answers at (http://\S+?|unix:\S+?)(;.*)?\n")
SECONDS = 60.0
"""Until it has to be ready, or to have ended; on a machine that is busy with other things."""


class RunningService:
    """The process of a service.

    Attributes:
        process: Its process, the parent of its workers.
        address: As it has printed it; None: it is not ready.
        lines: What it has written to stderr so far.
    """

    def __init__(self, *options: str, environment: Mapping[str, str] | None = None) -> None:
        command = [str(Path(sys.executable).with_name("editjudge")), "serve", *options]
        variables = {name: value for name, value in os.environ.items() if name != "EDITJUDGE_TOKEN"}
        self.process = subprocess.Popen(
            command,
            env={**variables, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.address: str | None = None
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read_errors, daemon=True)
        self._reader.start()

    def wait_until_ready(self) -> str:
        """The address that it prints once it is."""
        assert self.process.stdout is not None
        timer = threading.Timer(SECONDS, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        match = READY.fullmatch(line)
        assert match, f"it printed {line!r}, and wrote {self.lines}"
        self.address = match[1]
        return self.address

    def client(self, **options: Any) -> httpx.Client:
        """A plain client of it."""
        assert self.address is not None
        if self.address.startswith("unix:"):
            transport = httpx.HTTPTransport(uds=self.address.removeprefix("unix:"))
            return httpx.Client(base_url="http://localhost", transport=transport, timeout=SECONDS, **options)
        return httpx.Client(base_url=self.address, timeout=SECONDS, **options)

    def end(self) -> int:
        """Sends SIGTERM, if it still runs; returns its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.wait()

    def wait(self) -> int:
        """Its exit status, once it has ended, and all that it wrote is read."""
        try:
            status = self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        self._reader.join(SECONDS)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status

    @property
    def log(self) -> list[dict[str, Any]]:
        """The lines of its log; each has to be a JSON object."""
        return [json.loads(line) for line in self.lines]

    @property
    def workers(self) -> list[int]:
        """The numbers of the processes that answer, where there are several. Needs /proc."""
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii").split()
        return [int(number) for number in found if b"spawn_main" in Path(f"/proc/{number}/cmdline").read_bytes()]

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr:
            self.lines.extend(self.process.stderr)


@contextmanager
def serving(*options: str, environment: Mapping[str, str] | None = None) -> Iterator[RunningService]:
    """A service that is ready, until the block ends; it has to end in order then."""
    service = RunningService(*options, environment=environment)
    try:
        service.wait_until_ready()
        yield service
    finally:
        status = service.end()
    assert status == 0, service.lines


def refused(*options: str, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """The exit status, and the one line, of a service that does not start."""
    service = RunningService(*options, environment=environment)
    status = service.wait()
    assert len(service.lines) == 1, service.lines
    return status, service.lines[0]
