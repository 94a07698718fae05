"""The benchmark for users: what is timed adds up, two configurations take turns, and what it prints says so."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from test_cli import fails

from editjudge import bench, bench_plot, bench_table, cold, machine, plot_file, throughput
from editjudge.bench import PARTS, Configuration, ratio, summary, time_edits
from editjudge.cli import run
from editjudge.console import console
from editjudge.edits import Edit, chosen_edits
from editjudge.errors import DeviceError, InputError

Capture = pytest.CaptureFixture[str]
CPU = Configuration("studio", "cpu", 1)


@pytest.fixture
def edit(tmp_path: Path) -> Edit:
    paths = tmp_path / "original.png", tmp_path / "edited.png"
    for path, shade in zip(paths, (90, 160), strict=True):
        assert cv2.imwrite(str(path), np.full((32, 48, 3), shade, np.uint8))
    return Edit(*paths, "Make the car blue.")


class Clocked:
    """Stands where a scorer does, and takes as long as it is told, so that what is timed is known."""

    def __init__(self, log: list[str], name: str, seconds: float) -> None:
        self.log, self.name, self.seconds = log, name, seconds

    def parse(self, instruction: str) -> None:
        self.log.append(f"{self.name} parses {instruction}")

    def score(self, *_: Any) -> Any:
        self.log.append(self.name)
        time.sleep(self.seconds)
        stages = {"parse": 0.0, "detect": 400 * self.seconds, "segment": 300 * self.seconds, "embed": 0.0, "judge": 0.0}
        return SimpleNamespace(timings_ms=stages, bpm=1.0)


def test_two_take_turns_and_the_parts_add_up(edit: Edit) -> None:
    log: list[str] = []
    first, second = Clocked(log, "a", 0.01), Clocked(log, "b", 0.03)
    fast, slow = time_edits([first, second], [edit, edit], 2)  # type: ignore[list-item]
    assert [line for line in log if "parses" in line] == [
        f"a parses {bench.LOADER}", f"b parses {bench.LOADER}", "a parses Make the car blue.",
        "b parses Make the car blue.",
    ]  # fmt: skip
    assert [line for line in log if "parses" not in line] == ["a", "b", *"ab", *"ba", *"ba", *"ab"]
    for times, seconds in ((fast, 0.01), (slow, 0.03)):
        assert [len(times[name]) for name in ("decode", "parse", "total")] == [4, 1, 4]
        assert times["detect"] == [400 * seconds] * 4
        assert np.allclose(np.sum([times[part] for part in PARTS], axis=0), times["total"])
        assert min(times["other"]) >= 300 * seconds  # the sleep lasts its whole time, of which stages had 700 of 1000
    assert ratio(fast, slow)["p50"] > 1 > ratio(slow, fast)["p50"]


def test_percentiles_and_ratios() -> None:
    """Of 0, 1, ... 100 the percentiles are themselves; the second takes 2, 3 and 4 times as long."""
    assert summary([float(value) for value in range(101)]) == {"mean": 50, "p50": 50, "p95": 95, "p99": 99, "n": 101}
    assert ratio({"total": [1.0, 10.0, 5.0]}, {"total": [4.0, 20.0, 15.0]}) == {"p5": 2.1, "p50": 3, "p95": 3.9}


def test_configurations() -> None:
    assert Configuration.parse("paper@cuda", CPU) == Configuration("paper", "cuda", 1)
    assert Configuration.parse("paper", CPU) == Configuration("paper", "cpu", 1)
    assert Configuration.parse("@cuda", CPU) == Configuration("studio", "cuda", 1)
    assert Configuration.parse("some/where/paper@rtx", CPU).name == "paper@rtx"
    for text in ("", "@"):
        with pytest.raises(InputError, match="write BUNDLE@DEVICE"):
            Configuration.parse(text, CPU)


def test_throughput_counts_what_was_done_and_sees_other_scores(edit: Edit) -> None:
    """A score of 20 ms that others can run beside: 50 a second in one thread, and four times that in four."""
    steady = Clocked([], "a", 0.02)
    (found,) = throughput.throughput([steady], [edit], [1, 4], rounds=1, seconds=0.2)  # type: ignore[list-item]
    one, four = (level["per_second"] for level in found["levels"])
    assert 0 < one <= 50
    assert one < four <= 200
    assert found["same_scores"]
    (found,) = throughput.throughput([Wavering()], [edit], [1], rounds=1, seconds=0.01)  # type: ignore[list-item]
    assert not found["same_scores"]


class Wavering:
    """Stands where a scorer does, and scores an edit otherwise each time."""

    bpm = 0.0

    def score(self, *_: Any) -> Any:
        self.bpm += 0.01
        return SimpleNamespace(bpm=self.bpm)


def test_a_list_of_edits(tmp_path: Path, edit: Edit) -> None:
    line = {"original": "original.png", "edited": str(edit.edited), "instruction": "Make it red.", "note": 1}
    listing = tmp_path / "edits.jsonl"
    listing.write_text(f"{json.dumps(line)}\n\n{json.dumps(line)}\n", encoding="utf-8")
    assert chosen_edits(listing, None, None, None) == [Edit(edit.original, edit.edited, "Make it red.")] * 2
    assert chosen_edits(None, edit.original, edit.edited, "Make it red.")[0].edited == edit.edited
    assert len(chosen_edits(None, None, None, None)) > 6  # the demo's


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "lists no edit"),
        ("{", "line 1 of .* is not JSON"),
        ('{"original": "original.png"}', "line 1 of .* must be an object with the texts original, edited, instruction"),
        ('{"original": "nowhere.png", "edited": "edited.png", "instruction": "x"}', r"nowhere\.png does not exist"),
    ],
)
def test_a_list_that_is_malformed(tmp_path: Path, edit: Edit, content: str, words: str) -> None:
    (tmp_path / "edits.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        chosen_edits(tmp_path / "edits.jsonl", None, None, None)


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
    fails(capfd, ["bench", *arguments], status, word)


def test_a_plot_without_matplotlib(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(plot_file, "find_spec", lambda name: None)
    with pytest.raises(DeviceError, match=r"pip install 'editjudge\[plots\]'"):
        plot_file.check_plot(tmp_path / "a.svg")


def test_a_fresh_process_that_fails(edit: Edit) -> None:
    with pytest.raises(DeviceError, match=r"a fresh process could not score an edit: .*nowhere"):
        cold.cold_start(Configuration("nowhere", "cpu", 1), edit)


def test_cold_starts_together() -> None:
    starts = [
        {"ms": {"load": ms, "total": 10 * ms}, "memory": {"most": most}} for ms, most in ((3, 7), (1, None), (2, 9))
    ]
    assert cold.together(starts) == {
        "ms": {"load": 2, "total": 20, "least": 10, "most": 30}, "memory": {"most": 9}, "n": 3,
    }  # fmt: skip


def test_the_card_tells_hardware_and_versions_and_no_names() -> None:
    card = machine.machine_card()
    assert card["packages"]["numpy"] == np.__version__
    assert card["cores"] >= 1
    assert set(card) == {"cpu", "cores", "memory", "gpus", "os", "python", "packages"}
    assert str(Path.home()) not in json.dumps(card)
    held = np.ones(40_000_000, np.uint8)
    assert machine.resident() is None or held.nbytes < (machine.resident() or 0) <= (machine.most_resident() or 0)


def test_the_whole(capfd: Capture, edit: Edit, tmp_path: Path) -> None:
    named = ["--original", str(edit.original), "--edited", str(edit.edited), "--instruction", edit.instruction]
    amount = ["--rounds", "2", "--concurrency", "1,2", "--seconds", "0.05", "--cold-starts", "1", "--threads", "1"]
    plot = tmp_path / "plot.svg"
    assert run(["bench", *named, *amount, "--plot", str(plot)]) == 0
    shown, error = capfd.readouterr()
    assert error == ""
    *table, line = shown.splitlines()
    for words in ("parsing a new instruction", "Edits a second", "cold start"):
        assert words in "\n".join(table)
    assert str(tmp_path) not in line
    found = json.loads(line)
    ms, starting = found["ms"], found["cold_start"]["ms"]
    assert (ms["total"]["n"], ms["parse"]["n"]) == (2, 1)
    assert ms["total"]["mean"] == pytest.approx(sum(ms[part]["mean"] for part in PARTS), abs=0.01)
    assert [level["threads"] for level in found["throughput"]["levels"]] == [1, 2]
    assert sum(starting[step] for step in cold.STEPS) == pytest.approx(starting["total"], abs=1)
    assert 0 < starting["parse"] < starting["score"]
    assert found["models"]["parser"]["provider"] == "llama.cpp"
    picture = plot.read_text(encoding="utf-8")
    assert picture.startswith("<?xml")
    assert "<svg" in picture
    bench_plot.write_plot(tmp_path / "plot.png", [("a", ms), ("b", ms)], "a machine")
    assert (cv2.imread(str(tmp_path / "plot.png")) != 255).any()
    found["compare"] = {**found, "name": "b", "ratio": {"p5": 0.5, "p50": 0.75, "p95": 1.25}}
    console().print(bench_table.report(found))
    said = "b takes 0.75 times as long for an edit as studio@auto (0.50 to 1.25: the median, p5 and p95 of 2 pairs)"
    assert said in " ".join(capfd.readouterr().out.split())
