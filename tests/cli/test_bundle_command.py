"""`editjudge bundle`: list, verify, pull and build, as they are typed."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

import editjudge_models
from editjudge import BundleError
from editjudge.bundles.bundle import Bundle
from editjudge.cli.commands import bundle
from editjudge.cli.main import run
from support.command_line import assert_fails
from support.fake_hub import FakeHub

TOY = Path(__file__).parents[1] / "fixtures" / "toy"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The toy bundle whole, another one damaged, and one that is being fetched."""
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))
    bundles = tmp_path / "home" / "bundles"
    for name in ("toy", "bad", ".other.part"):
        shutil.copytree(TOY, bundles / name)
    (bundles / "bad" / "detector.onnx").write_bytes(b"x")
    return bundles


@pytest.mark.parametrize("columns", [80, 120])
def test_list(columns: int, capfd: Capture, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run(["bundle", "list"]) == 0
    printed = capfd.readouterr().out
    lines = printed.splitlines()
    assert max(map(len, lines)) <= columns
    begun = [line.split() for line in lines[1 : lines.index("")] if line[0] != " "]  # a long folder goes on below
    rows = {name: rest for name, *rest in begun}
    assert list(rows) == ["bad", "studio", "toy"]
    assert lines[0].split()[:6] == ["name", "version", "state", "size", "precision", "engines"]
    assert rows["toy"][:2] == ["1", "whole"]
    assert rows["bad"][:2] == ["1", "damaged"]
    assert rows["studio"][:2] == ["1", "whole"]
    assert ".other" not in printed
    together = "".join(line.strip() for line in lines)
    assert str(home / "toy") in together
    assert "has 1 bytes instead of" in printed
    assert "Not here yet; editjudge bundle build NAME, or editjudge bundle pull SOURCE" in printed
    for name in editjudge_models.recipe_names():
        assert name in printed


def test_list_as_json(capfd: Capture, home: Path) -> None:
    shutil.copytree(TOY, home / "paper")
    assert run(["bundle", "list", "--json"]) == 0
    listing = json.loads(capfd.readouterr().out)
    bundles = {entry["name"]: entry for entry in listing["bundles"]}
    assert list(bundles) == ["bad", "paper", "studio", "toy"]
    assert bundles["toy"]["state"] == "whole"
    assert bundles["toy"]["problem"] is None
    assert bundles["toy"]["folder"] == str(home / "toy")
    assert bundles["toy"]["bytes"] == sum(entry.bytes or 0 for entry in Bundle.load("toy").files)
    assert bundles["bad"]["state"] == "damaged"
    assert bundles["bad"]["problem"].endswith("fetch or build the bundle again")
    assert bundles["studio"]["embedded"]
    assert bundles["studio"]["precision"]
    assert [recipe["name"] for recipe in listing["recipes"]] == ["photo-edge", "photo-lite"]


def test_verify(capfd: Capture, home: Path) -> None:
    assert run(["bundle", "verify", "toy", "studio"]) == 0
    assert capfd.readouterr().out.splitlines()[0] == "toy 1: 11 files, all as the manifest says"
    assert_fails(capfd, ["bundle", "verify"], 3, "bad", "bytes instead of")
    assert_fails(capfd, ["bundle", "verify", ""], 3, "the name of the bundle is empty; give one of bad, studio, toy")


def test_pull(capfd: Capture, home: Path) -> None:
    assert run(["bundle", "pull", str(TOY), "--name", "mine"]) == 0
    printed, error = capfd.readouterr()
    assert printed == f"mine 1: 11 files, 10.6 kB, in {home / 'mine'}\n"
    assert error == ""
    Bundle.load("mine").verify()
    assert run(["bundle", "verify", "mine"]) == 0
    assert capfd.readouterr().out.startswith("mine (calls itself toy) 1: 11 files, all as the manifest says\n")
    with pytest.raises(BundleError, match=r"^bundle mine \(calls itself toy\) has no file of role parser"):
        Bundle.load("mine").file("parser")


def test_a_pull_in_the_place_of_an_embedded_bundle_says_so(capfd: Capture, home: Path) -> None:
    assert run(["bundle", "pull", str(TOY), "--name", "studio"]) == 0
    assert "instead of the embedded bundle studio from now on" in capfd.readouterr().out


def test_a_pull_that_fails(capfd: Capture, home: Path, fake_hub: FakeHub) -> None:
    assert_fails(capfd, ["bundle", "pull", "someone/nothing"], 3, "someone/nothing is not on the hub")
    assert_fails(capfd, ["bundle", "pull", "nothing"], 2, "neither a folder, nor an address")
    assert_fails(capfd, ["bundle", "pull", str(TOY), "--name", "../toy"], 2, "cannot be the name of a bundle")
    assert_fails(
        capfd, ["bundle", "pull", str(TOY), "--engines", "cuda"], 2, "must be all, none, or some of rtx,tensorrt"
    )


def test_a_bundle_that_is_not_here_yet_says_how_to_get_it(home: Path) -> None:
    with pytest.raises(
        BundleError, match=r"editjudge bundle build photo-edge, or .* bundle pull SOURCE --name photo-e"
    ):
        Bundle.load("photo-edge")


def test_a_build_that_is_asked_for_wrongly(capfd: Capture, tmp_path: Path) -> None:
    assert_fails(capfd, ["bundle", "build", "nothing"], 2, "neither a file nor one of paper, photo-edge, photo-lite")
    assert_fails(capfd, ["bundle", "build", "paper", "--precision", "int4"], 2, ", ".join(bundle.PRECISIONS))
    assert_fails(capfd, ["bundle", "build", "paper", "--engine", "rtx"], 2, "none, tensorrt, tensorrt-rtx")
    assert_fails(capfd, ["bundle", "build", "paper", "--metrics", "lpips,psnr"], 2, "none, all, lpips, dino, dinov2")
    assert_fails(capfd, ["bundle", "build", "paper", "--name", "mine"], 2, "--name")


def test_build_names_what_to_install(capfd: Capture) -> None:
    if all(find_spec(name) for name in bundle.NEEDED):
        pytest.skip("the export extra is installed here")
    assert_fails(capfd, ["bundle", "build", "paper"], 3, "pip install 'editjudge[export]'")
