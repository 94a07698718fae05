"""The process: what it is started with, what it writes, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from editjudge import Scorer
from editjudge.datasets.demo import DemoInput
from editjudge.server.mcp.folders import AllowedFolders
from editjudge.server.mcp.serve import build_server
from editjudge.server.mcp.tools import ToolAnswer, ToolBox
from editjudge.server.options import RequestLimits
from support.command_line import assert_fails
from support.fresh_process import PROGRAM, run_python
from support.mcp_client import answer, connect, refusal

LIMITS = RequestLimits()


@contextmanager
def started(home: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The server with its streams in hand."""
    command = [sys.executable, "-c", PROGRAM, "mcp", *options]
    environment = {**os.environ, "EDITJUDGE_HOME": str(home)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def ask(process: subprocess.Popen[str], number: int, method: str, **parameters: Any) -> dict[str, Any]:
    """Sends a line and reads the next."""
    message = {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}
    process.stdin.write(f"{json.dumps(message)}\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def greet(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Introduces a client of 2025."""
    client = {"name": "test", "version": "1"}
    return ask(process, 0, "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=client)


def test_stdout_holds_the_protocol_alone_and_the_process_ends_with_its_client(
    folder: Path, edit: DemoInput, tmp_path: Path
) -> None:
    with started(tmp_path, "--allow", str(folder)) as process:
        assert greet(process)["result"]["serverInfo"]["name"] == "editjudge"
        original = {"path": "original.webp"}
        given = {"original": original, "edited": {"path": "edits/0.webp"}, "instruction": edit.instruction}
        told = ask(process, 1, "tools/call", name="score", arguments=given)  # opens the models, llama.cpp too
        assert told["result"]["structuredContent"]["headline"] == told["result"]["content"][0]["text"].splitlines()[0]
        process.stdin.write("no JSON\n[[[\n" + '{"jsonrpc": "2.0", "id": 2, "method": "\\ud800"}\n')
        rest, errors = process.communicate(timeout=60)  # which closes stdin
        assert [json.loads(line)["jsonrpc"] for line in rest.splitlines()] == ["2.0"] * len(rest.splitlines())
        assert (process.returncode, "Traceback" in errors) == (0, False)


def test_it_can_be_interrupted(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        greet(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == -signal.SIGINT  # which a shell tells as 130


def test_what_it_cannot_be_started_with(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    cases: Sequence[tuple[list[str], str]] = [
        (["--allow", str(tmp_path / "missing")], "missing is no folder; name one that is there with --allow"),
        (["--allow", str(tmp_path / "file")], "file is no folder"),
        (["--device", "abacus"], "abacus"),
        (["--look", "twice"], "look"),
        (["--compat", "guessed"], "compat"),
        (["--accept-at", "2"], "accept_at"),
        (["--max-mb", "0"], "--max-mb"),
    ]
    for options, words in cases:
        assert_fails(capfd, ["mcp", *options], 2, words)


def test_without_the_extra() -> None:
    program = f"import sys; sys.modules['mcp'] = None; {PROGRAM}"
    done = run_python(program, "mcp")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "editjudge: the MCP server needs mcp; pip install 'editjudge[mcp]'\n"


@pytest.mark.anyio
async def test_a_bundle_that_is_missing_is_told_by_each_call(tmp_path: Path, folder: Path, edit: DemoInput) -> None:
    picture = {"path": "original.webp"}
    given = {"original": picture, "edited": picture, "instruction": edit.instruction}
    async with connect(tmp_path, "--allow", str(folder), "--bundle", "nothing") as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["score", "rank", "differences"]
        for _ in range(2):
            assert "nothing" in await refusal(client, "score", **given)


class WatchedTools(ToolBox):
    """The real tools; it tells how many candidates were begun, and which calls came to an end."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.begun = 0
        self.under_way = threading.Event()
        self.ended: list[str] = []

    def call(self, tool: Any, arguments: Any, check: Any) -> ToolAnswer:
        def count() -> None:
            check()
            self.begun += 1
            self.under_way.set()

        told = super().call(tool, arguments, count)
        self.ended.append(tool)
        return told


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_call_that_is_given_up_ends_between_candidates(folder: Path, edit: DemoInput, mode: str) -> None:
    opened: list[Scorer] = []
    tools = WatchedTools(lambda: opened.append(Scorer.load()) or opened[-1], AllowedFolders([folder]), LIMITS)
    original, edited = {"path": "original.webp"}, {"path": "edits/0.webp"}
    async with Client(build_server(tools, LIMITS), mode=mode) as client:
        async with anyio.create_task_group() as calls:
            ranking = {"original": original, "edited": [edited] * 64, "instruction": edit.instruction}
            calls.start_soon(client.call_tool, "rank", ranking)
            await anyio.to_thread.run_sync(tools.under_way.wait)
            calls.cancel_scope.cancel()
        await answer(client, "differences", original=original, edited=edited)  # waits for its turn
    assert tools.ended == ["differences"]
    assert 1 <= tools.begun < 64
    assert len(opened) == 1  # for both calls
