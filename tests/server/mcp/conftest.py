"""The pictures that assistants have scored, and a client that may."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from mcp import Client

from editjudge.datasets.demo import DemoInput, load_demo
from support.mcp_client import MARKUP, connect


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for all tests."""
    return "asyncio"


@pytest.fixture(scope="session")
def edit() -> DemoInput:
    return load_demo()[0]


@pytest.fixture(scope="session")
def folder(edit: DemoInput, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The allowed one: pictures, a text, links within it and out of it, and a name that is no word."""
    allowed, outside = tmp_path_factory.mktemp("allowed"), tmp_path_factory.mktemp("outside")
    (allowed / "edits").mkdir()
    (allowed / "original.webp").write_bytes(edit.original.read_bytes())
    for number, candidate in enumerate(edit.candidates):
        (allowed / "edits" / f"{number}.webp").write_bytes(candidate.file.read_bytes())
    (allowed / MARKUP).write_bytes(edit.candidates[0].file.read_bytes())
    (allowed / "notes.txt").write_text("no picture", encoding="utf-8")
    (allowed / "large.webp").write_bytes(edit.original.read_bytes() + bytes(2**20))
    (allowed / "within.webp").symlink_to("edits/0.webp")
    (outside / "secret.webp").write_bytes(edit.original.read_bytes())
    (allowed / "leads-out.webp").symlink_to(outside / "secret.webp")
    (allowed / "out").symlink_to(outside)
    (allowed / "round").symlink_to("round")
    os.mkfifo(allowed / "pipe.webp")
    return allowed


@pytest.fixture(scope="session")
async def client(anyio_backend: str, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """Of a server that may read the folder, with limits that a test can pass."""
    limits = ["--max-mb", "1", "--max-pixels", "300000", "--max-items", "6"]
    async with connect(tmp_path_factory.mktemp("home"), "--allow", str(folder), *limits) as client:
        yield client
