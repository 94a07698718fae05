"""An endpoint on this machine whose answers are told by the instruction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.judge_server import JudgeServer, serve_judge
from support.told_judge import judge_as_told


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeServer]:
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path))  # where answers are kept
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with serve_judge(judge_as_told) as server:
        yield server
