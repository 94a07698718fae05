"""`editjudge evaluate retrieval`: printing, drawing, and data sets that it cannot take, with the studio's CLIP."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from editjudge.cli.main import run
from support.command_line import assert_fails
from support.dataset_files import hub_image, write_hub_parquet

Capture = pytest.CaptureFixture[str]
COLOURS = ("red", "green", "blue", "yellow", "white", "black")
GEDIT = ("task_type", "key", "instruction", "instruction_language", "input_image")
VIFI = ["--encoder", "vifi_clip", "--device", "cpu", "--threads", "1"]


def instruction(number: int) -> str:
    return f"Paint the square {COLOURS[number % len(COLOURS)]}{'.' if number < len(COLOURS) else ' !'}"


@pytest.fixture
def edits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """edits.csv in the current folder: a square that is painted in six colours, twice each, and a row without a
    picture."""
    monkeypatch.chdir(tmp_path)
    rng, lines = np.random.default_rng(0), ["id,original,edited,instruction"]
    for number in range(12):
        original = rng.integers(0, 256, size=(40, 40, 3), dtype=np.uint8)
        edited = original.copy()
        edited[8:32, 8:32] = rng.integers(0, 256, size=3, dtype=np.uint8)
        for name, picture in ((f"{number}-original.png", original), (f"{number}-edited.png", edited)):
            assert cv2.imwrite(name, picture)
        lines.append(f"{number},{number}-original.png,{number}-edited.png,{instruction(number)}")
    lines.append("lost,no.png,0-edited.png,paint it")
    Path("edits.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.usefixtures("edits")
def test_it_prints_and_draws(capfd: Capture) -> None:
    command = ["evaluate", "retrieval", "edits.csv", *VIFI, "--resamples", "50"]
    assert run([*command, "--plot", "plot.png"]) == 0
    printed, error = capfd.readouterr()
    assert error == ""
    for words in (
        "Rank among 12 (with 95 % intervals)",
        "From 12 edits, 6 different instructions.",
        "Left out: rows that cannot be embedded (1).",
        "Edits that share their instruction with another: 12 of 12.",
        "Rows that cannot be embedded: lost (",
        "ranked in the middle",
    ):
        assert words in printed
    assert max(map(len, printed.splitlines())) <= 100
    assert cv2.imread("plot.png").std() > 10  # something is drawn
    assert run([*command, "--plot", "plot.svg", "--json"]) == 0
    printed = capfd.readouterr().out
    result = json.loads(printed)
    assert (result["protocol"], result["data"]) == ("retrieval", "edits.csv")
    assert result["options"] == {"bundle": "studio", "encoder": "vifi_clip", "resamples": 50, "seed": 0}
    assert result["left_out"] == {"rows that cannot be embedded": 1}
    for row in ("instruction to edit", "edit to instruction"):
        recall, rank = (result["tables"][key]["rows"][row] for key in ("recall", "rank"))
        assert 0 <= recall["R@1"]["value"] <= recall["R@5"]["value"] <= recall["R@10"]["value"] <= 1
        assert recall["R@50"] == {"value": None, "low": None, "high": None, "count": 12}
        assert rank["mean rank"]["low"] < rank["mean rank"]["value"] < rank["mean rank"]["high"]
        assert 1 <= rank["median rank"]["value"] <= 11  # two of the twelve are right
    assert run([*command, "--json"]) == 0
    assert capfd.readouterr().out == printed


@pytest.mark.usefixtures("edits")
def test_pictures_in_parquet_are_embedded_as_those_in_files(capfd: Capture, tmp_path: Path) -> None:
    columns = {
        "img_id": [str(number) for number in range(12)],
        "turn_index": [1] * 12,
        "source_img": [],
        "target_img": [],
        "instruction": [instruction(number) for number in range(12)],
    }
    for number in range(12):
        for column, name in (("source_img", "original"), ("target_img", "edited")):
            file = Path(f"{number}-{name}.png")
            columns[column].append({**hub_image(0, file.name), "bytes": file.read_bytes()})
    write_hub_parquet(tmp_path / "set" / "train-00000.parquet", columns)
    tables = []
    for data in ("edits.csv", "set"):
        assert run(["evaluate", "retrieval", data, *VIFI, "--json"]) == 0
        tables.append(json.loads(capfd.readouterr().out)["tables"])
    assert tables[0] == tables[1]


@pytest.mark.usefixtures("edits")
def test_an_index_gives_the_figures_of_its_data_set(capfd: Capture) -> None:
    assert run(["index", "edits.csv", "-o", "index", *VIFI]) == 0
    capfd.readouterr()
    command = ["evaluate", "retrieval", "index", "--device", "cpu", "--resamples", "20"]
    assert run([*command, "--json"]) == 0
    found = capfd.readouterr()
    assert found.err == ""
    assert run(["evaluate", "retrieval", "edits.csv", *VIFI, "--resamples", "20", "--json"]) == 0
    assert found.out == capfd.readouterr().out
    assert_fails(capfd, [*command, "--encoder", "edit_clip"], 2, "index was made by vifi_clip; leave out --encoder")
    assert_fails(capfd, [*command, "--format", "plain"], 2, "leave out --format and --edited")
    toy = str(Path(__file__).parents[1] / "fixtures" / "toy")
    assert_fails(capfd, [*command, "--bundle", toy], 3, "the index was made by vifi_clip of bundle studio")
    Path("index/edits.sqlite").write_bytes(b"no table")
    assert_fails(capfd, command, 2, "make the index again")


@pytest.mark.usefixtures("edits")
@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ([], 2, "DATA"),
        (["nowhere.csv"], 2, "nowhere.csv"),
        (["."], 2, "holds no parquet or Arrow files"),
        (["edits.csv", "--encoder", "clip"], 2, "there is no embedding 'clip'"),
        (["edits.csv", "--bundle", "nobundle"], 3, "no bundle named"),
        (["edits.csv", "--device", "abacus"], 2, "there is no device 'abacus'"),
        (["edits.csv", "--format", "magicbrush"], 2, "as magicbrush it lacks"),
        (["edits.csv", "--edited", "nofolder"], 2, "there is no folder nofolder"),
        (["edits.csv", "--plot", "plot.gif"], 2, ".png or .svg"),
        (["edits.csv", "--resamples", "-1"], 2, "--resamples"),
        (["empty.csv"], 2, "empty.csv has no rows"),
        (["columns.csv"], 2, "rename them to original, edited and instruction"),
        (["one.csv"], 2, "one.csv has one edit that can be embedded"),
        (["same.csv"], 2, "all 2 edits of same.csv have the same instruction"),
        (["wordless.csv"], 2, "the row has no instruction"),
        (["alone.csv"], 2, "the row has no edited picture"),
        (["unreadable.csv"], 2, "none of the 2 rows of unreadable.csv can be embedded"),
        (["bytes.csv"], 2, "bytes.csv"),
        (["gedit.jsonl"], 2, "say with --edited in which folder they are"),
    ],
)
def test_bad_input(capfd: Capture, arguments: list[str], status: int, words: str) -> None:
    header, pictures = "original,edited,instruction", "0-original.png,0-edited.png"
    for name, *rows in (
        ("empty.csv", header),
        ("columns.csv", "before,after,words", f"{pictures},a"),
        ("one.csv", header, f"{pictures},add a dog", "no.png,no.png,add a cat"),
        ("same.csv", header, f"{pictures},add a dog", f"{pictures}, Add a DOG!"),
        ("wordless.csv", header, f"{pictures},", f"{pictures},  "),
        ("alone.csv", header, "0-original.png,,add a dog", "0-original.png,,add a cat"),
        ("unreadable.csv", header, "no.png,no.png,add a dog", "edits.csv,edits.csv,add a cat"),
        ("gedit.jsonl", json.dumps(dict.fromkeys(GEDIT, "a"))),
    ):
        Path(name).write_text("\n".join(rows) + "\n", encoding="utf-8")
    Path("bytes.csv").write_bytes(bytes(range(256)))
    assert_fails(
        capfd, ["evaluate", "retrieval", *arguments, *([] if "--encoder" in arguments else VIFI[:2])], status, words
    )
