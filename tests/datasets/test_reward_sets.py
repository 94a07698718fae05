"""Sets of rewards: RewardEdit-20K and Real-Edit; and what is wrong with their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from editjudge.datasets import open_dataset
from editjudge.errors import InputError
from support.dataset_files import png, shades

SIDES = ("following", "preserving", "quality")
WIDE = "Local. Change the colour of one thing: Paint the door blue"


def said(*pairs: tuple[Any, Any]) -> list[dict[str, Any]]:
    return [{"Score": score, "Negative Prompt": text} for score, text in pairs]


GOOD = said((5, "None"), (2, "The sky is darker."), (4.5, "none."))


def write_folder(folder: Path, seed: str = "8841", suffix: str = ".jpg", edit: Any = "make it blue") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, shade in ((0, 10), (1, 20)):
        (folder / f"{seed}_{number}{suffix}").write_bytes(png(shade))
    (folder / "prompt.json").write_text(json.dumps({"input": "a door", "edit": edit, "output": "a blue door"}))


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("place", ["", "train", "pix2pix-clip-filtered-hf/train"])
def test_rewardedit(tmp_path: Path, place: str) -> None:
    write_folder(tmp_path / place / "0000012")
    write_folder(tmp_path / place / "0000013", seed="7", suffix=".png", edit="add a dog")
    content = {"0000012": GOOD, "0000013": said((0, "No dog was added."), (5, " NONE "), (5, '"None"'))}
    dataset = open_dataset(write(tmp_path / "RewardEdit_20K.json", content))
    first, second = dataset
    assert dataset.form.name == "rewardedit"
    assert (first.id, first.group, first.human, first.instruction) == ("0000012", "0000012", None, "make it blue")
    assert shades(first) == shades(second) == (10, 20)
    assert [first.columns[f"human.{side}"] for side in SIDES] == [5, 2, 4.5]
    assert [first.columns[f"feedback.{side}"] for side in SIDES] == ["None", "The sky is darker.", "None"]
    assert [second.columns[f"human.{side}"] for side in SIDES] == [0, 5, 5]
    assert [second.columns[f"feedback.{side}"] for side in SIDES] == ["No dog was added.", "None", "None"]
    assert second.instruction == "add a dog"
    assert first.columns["original"] == str(Path(place, "0000012", "8841_0.jpg"))


def test_rewardedit_with_edits_of_ones_own(tmp_path: Path) -> None:
    write_folder(tmp_path / "0000012")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "0000012.png").write_bytes(png(77))
    dataset = open_dataset(write(tmp_path / "rewards.json", {"0000012": GOOD}), edits=tmp_path / "mine")
    assert shades(next(iter(dataset))) == (10, 77)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (GOOD[:2], "0000012 has no list of three objects; give one each for following, preserving, quality"),
        ([], "0000012 has no list of three objects"),
        ([*GOOD, GOOD[0]], "has no list of three objects"),
        (["5; fine"] * 3, "has no list of three objects"),
        ([*GOOD[:2], "fine"], "has no list of three objects"),
        (said((15, "None"), (5, "None"), (5, "None")), "has 15 for Score of following; give a number from 0 to 5"),
        (said((5, "None"), (-1, "None"), (5, "None")), "has -1 for Score of preserving"),
        (said((5, "None"), (5, "None"), ("5", "None")), "has '5' for Score of quality; give a number from 0 to 5"),
        (said((5, "None"), (True, "None"), (5, "None")), "has True for Score of preserving"),
        (said((5, "None"), (None, "None"), (5, "None")), "has None for Score of preserving"),
        (said((5, "None"), (5, ""), (5, "None")), "has '' for Negative Prompt of preserving; give what is wrong, or"),
        (said((5, None), (5, "x"), (5, "None")), "has None for Negative Prompt of following"),
        ([{"score": 5, "text": "None"}] * 3, "has None for Score of following"),
    ],
)
def test_a_reward_that_is_none_is_an_error_of_its_row(tmp_path: Path, entry: Any, words: str) -> None:
    for name in ("0000012", "0000013"):
        write_folder(tmp_path / name)
    path = write(tmp_path / "rewards.json", {"0000013": GOOD, "0000012": entry})
    good, bad = open_dataset(path, "rewardedit")
    assert good.problem is None
    assert (bad.id, bad.group, bad.columns["id"]) == ("0000012", "0000012", "0000012")
    with pytest.raises(InputError) as error:
        bad.edit()
    assert words in str(error.value)


def test_folders_that_lack_something(tmp_path: Path) -> None:
    content = dict.fromkeys(("none", "two", "half", "list", "broken", "../out"), GOOD)
    write_folder(tmp_path / "two", seed="1")
    write_folder(tmp_path / "two", seed="2")
    write_folder(tmp_path / "half")
    (tmp_path / "half" / "8841_1.jpg").unlink()
    write_folder(tmp_path / "list", edit=["make it blue", "paint it blue"])
    write_folder(tmp_path / "broken")
    write(tmp_path / "broken" / "prompt.json", '{"edit": "make')
    problems = []
    for name, row in zip(content, open_dataset(write(tmp_path / "rewards.json", content)), strict=True):
        assert (row.id, row.group) == (name, name)
        assert [row.columns[f"human.{side}"] for side in SIDES] == [5, 2, 4.5]
        assert row.columns["feedback.preserving"] == "The sky is darker."
        with pytest.raises(InputError) as error:
            row.edit()
        problems.append(str(error.value))
    for words, problem in zip(
        (
            "there is no folder",
            "holds 2 pairs; leave there the one pair that was scored",
            "the row has no edited picture",
            "for edit; give the instruction as a text",
            "prompt.json is no JSON",
            "there is no folder",
        ),
        problems,
        strict=True,
    ):
        assert words in problem


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"0000012": [{"Score": 5, "Negative Prompt": "No', "is no JSON"),
        ("", "is no JSON"),
        ("{}", "has no rows"),
        ("[]", "has no rows"),
        ('{"a": [], "a": []}', "the same key twice"),
        ('{"a": 5, "b": null}', "has no rows that can be read"),
    ],
)
def test_files_that_are_no_rewards(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        open_dataset(write(tmp_path / "rewards.json", content))
    assert words in str(error.value)


def test_a_wrong_score_of_one_side_leaves_the_others_known(tmp_path: Path) -> None:
    entry = said((5, "None"), (15, "The sky is darker."), (4, ""))
    (row,) = open_dataset(write(tmp_path / "rewards.json", {"0000012": entry}))
    assert str(row.problem).startswith("0000012 has 15 for Score of preserving")
    assert row.columns == {
        "id": "0000012",
        "group": "0000012",
        "key": "0000012",
        "human.following": 5,
        "feedback.following": "None",
        "feedback.preserving": "The sky is darker.",
        "human.quality": 4,
    }


@pytest.mark.parametrize("place", ["", "Real-Edit"])
@pytest.mark.parametrize("name", ["12-2", "12-Add", "12_Add", "Add/12"])
def test_realedit(tmp_path: Path, place: str, name: str) -> None:
    (tmp_path / place).mkdir(exist_ok=True)
    (tmp_path / place / "12.jpg").write_bytes(png(30))
    edit = tmp_path / "edits" / f"{name}.png"
    edit.parent.mkdir(parents=True)
    edit.write_bytes(png(40))
    content = {"12.jpg": [WIDE, "Add. Put one thing more, e.g. a sign: Add a sign that says: hello"]}
    dataset = open_dataset(write(tmp_path / "real_edit_instruct.json", content), edits=tmp_path / "edits")
    first, second = dataset
    assert dataset.form.name == "realedit"
    assert [row.id for row in (first, second)] == [row.group for row in (first, second)] == ["12-1", "12-2"]
    assert [row.columns["type"] for row in (first, second)] == ["Local", "Add"]
    assert first.instruction == "Paint the door blue"
    assert second.instruction == "hello"  # the published reader takes what follows the last colon, and so do we
    assert shades(second) == (30, 40)
    assert first.columns["key"] == "12.jpg"


def test_realedit_has_no_edits_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="realedit has no edited pictures of its own; say with --edited"):
        open_dataset(write(tmp_path / "real.json", {"12.jpg": [WIDE]}))


def test_texts_of_another_form_are_errors_of_their_rows(tmp_path: Path) -> None:
    texts = [WIDE, "Paint the door blue", "Local: Paint it", "Local. Paint it", ". x: y", "Local. x: ", ""]
    path = write(tmp_path / "real.json", {"12.jpg": texts, "13.jpg": [WIDE, 7], "14.jpg": [], "15.jpg": {"a": 1}})
    rows = list(open_dataset(path, "realedit", tmp_path))
    assert [row.problem is None for row in rows] == [True] + [False] * 6 + [True] + [False] * 3
    assert [row.id for row in rows] == [*(f"12-{number}" for number in range(1, 8)), "13-1", "13-2", "14", "15"]
    assert rows[1].problem == "text 2 of 12.jpg is not of the form 'Type. ...: instruction'"
    assert rows[1].columns == {"id": "12-2", "group": "12-2", "key": "12.jpg", "number": 2}
    assert rows[8].problem == "text 2 of 13.jpg is not of the form 'Type. ...: instruction'"
    for row in rows[9:]:
        assert row.problem == f"{row.id}.jpg has no list of texts; give each as 'Type. ...: instruction'"


@pytest.mark.parametrize(
    ("odd", "failed"),
    [
        (["Local. x: y", 5, "Add. x: z"], ["9-2"]),
        (["Local. x: y", None], ["9-2"]),
        ([5], ["9-1"]),
        ([], ["9"]),
        ("text", ["9"]),
        (None, ["9"]),
        (GOOD, ["9-1", "9-2", "9-3"]),
    ],
)
@pytest.mark.parametrize("first", [False, True])
def test_one_wrong_list_leaves_a_file_of_texts_what_it_is(
    tmp_path: Path, odd: Any, failed: list[str], first: bool
) -> None:
    good = {f"{number}.jpg": [WIDE, "Add. Do it: add a dog"] for number in range(2)}
    content = {"9.jpg": odd, **good} if first else {**good, "9.jpg": odd}
    dataset = open_dataset(write(tmp_path / "real.json", content), edits=tmp_path)
    read = [row.id for row in dataset if row.problem is None and row.columns["key"] != "9.jpg"]
    assert dataset.form.name == "realedit"
    assert read == ["0-1", "0-2", "1-1", "1-2"]
    assert [row.id for row in dataset if row.problem is not None] == failed


@pytest.mark.parametrize("odd", [[WIDE] * 3, [GOOD[0], "fine"], [5], "text", None])
@pytest.mark.parametrize("first", [False, True])
def test_one_wrong_list_leaves_a_file_of_rewards_what_it_is(tmp_path: Path, odd: Any, first: bool) -> None:
    good = dict.fromkeys(("0000012", "0000013"), GOOD)
    for name in good:
        write_folder(tmp_path / name)
    dataset = open_dataset(write(tmp_path / "r.json", {"0000001": odd, **good} if first else {**good, "0000001": odd}))
    assert dataset.form.name == "rewardedit"
    assert {row.id: row.problem is None for row in dataset} == {"0000001": False, "0000012": True, "0000013": True}
