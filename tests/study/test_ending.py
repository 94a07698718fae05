"""How the pages of a study end: in order, and without a word about it, also amid their start."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.fresh_process import run_python
from support.studies import write_set

PROGRAM = """
import signal
import uvicorn

find = uvicorn.Config.get_loop_factory

def find_interrupted(self):
    signal.raise_signal(signal.SIGINT)
    return find(self)

uvicorn.Config.get_loop_factory = find_interrupted
from editjudge.cli.entry import main
main()
"""
"""An interrupt when what serves is made, and does not run yet."""


def test_an_interrupt_amid_the_start_ends_it_without_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rated = write_set(tmp_path)
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))
    done = run_python(PROGRAM, "study", str(rated.dataset.path), "--db", str(tmp_path / "r.sqlite"), "--port", "0")
    assert done.returncode == 130
    assert "raters open http://127.0.0.1:" in done.stdout
    assert done.stderr == ""
