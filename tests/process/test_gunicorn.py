"""A real gunicorn that preloads an app and forks its workers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket
from urllib.parse import quote

import pytest

from support.fresh_process import TESTS

if sys.platform == "win32":
    pytest.skip("gunicorn does not run on Windows", allow_module_level=True)

VERBS = {"remove": "remove the tree", "add": "add a red hat", "replace": "replace the dog with a cat"}


class UnixConnection(HTTPConnection):
    """HTTP over the socket that a path names."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket(AF_UNIX, SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(path: Path, instruction: str) -> dict[str, object]:
    connection = UnixConnection(path)
    try:
        connection.request("GET", f"/{quote(instruction)}")
        answer: dict[str, object] = json.loads(connection.getresponse().read())
        return answer
    finally:
        connection.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """gunicorn with two workers of two threads, and its socket."""
    path = tmp_path / "socket"
    options = ["--preload", "--workers", "2", "--threads", "2", "--bind", f"unix:{path}", "--timeout", "120"]
    command = [sys.executable, "-m", "gunicorn", *options, "--no-control-socket", "support.preloaded_app:answer"]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=log, stderr=log)
    try:
        give_up = time.monotonic() + 90
        while not path.exists() and process.poll() is None and time.monotonic() < give_up:
            time.sleep(0.05)
        assert path.exists(), (tmp_path / "log").read_text()
        yield process, path
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def test_workers_of_a_preloaded_app_answer_and_end(server: tuple[subprocess.Popen[bytes], Path]) -> None:
    process, path = server
    asked = [(kind, f"{words} number {number}") for number in range(6) for kind, words in VERBS.items()]
    with ThreadPoolExecutor(4) as clients:
        answers = list(clients.map(lambda one: ask(path, one[1]), asked))
    assert [answer["type"] for answer in answers] == [kind for kind, _ in asked]
    assert all(answer["right"] for answer in answers)
    assert process.pid not in {answer["worker"] for answer in answers}
    process.terminate()  # each worker ends as an interpreter does, with what it inherited
    assert process.wait(30) == 0
