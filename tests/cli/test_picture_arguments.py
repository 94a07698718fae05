"""Pictures as they are named on the command line: addresses are no paths, and come through unchanged."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from editjudge.cli.main import run
from support.command_line import assert_fails
from support.refused_files import WORDLESS

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def addresses(grey_edit: tuple[Path, Path]) -> tuple[str, str]:
    coded = [base64.b64encode(file.read_bytes()).decode() for file in grey_edit]
    return f"data:image/png;base64,{coded[0]}", f" data:image/png;base64,{coded[1]}"


def test_data_addresses(
    capfd: Capture, addresses: tuple[str, str], grey_edit: tuple[Path, Path], tmp_path: Path
) -> None:
    common = ["--device", "cpu", "--json"]
    scores = []
    for pictures in (addresses, [str(file) for file in grey_edit]):
        assert run(["score", *pictures, WORDLESS, *common, "--report", str(tmp_path / "score.html")]) == 0
        scores.append(json.loads(capfd.readouterr().out)["alignment"])
    assert scores[0] == scores[1]
    assert scores[0]["offset"] != [0.0, 0.0, 0.0]  # the pictures were seen: one is lighter
    report = tmp_path / "rank.html"
    assert run(["rank", addresses[0], WORDLESS, addresses[1], *common, "--report", str(report)]) == 0
    (entry,) = json.loads(capfd.readouterr().out)["ranking"]
    assert entry["file"] == addresses[1]
    assert entry["error"] is None
    assert "data: address" in report.read_text(encoding="utf-8")
    assert run(["mask", *addresses, "Make it blue.", "-o", str(tmp_path / "mask.png"), "--device", "cpu"]) == 0
    assert (tmp_path / "mask.png").is_file()


def test_addresses_are_quoted_as_they_were_given(capfd: Capture, grey_edit: tuple[Path, Path]) -> None:
    original = str(grey_edit[0])
    for address in ("https://127.0.0.1/a.png", "az://container/a.png"):
        wanted = f"{address} is an address; nothing is fetched"
        assert_fails(capfd, ["score", original, address, "Make it blue."], 2, wanted)
        assert_fails(capfd, ["rank", address, "Make it blue.", original], 2, wanted)
        assert_fails(capfd, ["mask", original, address, "Make it blue.", "-o", "mask.png"], 2, wanted)
        bench = ["bench", "--original", original, "--edited", address, "--instruction", "Make it blue."]
        assert_fails(capfd, bench, 2, wanted)


def test_an_output_does_not_replace_the_file_of_an_address(capfd: Capture, grey_edit: tuple[Path, Path]) -> None:
    original, edited = grey_edit
    before = edited.read_bytes()
    arguments = ["score", str(original), edited.as_uri(), "Make it blue.", "--report", str(edited)]
    assert_fails(capfd, arguments, 2, "would replace an input")
    assert edited.read_bytes() == before


def test_empty_paths(capfd: Capture, grey_edit: tuple[Path, Path]) -> None:
    original, edited = map(str, grey_edit)
    assert_fails(capfd, ["score", original, "", "Make it blue."], 2, "the path is empty; name a picture")
    assert_fails(
        capfd, ["score", original, edited, "Make it blue.", "--report", ""], 2, "the path to write to is empty"
    )
    assert_fails(capfd, ["demo", "--report", ""], 2, "the path to write to is empty")
