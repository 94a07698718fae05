"""`editjudge demo --photographs`: offline, by the embedded bundle and by one that takes any picture for known."""

from __future__ import annotations

import re
import shutil
import socket
from pathlib import Path

import pytest

from editjudge.cli.main import run
from editjudge.datasets.demo import load_photographs
from editjudge_models import bundle_folder

Capture = pytest.CaptureFixture[str]

TOY = Path(__file__).parents[1] / "fixtures" / "toy"
NUMBER = r"\b[01]\.\d\d\b"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the demo asked for a network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def knowing_bundle(tmp_path: Path) -> Path:
    """The toy bundle without its list of words, with the parser of the embedded one: it has no picture for unknown."""
    folder, studio = tmp_path / "knowing", bundle_folder("studio")
    shutil.copytree(TOY, folder)
    entries = (studio / "bundle.toml").read_text(encoding="utf-8").split("\n[[document]]")[0].split("[[file]]")[1:]
    parser = [f"[[file]]{entry}" for entry in entries if 'role = "parser' in entry]
    assert len(parser) == 2
    shutil.copy(studio / "parser_adapter.gguf", folder)
    toy = (TOY / "bundle.toml").read_text(encoding="utf-8").split('\n[[file]]\nrole = "vocabulary"')[0]
    (folder / "bundle.toml").write_text("\n".join([toy, *parser]), encoding="utf-8")
    return folder


@pytest.mark.usefixtures("offline")
def test_of_photographs_the_embedded_bundle_tells_what_pixels_tell(
    capfd: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run(["demo", "--photographs", "--report", str(tmp_path / "demo.html")]) == 0
    printed = capfd.readouterr().out
    page = (tmp_path / "demo.html").read_text(encoding="utf-8")
    inputs = load_photographs()
    for each in inputs:
        assert each.instruction in printed
        assert f'id="{each.id}"' in page
        for candidate in each.candidates:
            assert candidate.label in printed
    # No confidence but 0, no probability but that of pictures in which nothing was edited, and none is called the best.
    assert set(re.findall(NUMBER, printed)) == {"0.00"}
    assert printed.count("first: Not scored: ") == len(inputs)
    assert printed.count("last: Reject: ") == len(inputs)
    assert printed.count("which need not be the best.") == len(inputs)
    assert "best: " not in printed
    assert "worst: " not in printed
    assert "<title>editjudge demo --photographs" in page


def test_a_bundle_that_knows_photographs_gives_numbers(
    capfd: Capture, tmp_path: Path, knowing_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    report = tmp_path / "demo.html"
    assert run(["demo", "--photographs", "--bundle", str(knowing_bundle), "--report", str(report)]) == 0
    printed = capfd.readouterr().out
    night = printed[printed.index("Make it night.") :]
    assert set(re.findall(NUMBER, night)) > {"0.00"}
    assert "best: Scored" in night
    assert "out of domain" not in printed
    assert "unknown" not in printed
    assert report.is_file()
