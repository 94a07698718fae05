"""The benchmark for users: what is timed adds up, two configurations take turns, and what it prints says so."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from editjudge.benchmarking import cold_start, latency, system_info, throughput
from editjudge.benchmarking.inputs import select_edits
from editjudge.benchmarking.latency import PARTS, Configuration, compare_times, summarize, time_edits
from editjudge.datasets import EditSample
from editjudge.errors import DeviceError, InputError
from editjudge.reports import figures

CPU = Configuration("studio", "cpu", 1)


@pytest.fixture
def edit(grey_edit: tuple[Path, Path]) -> EditSample:
    return EditSample("1", *grey_edit, "Make the car blue.")


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
        return SimpleNamespace(timings_ms=stages, value=1.0)


def test_two_take_turns_and_the_parts_add_up(edit: EditSample) -> None:
    log: list[str] = []
    first, second = Clocked(log, "a", 0.01), Clocked(log, "b", 0.03)
    fast, slow = time_edits([first, second], [edit, edit], 2)  # type: ignore[list-item]
    assert [line for line in log if "parses" in line] == [
        f"a parses {latency.LOADER}", f"b parses {latency.LOADER}", "a parses Make the car blue.",
        "b parses Make the car blue.",
    ]  # fmt: skip
    assert [line for line in log if "parses" not in line] == ["a", "b", *"ab", *"ba", *"ba", *"ab"]
    for times, seconds in ((fast, 0.01), (slow, 0.03)):
        assert [len(times[name]) for name in ("decode", "parse", "total")] == [4, 1, 4]
        assert times["detect"] == [400 * seconds] * 4
        assert np.allclose(np.sum([times[part] for part in PARTS], axis=0), times["total"])
        assert min(times["other"]) >= 300 * seconds  # the sleep lasts its whole time, of which stages had 700 of 1000
    assert compare_times(fast, slow)["p50"] > 1 > compare_times(slow, fast)["p50"]


def test_percentiles_and_ratios() -> None:
    """Of 0, 1, ... 100 the percentiles are themselves; the second takes 2, 3 and 4 times as long."""
    assert summarize([float(value) for value in range(101)]) == {"mean": 50, "p50": 50, "p95": 95, "p99": 99, "n": 101}
    assert compare_times({"total": [1.0, 10.0, 5.0]}, {"total": [4.0, 20.0, 15.0]}) == {"p5": 2.1, "p50": 3, "p95": 3.9}


def test_configurations() -> None:
    assert Configuration.parse("paper@cuda", CPU) == Configuration("paper", "cuda", 1)
    assert Configuration.parse("paper", CPU) == Configuration("paper", "cpu", 1)
    assert Configuration.parse("@cuda", CPU) == Configuration("studio", "cuda", 1)
    assert Configuration.parse("some/where/paper@rtx", CPU).name == "paper@rtx"
    for text in ("", "@"):
        with pytest.raises(InputError, match="write BUNDLE@DEVICE"):
            Configuration.parse(text, CPU)


def test_throughput_counts_what_was_done_and_sees_other_scores(edit: EditSample) -> None:
    """A score of 20 ms that others can run beside: 50 a second in one thread, and four times that in four."""
    steady = Clocked([], "a", 0.02)
    (report,) = throughput.measure_throughput([steady], [edit], [1, 4], rounds=1, seconds=0.2)  # type: ignore[list-item]
    one, four = (level["per_second"] for level in report["levels"])
    assert 0 < one <= 50
    assert one < four <= 200
    assert report["same_scores"]
    (report,) = throughput.measure_throughput([Wavering()], [edit], [1], rounds=1, seconds=0.01)  # type: ignore[list-item]
    assert not report["same_scores"]


class Wavering:
    """Stands where a scorer does, and scores an edit otherwise each time."""

    value = 0.0

    def score(self, *_: Any) -> Any:
        self.value += 0.01
        return SimpleNamespace(value=self.value)


def test_a_list_of_edits(tmp_path: Path, edit: EditSample) -> None:
    line = {"original": "original.png", "edited": str(edit.edited), "instruction": "Make it red.", "note": 1}
    listing = tmp_path / "edits.jsonl"
    listing.write_text(f"{json.dumps(line)}\n\n{json.dumps(line)}\n", encoding="utf-8")
    rows = select_edits(listing, None, None, None)
    assert [row.edit() for row in rows] == [(edit.original, edit.edited, "Make it red.")] * 2
    listing.write_text(json.dumps(line | {"original": edit.original.as_uri()}), encoding="utf-8")
    assert select_edits(listing, None, None, None)[0].original == edit.original.as_uri()
    assert select_edits(None, edit.original, edit.edited, "Make it red.")[0].edited == edit.edited
    assert len(select_edits(None, None, None, None)) > 6  # the demo's


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "lists no edit"),
        ("{", "line 1 of .* is not JSON"),
        ('{"original": "original.png"}', "line 1 of .* must be an object with the texts original, edited, instruction"),
        ('{"original": "nowhere.png", "edited": "edited.png", "instruction": "x"}', r"nowhere\.png does not exist"),
    ],
)
def test_a_list_that_is_malformed(tmp_path: Path, edit: EditSample, content: str, words: str) -> None:
    (tmp_path / "edits.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        select_edits(tmp_path / "edits.jsonl", None, None, None)


def test_a_plot_without_matplotlib(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(figures, "find_spec", lambda name: None)
    with pytest.raises(DeviceError, match=r"pip install 'editjudge\[plots\]'"):
        figures.check_plot(tmp_path / "a.svg")


def test_a_fresh_process_that_fails(edit: EditSample) -> None:
    with pytest.raises(DeviceError, match=r"a fresh process could not score an edit: .*nowhere"):
        cold_start.measure_cold_start(Configuration("nowhere", "cpu", 1), edit)


def test_cold_starts_together() -> None:
    starts = [
        {"ms": {"load": ms, "total": 10 * ms}, "memory": {"most": most}} for ms, most in ((3, 7), (1, None), (2, 9))
    ]
    assert cold_start.combine(starts) == {
        "ms": {"load": 2, "total": 20, "least": 10, "most": 30}, "memory": {"most": 9}, "n": 3,
    }  # fmt: skip


def test_the_card_tells_hardware_and_versions_and_no_names() -> None:
    card = system_info.describe_machine()
    assert card["packages"]["numpy"] == np.__version__
    assert card["cores"] >= 1
    assert set(card) == {"cpu", "cores", "memory", "gpus", "os", "python", "packages"}
    assert str(Path.home()) not in json.dumps(card)
    held = np.ones(40_000_000, np.uint8)
    assert system_info.resident_memory() is None or held.nbytes < (system_info.resident_memory() or 0) <= (
        system_info.peak_memory() or 0
    )
