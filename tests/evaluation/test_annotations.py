"""Lists of differences: reading what DICE's script writes and what we do, writing it, and what is said of bad files."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editjudge.errors import InputError
from editjudge.evaluation.annotations.annotation import AnnotatedDifference, AnnotatedPair
from editjudge.evaluation.annotations.dice import dice_items, read_answer, write_dice
from editjudge.evaluation.annotations.read import read_annotations, write_json_lines
from editjudge.metrics.dice.difference import Difference, PictureDifferences
from editjudge.types import Drift


def dice_item(**changed: Any) -> dict[str, Any]:
    """As the published script writes one."""
    return {
        "original_path": "a/0.jpg", "edited_path": "a/1.jpg", "complete_difference": "ADD: red hat",
        "operation": "ADD", "bbox": [0.25, 0.5, 0.75, 1.0], "gt_prompt": "add a red hat", "confidence": 0.875,
    } | changed  # fmt: skip


def decision(**changed: Any) -> dict[str, Any]:
    return {
        "index": 0, "difference": "ADD: red hat", "prompt": "add a red hat",
        "coherence_evaluation": "Reason: no hat was there, as asked.\nAnswer: YES",
        "bbox": [0.25, 0.5, 0.75, 1.0], "confidence": 0.875,
    } | changed  # fmt: skip


def line(**changed: Any) -> dict[str, Any]:
    """As a line of ours has it; with more than is read."""
    return {
        "original": "0.png", "edited": "1.png", "instruction": "add a red hat", "width": 640, "height": 400,
        "kind": "edit", "changed_share": 0.25,
        "differences": [{"change": "ADD", "element": "hat", "box": [160, 200, 480.0, 400], "share": 0.25,
                         "confidence": 0.5, "coherent": True, "coherence": 0.75, "rationale": "It is there."}],
    } | changed  # fmt: skip


def one(**changed: Any) -> dict[str, Any]:
    """A line with a difference that is changed so."""
    return line(differences=[line()["differences"][0] | changed])


def write(path: Path, content: Any) -> Path:
    if path.suffix == ".jsonl":
        text = "".join(json.dumps(item) + "\n" for item in content)
    else:
        text = json.dumps(content, indent=2)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_list_of_dice(tmp_path: Path) -> None:
    """Pairs are put together again wherever their items stand; elements may hold colons and commas, boxes be whole
    numbers; and a difference that the script cut at a comma is the one of its index all the same."""
    items = [
        dice_item(),
        dice_item(edited_path="a/2.jpg", complete_difference="REMOVE: sign: STOP, red, old", operation="REMOVE",
                  bbox=[0, 0, 1, 1], confidence=None),
        dice_item(complete_difference="EDIT:", operation="EDIT", confidence=1),
    ]  # fmt: skip
    found = write(tmp_path / "predicted_differences.json", items)
    decisions = write(tmp_path / "coherence_results.json", [
        decision(index=1, difference="REMOVE: sign: STOP", coherence_evaluation="It was not asked for. **no**."),
        decision(),
    ])  # fmt: skip
    box = (0.25, 0.5, 0.75, 1.0)
    yes = AnnotatedDifference("ADD", "red hat", box, 0.875, True, "Reason: no hat was there, as asked.\nAnswer:")
    other = AnnotatedDifference(
        "REMOVE", "sign: STOP, red, old", (0.0, 0.0, 1.0, 1.0), None, False, "It was not asked for. **"
    )
    assert read_annotations(found, decisions) == [
        AnnotatedPair("a/0.jpg", "a/1.jpg", (yes, AnnotatedDifference("EDIT", None, box, 1.0)), "add a red hat"),
        AnnotatedPair("a/0.jpg", "a/2.jpg", (other,), "add a red hat"),
    ]
    undecided = read_annotations(found)
    assert [difference.coherent for pair in undecided for difference in pair.differences] == [None] * 3


def test_a_list_of_ours(tmp_path: Path) -> None:
    """Boxes in pixels of a picture that is not square, or in shares where no size is given."""
    shares = {"change": "edit", "box": [0, 0.25, 1, 0.5]}
    lines = [line(), line(edited="2.png", width=None, height=None, instruction=None, differences=[shares])]
    lines.append(line(edited="3.png", differences=[]))
    path = write(tmp_path / "found.jsonl", lines)
    expected = [
        AnnotatedPair(
            "0.png",
            "1.png",
            (AnnotatedDifference("ADD", "hat", (0.25, 0.5, 0.75, 1.0), 0.5, True, "It is there."),),
            "add a red hat",
            (640, 400),
        ),
        AnnotatedPair("0.png", "2.png", (AnnotatedDifference("EDIT", None, (0.0, 0.25, 1.0, 0.5)),)),
        AnnotatedPair("0.png", "3.png", (), "add a red hat", (640, 400)),
    ]
    assert read_annotations(path) == expected
    assert read_annotations(write(tmp_path / "one.json", line())) == expected[:1]


def test_a_box_that_was_rounded_ends_at_the_side_of_the_picture(tmp_path: Path) -> None:
    path = write(tmp_path / "found.json", [dice_item(bbox=[-0.00005, 0, 1.00005, 0.5])])
    assert read_annotations(path)[0].differences[0].box == (0.0, 0.0, 1.0, 0.5)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("YES", (True, None)),
        ("no", (False, None)),
        ("There is no hat any more.\nAnswer: YES", (True, "There is no hat any more.\nAnswer:")),
        ("It was asked for, so yes!", (True, "It was asked for, so")),
        ("NO, because the sky was to stay", (False, "NO, because the sky was to stay")),
        ("Not YES but NO (95 %)", (False, "Not YES but NO (95 %)")),
        ("Nothing of it was known, yesterday", (None, "Nothing of it was known, yesterday")),
        ("maybe", (None, "maybe")),
    ],
)
def test_answers(text: str, answer: tuple[bool | None, str | None]) -> None:
    assert read_answer(text) == answer


SHARE = st.floats(0, 1, allow_nan=False)
WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).map(str.strip).filter(bool)
DIFFERENCES = st.builds(
    lambda change, element, x, y, confidence, coherent, rationale: AnnotatedDifference(
        change, element, (min(x), min(y), max(x), max(y)), confidence, coherent, rationale
    ),
    st.sampled_from(["ADD", "REMOVE", "EDIT"]),
    st.none() | WORDS,
    st.tuples(SHARE, SHARE),
    st.tuples(SHARE, SHARE),
    st.none() | SHARE,
    st.none() | st.booleans(),
    st.none() | WORDS,
)
PAIRS = st.lists(
    st.builds(
        AnnotatedPair,
        WORDS,
        WORDS,
        st.lists(DIFFERENCES, max_size=4).map(tuple),
        st.none() | WORDS,
        st.none() | st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda pair: pair.key,
)


@settings(deadline=None, max_examples=60)
@given(PAIRS)
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, pairs: list[AnnotatedPair]) -> None:
    folder = tmp_path_factory.mktemp("annotations")
    write_json_lines(folder / "pairs.jsonl", pairs)
    read = read_annotations(folder / "pairs.jsonl")
    assert list(map(without_boxes, read)) == list(map(without_boxes, pairs))
    assert_same_boxes(read, pairs)
    write_dice(folder / "predicted_differences.json", pairs, folder / "coherence_results.json")
    again = read_annotations(folder / "predicted_differences.json", folder / "coherence_results.json")
    # Of what the two files have no place for, a pair without differences, its size, and why of no decision.
    kept = [
        replace(
            pair,
            size=None,
            differences=tuple(
                one if one.coherent is not None else replace(one, rationale=None) for one in pair.differences
            ),
        )
        for pair in pairs
        if pair.differences
    ]
    assert again == kept


def without_boxes(pair: AnnotatedPair) -> AnnotatedPair:
    return replace(pair, differences=tuple(replace(one, box=(0, 0, 0, 0)) for one in pair.differences))


def assert_same_boxes(one: list[AnnotatedPair], other: list[AnnotatedPair]) -> None:
    for mine, theirs in zip(one, other, strict=True):
        for box, again in zip(mine.differences, theirs.differences, strict=True):
            assert box.box == pytest.approx(again.box, abs=1e-9)


def test_what_was_found_of_two_pictures_in_both_forms() -> None:
    drift = Drift((0.0, 0.0), 1.0, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    difference = Difference("REMOVE", "tree", (64.0, 40.0, 320.0, 400.0), 0.5, 0.75, False, 0.25, "It was to stay.")
    found = PictureDifferences("edit", drift, 0.5, (difference,))
    pair = AnnotatedPair.of(found, ("0.png", "1.png"), (640, 400), "add a hat")
    assert pair.to_dict() == {
        "original": "0.png", "edited": "1.png", "instruction": "add a hat", "width": 640, "height": 400,
        "differences": [{"change": "REMOVE", "element": "tree", "box": [64.0, 40.0, 320.0, 400.0], "confidence": 0.75,
                         "coherent": False, "rationale": "It was to stay."}],
    }  # fmt: skip
    shared = {"bbox": [0.1, 0.1, 0.5, 1.0], "confidence": 0.75}
    assert dice_items([pair]) == (
        [{"original_path": "0.png", "edited_path": "1.png", "complete_difference": "REMOVE: tree",
          "operation": "REMOVE", "gt_prompt": "add a hat", **shared}],
        [{"index": 0, "difference": "REMOVE: tree", "prompt": "add a hat",
          "coherence_evaluation": "It was to stay. NO", **shared}],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (7, "item 1 of found.json is no object"),
        (dice_item(bbox=None), "has no bbox"),
        (dice_item(bbox=[0, 0, 1]), "bbox that is no list of four numbers"),
        (dice_item(bbox="0, 0, 1, 1"), "bbox that is no list of four numbers"),
        (dice_item(bbox=[0, 0, 1, "1"]), "has '1' in its bbox"),
        (dice_item(bbox=[0, 0, 1, True]), "has True in its bbox"),
        (dice_item(bbox=[0, 0, 1, float("nan")]), "has nan in its bbox, which is outside"),
        (dice_item(bbox=[0, 0, 640, 400]), "has 640 in its bbox, which is outside of the picture; give shares"),
        (dice_item(bbox=[-0.1, 0, 1, 1]), "has -0.1 in its bbox, which is outside"),
        (dice_item(bbox=[0, 0, 1, 10**400]), "in its bbox, which is outside"),
        (dice_item(bbox=[0.5, 0, 0.25, 1]), r"the bbox \[0.5, 0, 0.25, 1\], which is turned inside out"),
        (dice_item(complete_difference="PAINT: hat"), "the command 'PAINT'; it must be one of ADD, REMOVE, EDIT"),
        (dice_item(complete_difference="ADD red hat"), "no colon in its complete_difference"),
        (dice_item(complete_difference=None), "has None for complete_difference"),
        (dice_item(operation="EDIT"), "is ADD in its complete_difference and EDIT in its operation"),
        (dice_item(operation=3), "has the command 3"),
        (dice_item(confidence="high"), "has 'high' for confidence; give a number from 0 to 1"),
        (dice_item(confidence=1.5), "has 1.5 for confidence"),
        (dice_item(confidence=float("nan")), "has nan for confidence"),
        (dice_item(original_path=""), "has '' for original_path; give a text"),
        (dice_item(edited_path=None), "has None for edited_path"),
        (dice_item(gt_prompt=["add"]), "for gt_prompt; give a text or null"),
    ],
)
def test_bad_items_of_dice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, item: Any, words: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=words):
        read_annotations(write(Path("found.json"), [item]))
    if isinstance(item, dict):
        with pytest.raises(InputError, match=r"^item 2 of found\.json (has|is) [^\n]+; [^\n]+$"):
            read_annotations(write(Path("found.json"), [dice_item(), item]))


def test_a_pair_with_two_instructions(tmp_path: Path) -> None:
    path = write(tmp_path / "found.json", [dice_item(), dice_item(gt_prompt="add a hat")])
    with pytest.raises(InputError, match=r"item 2 of .*one instruction"):
        read_annotations(path)


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([decision(index=1)], "item 1 of decided.json has 1 for index; give a whole number from 0 to 0"),
        ([decision(index=-1)], "has -1 for index"),
        ([decision(index="0")], "has '0' for index"),
        ([decision(index=True)], "has True for index"),
        ([decision(index=None)], "has None for index"),
        ([decision(), decision()], "item 2 of decided.json has the index 0, as one before it has"),
        ([decision(difference="ADD: blue hat")], "'ADD: blue hat', and item 1 of found.json is 'ADD: red hat'"),
        ([decision(coherence_evaluation=None)], "has None for coherence_evaluation"),
        (["YES"], "item 1 of decided.json is no object"),
        ({"0": "YES"}, "decided.json holds no list"),
    ],
)
def test_bad_decisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, items: Any, words: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=words):
        read_annotations(write(Path("found.json"), [dice_item()]), write(Path("decided.json"), items))


def test_decisions_on_nothing(tmp_path: Path) -> None:
    decided = write(tmp_path / "decided.json", [decision()])
    assert read_annotations(write(tmp_path / "found.json", []), write(tmp_path / "none.json", [])) == []
    with pytest.raises(InputError, match=r"found\.json has none; give its list"):
        read_annotations(tmp_path / "found.json", decided)
    with pytest.raises(InputError, match="leave the decisions out"):
        read_annotations(write(tmp_path / "found.jsonl", [line()]), decided)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (7, "item 1 of found.jsonl is no object"),
        (line(original=None), "has None for original"),
        (line(edited=" "), "has ' ' for edited"),
        (line(instruction=3), "has 3 for instruction"),
        (line(width=None), "has None for width; give a whole number from 1"),
        (line(height=0), "has 0 for height"),
        (line(width=640.5), "has 640.5 for width"),
        (line(differences=None), "has no list of differences"),
        (line(differences=[7]), "has for difference 1 what is no object"),
        (one(change="MOVE"), "has a difference, number 1, that has the command 'MOVE'"),
        (one(change=None), "has the command None"),
        (one(box=None), "has no box"),
        (one(box=[0, 0, 641, 400]), "has 641 in its box, which is outside of the picture; give pixels .* 0 to 640"),
        (one(box=[0, 0, 640, 401]), "has 401 in its box"),
        (one(box=[9, 0, 8, 400]), "which is turned inside out"),
        (one(coherent="yes"), "has 'yes' for coherent; give true, false or null"),
        (one(coherent=1), "has 1 for coherent"),
        (one(element=5), "has 5 for element"),
        (one(confidence=-1), "has -1 for confidence"),
    ],
)
def test_bad_lines_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, item: Any, words: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=words):
        read_annotations(write(Path("found.jsonl"), [item]))


def test_a_pair_that_is_there_twice(tmp_path: Path) -> None:
    path = write(tmp_path / "found.jsonl", [line(), line(differences=[])])
    with pytest.raises(InputError, match=r"item 2 of .* is on 0\.png and 1\.png, as one before it is"):
        read_annotations(path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", b"", r"a\.json is empty"),
        ("a.jsonl", b"\n \n", r"a\.jsonl is empty"),
        ("a.json", json.dumps([dice_item()]).encode()[:-40], r"a\.json is no JSON"),
        (
            "a.jsonl",
            json.dumps(line()).encode() + b"\n" + json.dumps(line()).encode()[:-9],
            r"line 2 of a\.jsonl is no",
        ),
        ("a.json", b"[" * 100_000, r"a\.json is no JSON"),
        ("a.json", b'[{"bbox": 1, "bbox": 2}]', "the same key twice"),
        ("a.json", b"7", "item 1 of a.json is no object"),
        ("a.txt", b"[]", r"its name must end in \.json or \.jsonl"),
    ],
)
def test_damaged_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, words: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_annotations(name)


@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_what_is_no_file(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(InputError, match=r"cannot read .*: no such file"):
        read_annotations(tmp_path / f"a{suffix}")
    (tmp_path / f"b{suffix}").mkdir()
    with pytest.raises(InputError, match="it is a folder"):
        read_annotations(tmp_path / f"b{suffix}")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / f"c{suffix}")
        with pytest.raises(InputError, match="it is a pipe"):
            read_annotations(tmp_path / f"c{suffix}")


def test_files_with_a_byte_order_mark_or_in_utf_16(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        path = tmp_path / f"{encoding}.json"
        path.write_text(json.dumps([dice_item(gt_prompt="añade")], ensure_ascii=False), encoding=encoding)
        assert read_annotations(path)[0].instruction == "añade"


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no folder"):
        write_json_lines(tmp_path / "no" / "a.jsonl", [])
    with pytest.raises(InputError, match="it is a folder"):
        write_dice(tmp_path, [])
