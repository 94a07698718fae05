"""`editjudge evaluate`: reading tables, printing, drawing, and what is said of bad input."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from editjudge.cli.main import run
from editjudge.errors import InputError
from editjudge.evaluation import read_scores
from support.command_line import assert_fails

Capture = pytest.CaptureFixture[str]
EXPERIMENTS = ("human-alignment", "ground-truth", "components", "alpha-sweep", "correlation")


def rows() -> list[dict[str, Any]]:
    """Thirty inputs, three candidates each; one could not be scored."""
    rng, made = np.random.default_rng(0), []
    for group in range(30):
        for kind, quality in (("well_done", 0.9), ("noise", 0.4), ("regenerated", 0.1)):
            score = quality + float(rng.normal(0, 0.3))
            human = int(np.clip(round(5 * quality + rng.normal()), 1, 5))
            made.append({
                "id": f"{group}-{kind}", "group": str(group), "model": kind, "kind": kind, "human": human,
                "human.modify": human, "human.preserve": human, "human.size": human, "human.position": human,
                "bpm": 1 + score, "semantic.score": score, "semantic.modify": score / 2, "semantic.modify_raw": score,
                "semantic.preserve": score / 2, "semantic.preserve_raw": score, "region.score": round(score) * 2.0,
                "region.size": round(score), "region.position": 0.5, "confidence": 0.5, "intent.edit_type": "color",
                "flags": "[]", "metrics.l2": float(rng.random()), "metrics.clip_t": quality + float(rng.normal()),
                "error": None,
            })  # fmt: skip
    made[4] |= {"error": "the picture is damaged", "bpm": None, "metrics.l2": None}
    return made


def as_csv(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows()[0])
        writer.writeheader()
        writer.writerows(rows())


def as_jsonl(path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows()), encoding="utf-8")


def as_parquet(path: Path) -> None:
    pictures = [{"bytes": b"\x89PNG", "path": "a.png"}] * len(rows())
    parquet.write_table(pyarrow.Table.from_pylist(rows()).append_column("original", [pictures]), path)


WRITERS: dict[str, Callable[[Path], None]] = {".csv": as_csv, ".jsonl": as_jsonl, ".parquet": as_parquet}


@pytest.fixture
def scores(tmp_path: Path) -> str:
    as_csv(tmp_path / "scores.csv")
    return str(tmp_path / "scores.csv")


def fails(capfd: Capture, arguments: list[str], status: int, *words: str) -> None:
    assert_fails(capfd, ["evaluate", *arguments], status, *words)


@pytest.mark.parametrize("suffix", WRITERS)
def test_tables_are_the_same_in_every_format(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"scores{suffix}"
    WRITERS[suffix](path)
    table = read_scores(path)
    expected = [np.nan if row["bpm"] is None else row["bpm"] for row in rows()]
    np.testing.assert_array_equal(table.numbers("bpm", ""), expected)
    assert table.texts("group", "")[:4] == ["0", "0", "0", "1"]
    assert len(table.drop_errors()) == len(rows()) - 1
    assert "original" not in table.columns


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_prints_and_draws(capfd: Capture, scores: str, tmp_path: Path, experiment: str) -> None:
    command = ["evaluate", experiment, scores, "--resamples", "50"]
    plots = [tmp_path / "plot.png", tmp_path / "plot.svg"]
    assert run([*command, "--plot", str(plots[0])]) == 0
    printed, error = capfd.readouterr()
    assert error == ""
    assert "rows with an error (1)" in printed
    assert max(map(len, printed.splitlines())) <= 100
    assert run([*command, "--plot", str(plots[1]), "--json"]) == 0
    result = json.loads(capfd.readouterr().out)
    assert result["protocol"] == experiment
    assert result["left_out"]["rows with an error"] == 1
    assert result["options"]["resamples"] == 50
    picture = cv2.imread(str(plots[0]))
    assert picture.std() > 10  # something is drawn
    assert plots[1].read_text(encoding="utf-8").startswith("<?xml")


def test_the_same_seed_gives_the_same_intervals_and_plot(capfd: Capture, scores: str, tmp_path: Path) -> None:
    def once(seed: str) -> tuple[str, bytes]:
        plot = tmp_path / "plot.svg"
        assert run(["evaluate", "correlation", scores, "--seed", seed, "--plot", str(plot), "--json"]) == 0
        return capfd.readouterr().out, plot.read_bytes()

    first = once("1")
    assert once("1") == first
    assert once("2")[1] != first[1]


def test_metrics_side_by_side_and_only_some_rows(capfd: Capture, scores: str) -> None:
    command = ["evaluate", "human-alignment", scores, "--json", "--resamples", "0"]
    assert run([*command, "--metrics", "semantic.modify_raw:higher,l2"]) == 0
    result = json.loads(capfd.readouterr().out)
    assert list(result["tables"]["mean"]["rows"]) == ["semantic.modify_raw", "l2"]
    assert result["tables"]["mean"]["rows"]["l2"]["all pairs"]["low"] is None
    assert run([*command, "--metrics", "l2:higher", "--where", "group=7"]) == 0
    flipped = json.loads(capfd.readouterr().out)
    assert flipped["used"]["groups"] == 1
    assert run([*command, "--metrics", "l2", "--where", "group=7"]) == 0
    straight = json.loads(capfd.readouterr().out)
    both = [result["tables"]["mean"]["rows"] for result in (flipped, straight)]
    assert sum(one["l2"]["all pairs"]["value"] for one in both) == pytest.approx(1)


def test_narrow_terminals(capfd: Capture, scores: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert run(["evaluate", "human-alignment", scores]) == 0
    printed = capfd.readouterr().out
    assert max(map(len, printed.splitlines())) <= 60
    assert "\x1b" not in printed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["wisdom", "{}"], "wisdom"),
        (["correlation", "nowhere.csv"], "cannot read nowhere.csv: no such file"),
        (["correlation", "{}.txt"], "must end in .csv, .jsonl, .parquet"),
        (["correlation", "{}", "--metrics", "beauty"], "beauty:higher or beauty:lower"),
        (["correlation", "{}", "--metrics", "l2,l2:higher"], "l2 is asked for twice"),
        (["correlation", "{}", "--metrics", "lpips"], "no column metrics.lpips; score the data set with it"),
        (["correlation", "{}", "--human", "id"], "'0-well_done' in the column id, row 1; it must be a number"),
        (["correlation", "{}", "--method", "guess"], "spearman, pearson, kendall"),
        (["correlation", "{}", "--norm", "mine"], "bundle, data"),
        (["alpha-sweep", "{}", "--ties", "lost"], "wrong, half, formula"),
        (["human-alignment", "{}", "--alpha", "2"], "between 0 and 1"),
        (["human-alignment", "{}", "--where", "group"], "COLUMN=VALUE"),
        (["human-alignment", "{}", "--where", "group=none"], "has no row with 'none' in group"),
        (["ground-truth", "{}", "--kinds", "best=1"], "preserved, modified, edited"),
        (["components", "{}", "--ratings", "modify"], "modify, preserve, size, position"),
        (["components", "{}", "--alpha", "0.5"], "--alpha"),
        (["components", "{}", "--plot", "plot.gif"], ".png or .svg"),
        (["components", "{}", "--plot", "no/such.png"], "there is no folder"),
    ],
)
def test_bad_input(capfd: Capture, scores: str, arguments: list[str], words: str) -> None:
    fails(capfd, [argument.format(scores) for argument in arguments], 2, words)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "", "has no rows; score a data set first"),
        ("a.csv", "group,human,bpm\n", "has no rows"),
        ("a.csv", "group,human\n1,2,3\n", "row 1 has 3 cells under 2 names"),
        ("a.jsonl", "", "has no rows"),
        ("a.jsonl", '{"a": 1}\n{"a": \n', "is damaged"),
        ("a.jsonl", "[1]\n", "row 1 is not an object"),
        ("a.parquet", "PAR1", "is damaged"),
    ],
)
def test_damaged_tables(tmp_path: Path, name: str, content: str, words: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_scores(tmp_path / name)


def test_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"group,human\n\xff,1\n")
    with pytest.raises(InputError, match="is damaged"):
        read_scores(tmp_path / "a.csv")


def test_a_missing_extra_is_named(capfd: Capture, scores: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_parquet(tmp_path / "scores.parquet")
    for module in ("matplotlib", "pyarrow"):
        monkeypatch.setitem(sys.modules, module, None)
    fails(capfd, ["correlation", str(tmp_path / "scores.parquet")], 3, "pip install 'editjudge[datasets]'")
    fails(capfd, ["correlation", scores, "--plot", str(tmp_path / "a.png")], 3, "pip install 'editjudge[plots]'")
