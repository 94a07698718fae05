"""`editjudge bench`: what it prints, its plot, and what is said of bad usage."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest

from editjudge import Scorer
from editjudge.benchmarking import cold_start, looks_table, plots, tables
from editjudge.benchmarking.inputs import demo_edits
from editjudge.benchmarking.latency import PARTS
from editjudge.bundles.cache import cache_folder
from editjudge.cli.console import console
from editjudge.cli.main import run
from editjudge_models import recipe_names
from support.command_line import assert_fails

Capture = pytest.CaptureFixture[str]

TOY = Path(__file__).parents[1] / "fixtures" / "toy"


@pytest.mark.parametrize(
    ("arguments", "status", "word"),
    [
        (["--rounds", "0"], 2, "rounds"),
        (["--threads", "0"], 2, "threads"),
        (["--cold-starts", "-1"], 2, "cold-starts"),
        (["--concurrency", "1,0"], 2, "--concurrency is '1,0'"),
        (["--concurrency", "many"], 2, "--concurrency is 'many'"),
        (["--compare", "@"], 2, "BUNDLE@DEVICE"),
        (["--compare", "studio@abacus"], 2, "abacus"),
        (["--compare", "nowhere"], 3, "nowhere"),
        (["--bundle", "nowhere"], 3, "nowhere"),
        (["--device", "abacus"], 2, "abacus"),
        (["--edits", "nowhere.jsonl"], 2, "nowhere.jsonl cannot be read"),
        (["--original", "nowhere.png"], 2, "given together"),
        (["--original", "a.png", "--edits", "b.jsonl"], 2, "not both"),
        (["--original", "nowhere.png", "--edited", "b.png", "--instruction", "x"], 2, "nowhere.png does not exist"),
        (["--plot", "a.jpeg"], 2, "must end in .png or .svg"),
        (["--plot", "no/such/a.svg"], 2, "there is no folder"),
        (["--target-ms", "0"], 2, "--target-ms is 0; give milliseconds, a number over 0"),
        (["--target-ms", "-500"], 2, "--target-ms is -500"),
        (["--target-ms", "nan"], 2, "--target-ms is nan"),
        (["--target-ms", "soon"], 2, "target-ms"),
        (["--target-ms", "500", "--bundle", "nowhere"], 3, "nowhere"),
        (["--target-ms", "500", "--bundle", "photo-edge"], 3, "editjudge bundle build photo-edge"),
        (["--target-ms", "500", "--device", "abacus"], 2, "abacus"),
        (["--target-ms", "500", "--looked-at"], 2, "--target-ms has no use for --looked-at"),
        (["--target-ms", "500", "--compare", "@cpu"], 2, "--target-ms has no use for --compare; leave out"),
        (["--looked-at", "--plot", "a.svg", "--seconds", "0"], 2, "--looked-at has no use for --plot and --seconds"),
        (["--looked-at", "--bundle", f"{TOY}/"], 3, "has no detector of windows"),
    ],
)
def test_bad_usage(capfd: Capture, arguments: list[str], status: int, word: str) -> None:
    assert_fails(capfd, ["bench", *arguments], status, word)


def test_the_whole(capfd: Capture, grey_edit: tuple[Path, Path], tmp_path: Path) -> None:
    original, edited = grey_edit
    named = ["--original", str(original), "--edited", str(edited), "--instruction", "Make the car blue."]
    amount = ["--rounds", "2", "--concurrency", "1,2", "--seconds", "0.05", "--cold-starts", "1", "--threads", "1"]
    plot = tmp_path / "plot.svg"
    assert run(["bench", *named, *amount, "--plot", str(plot)]) == 0
    printed, error = capfd.readouterr()
    assert error == ""
    *table, line = printed.splitlines()
    for words in ("parsing a new instruction", "Edits a second", "cold start"):
        assert words in "\n".join(table)
    assert str(tmp_path) not in line
    report = json.loads(line)
    ms, starting = report["ms"], report["cold_start"]["ms"]
    assert (ms["total"]["n"], ms["parse"]["n"]) == (2, 1)
    assert ms["total"]["mean"] == pytest.approx(sum(ms[part]["mean"] for part in PARTS), abs=0.01)
    assert [level["threads"] for level in report["throughput"]["levels"]] == [1, 2]
    assert sum(starting[step] for step in cold_start.STEPS) == pytest.approx(starting["total"], abs=1)
    assert 0 < starting["parse"] < starting["score"]
    assert report["models"]["parser"]["provider"] == "llama.cpp"
    picture = plot.read_text(encoding="utf-8")
    assert picture.startswith("<?xml")
    assert "<svg" in picture
    plots.write_plot(tmp_path / "plot.png", [("a", ms), ("b", ms)], "a machine")
    assert (cv2.imread(str(tmp_path / "plot.png")) != 255).any()
    report["compare"] = {**report, "name": "b", "ratio": {"p5": 0.5, "p50": 0.75, "p95": 1.25}}
    console().print(tables.render_report(report))
    sentence = "b takes 0.75 times as long for an edit as studio@auto (0.50 to 1.25: the median, p5 and p95 of 2 pairs)"
    assert sentence in " ".join(capfd.readouterr().out.split())


@pytest.fixture
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache without bundles; the parser's model is the user's."""
    models = cache_folder() / "models"
    models.mkdir(parents=True, exist_ok=True)
    home = tmp_path / "home"
    (home / "bundles").mkdir(parents=True)
    (home / "models").symlink_to(models, target_is_directory=True)
    monkeypatch.setenv("EDITJUDGE_HOME", str(home))
    return home


