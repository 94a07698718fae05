"""A service on a Ray of its own on this machine, as `serve run` starts it from a file."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import yaml

from support.judge_server import free_port

IMPORT_PATH = "editjudge.server.ray.deployment:app"
PROGRAM = "import ray; from ray.serve.scripts import cli; ray.init(num_cpus=4, namespace='serve'); cli()"
"""`serve`, on a Ray that takes this machine to have room for every replica of a test."""
SECONDS = 150.0
"""Until it has to be ready: Ray itself takes half a minute where two cores are busy with other things."""


class RayService:
    """The process that runs it. It is ended by an interrupt, as from a terminal.

    Args:
        folder: Where its files and those of Ray's user are.
        deployments: The arguments of each, by where it answers.
    """

    def __init__(self, folder: Path, deployments: Mapping[str, Mapping[str, Any]]) -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        applications = [
            {"name": f"editjudge{index}", "route_prefix": place, "import_path": IMPORT_PATH, "args": dict(arguments)}
            for index, (place, arguments) in enumerate(deployments.items())
        ]
        settings = {
            "proxy_location": "HeadOnly",
            "http_options": {"host": "127.0.0.1", "port": port},
            "applications": applications,
        }
        file, self._log = folder / "serve.yaml", folder / "serve.log"
        file.write_text(yaml.safe_dump(settings), encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if name != "EDITJUDGE_TOKEN"}
        environment |= {"HOME": str(folder), "EDITJUDGE_HOME": str(folder), "RAY_DEDUP_LOGS": "0"}
        environment |= {"RAY_USAGE_STATS_ENABLED": "0", "NO_COLOR": "1"}
        command = [sys.executable, "-c", PROGRAM, "run", str(file)]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def wait_until_ready(self) -> None:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if httpx.get(f"{self.address}/health", timeout=10).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.5)
        raise AssertionError(f"the service is not ready:\n{self._log.read_text(errors='replace')}")

    def wait_until_logged(self, words: str) -> None:
        """Waits until Ray or a replica has written them."""
        until = time.monotonic() + SECONDS
        while words not in self._log.read_text(errors="replace"):
            assert time.monotonic() < until, self._log.read_text(errors="replace")
            time.sleep(0.5)

    def requests(self) -> list[dict[str, Any]]:
        """What the replicas have logged of the requests that they answered."""
        lines = re.findall(r"\{\"time\".*\}$", self._log.read_text(errors="replace"), re.MULTILINE)
        return [line for line in map(json.loads, lines) if line["event"] == "request"]

    def interrupt(self) -> int:
        """Ends it as Ctrl-C does; returns the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=120)

    def close(self) -> None:
        """Ends it and what it has started, where it was not interrupted."""
        if self.process.poll() is None:
            self.interrupt()
