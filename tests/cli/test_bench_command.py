"""`editjudge bench`: what it prints, its plot, and what is said of bad usage."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest

from editjudge.benchmarking import cold_start, plots, tables
from editjudge.benchmarking.latency import PARTS
from editjudge.cli.console import console
from editjudge.cli.main import run
from support.command_line import assert_fails

Capture = pytest.CaptureFixture[str]


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
