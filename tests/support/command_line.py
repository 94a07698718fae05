"""Command lines that must fail."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from editjudge.cli.main import run


def assert_fails(capfd: pytest.CaptureFixture[str], arguments: Sequence[str], status: int, *words: str) -> None:
    """Expects this exit status, nothing on stdout, and one line on stderr that holds the words."""
    assert run(list(arguments)) == status
    printed, error = capfd.readouterr()
    assert printed == ""
    assert error.startswith("editjudge: ")
    assert error.count("\n") == 1
    assert error.endswith("\n")
    assert "Traceback" not in error
    for word in words:
        assert word in error