def test_which_bundle_meets_a_latency(
    capfd: Capture, monkeypatch: pytest.MonkeyPatch, grey_edit: tuple[Path, Path], own_home: Path
) -> None:
    """Of what is here, one is damaged; a day is enough for any edit, and a microsecond for none."""
    monkeypatch.setenv("COLUMNS", "400")
    damaged = own_home / "bundles" / "damaged"
    damaged.mkdir()
    (damaged / "bundle.toml").write_text("format = 9", encoding="utf-8")
    original, edited = map(str, grey_edit)
    edit = ["--original", original, "--edited", edited, "--instruction", "Make the car blue.", "--rounds", "2"]
    assert run(["bench", "--target-ms", "86400000", "--device", "cpu", *edit]) == 0
    printed, error = capfd.readouterr()
    assert error == ""
    *said, line = printed.splitlines()
    report = json.loads(line)
    (studio,) = report["bundles"]
    assert studio["sentence"] in said
    assert "studio@cpu meets 86,400,000 ms with 86," in studio["sentence"]
    for command in studio["commands"].values():
        assert command in said
        assert command.endswith(f"--bundle studio --device cpu --look {Scorer.load('studio', 'cpu').look}")
    assert studio["meets"] == {"fresh": True, "further": True}
    assert studio["ms"]["parse"]["n"] == 1
    assert [studio["ms"][look][way]["n"] for look in ("all", "changes") for way in ("fresh", "further")] == [2] * 4
    untimed = {bundle["name"]: bundle["reason"] for bundle in report["not_measured"]}
    assert set(untimed) == {"damaged", *recipe_names()}
    assert "format" in untimed["damaged"]
    for name, reason in untimed.items():
        assert f"{name}: {reason}" in said
        assert name == "damaged" or f"build it with: editjudge bundle build {name}" in reason
    assert report["advice"] == []
    assert run(["bench", "--target-ms", "0.001", "--bundle", "studio", "--device", "cpu", "--json", *edit]) == 0
    report = json.loads(capfd.readouterr().out)  # and nothing else
    assert report["bundles"][0]["meets"] == {"fresh": False, "further": False}
    assert report["bundles"][0]["sentence"].startswith("studio@cpu misses 0.001 ms by ")
    assert report["not_measured"] == []
    advice = " ".join(report["advice"])
    for words in ("no bundle that was timed meets 0.001 ms", "photo-lite might", "a GPU might", "--budget-ms 0.001 "):
        assert words in advice


def test_no_bundle_can_be_timed(capfd: Capture, grey_edit: tuple[Path, Path], own_home: Path) -> None:
    """In the place of the only one lies a damaged one."""
    (own_home / "bundles" / "studio").mkdir()
    (own_home / "bundles" / "studio" / "bundle.toml").write_text("format = 9", encoding="utf-8")
    original, edited = map(str, grey_edit)
    edit = ["--original", original, "--edited", edited, "--instruction", "Make the car blue."]
    assert_fails(capfd, ["bench", "--target-ms", "500", *edit], 3, "no bundle that is here could be timed: studio: ")


def test_what_looking_only_where_pictures_changed_saves(capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    original, edited, instruction = demo_edits()[2].edit()
    edit = ["--original", str(original), "--edited", str(edited), "--instruction", instruction, "--rounds", "2"]
    assert run(["bench", "--looked-at", "--device", "cpu", *edit]) == 0
    printed, error = capfd.readouterr()
    assert error == ""
    *said, line = printed.splitlines()
    report = json.loads(line)
    assert (report["name"], report["candidates"], report["in_windows"], report["rounds"]) == ("studio@cpu", 1, 1, 2)
    assert 0 < report["share"] < 1
    assert all(report["ms"][look]["total"]["n"] == 2 for look in ("changes", "all"))
    for sentence in looks_table.describe_looks(report):
        assert sentence in said
    assert "1 of 1 candidates in windows alone" in printed
