"""`editjudge serve` before anything starts: its token, and what it loads. What it refuses: test_refusals.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from editjudge.errors import InputError
from editjudge.server.access_token import read_token
from support.fresh_process import run_python

TOKEN = "0123456789abcdef"


def test_a_token_comes_from_its_file_or_else_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDITJUDGE_TOKEN", raising=False)
    assert read_token(None) is None
    monkeypatch.setenv("EDITJUDGE_TOKEN", f"{TOKEN}-of-the-environment")
    assert read_token(None) == f"{TOKEN}-of-the-environment"
    file = tmp_path / "token"
    file.write_bytes(f"{TOKEN}==\r\n".encode())
    assert read_token(file) == f"{TOKEN}=="


@pytest.mark.parametrize(
    "text",
    [b"", b"\n", b"short", b"0123456789abcde", b"0123456789 abcdef", b"0123456789abcd\xc3\xa9\xc3\xa9", b"a" * 9000],
)
def test_a_token_of_no_use(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(text)
    with pytest.raises(InputError, match=r"the token of .*token cannot be used"):
        read_token(file)


def test_an_empty_variable_is_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sets it wants one, so that it is not taken for none."""
    monkeypatch.setenv("EDITJUDGE_TOKEN", "")
    with pytest.raises(InputError, match="EDITJUDGE_TOKEN cannot be used"):
        read_token(None)


def test_a_token_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(InputError, match="cannot read the token of"):
            read_token(path)


def test_the_command_line_loads_no_web_server() -> None:
    done = run_python("import sys, editjudge.cli.main\nprint(*{name.split('.')[0] for name in sys.modules})")
    assert done.returncode == 0
    assert not set(done.stdout.split()) & {"fastapi", "starlette", "uvicorn", "httptools", "prometheus_client", "httpx"}
