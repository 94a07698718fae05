"""Explanations: every edit type, done and not done, every flag; sentences as they are read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editjudge.metrics.bpm.evidence import Evidence
from editjudge.metrics.bpm.explanation.explain import explain, place
from editjudge.metrics.bpm.explanation.noun_phrase import Noun, attribute
from editjudge.metrics.bpm.score import EditScore, RegionScore, SemanticScore
from editjudge.metrics.flags import FLAGS
from editjudge.types import EDIT_TYPES, POSITIONS, SIZES, EditIntent, FoundBox

SIDE = 100
BEFORE, AFTER = (20, 40, 40, 60), (70, 40, 90, 60)
UNTOUCHED = "; the rest of the picture is untouched."


def mask(box: tuple[int, int, int, int] | None) -> np.ndarray:
    area = np.zeros((SIDE, SIDE), bool)
    if box is not None:
        area[box[1] : box[3], box[0] : box[2]] = True
    return area


def made(
    intent: EditIntent,
    *,
    modify: float = 1.0,
    position: float = 1.0,
    size: float = 1.0,
    flags: tuple[str, ...] = (),
    before: tuple[int, int, int, int] = BEFORE,
    after: tuple[int, int, int, int] = BEFORE,
    change: np.ndarray | None = None,
) -> EditScore:
    """A score as a scorer would build it from these parts."""
    region = RegionScore(None, None, None) if intent.is_global else RegionScore(position + size, position, size)
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    boxes = {
        "original": (FoundBox(intent.source or "", before, 0.9),),
        "edited": () if "target_not_found" in flags else (FoundBox(intent.target or "", after, 0.9),),
    }
    masks = (mask(None), mask(None)) if intent.is_global else (mask(before), mask(after))
    evidence = Evidence(picture, picture, *masks, np.zeros((SIDE, SIDE), np.float32) if change is None else change)
    semantic = SemanticScore(1 + modify, modify, 1.0, modify, 1.0)
    return EditScore(1.0, semantic, region, 0.9, flags, "", intent, boxes, {}, "b", "1", evidence)


def changed(x0: int, y0: int, x1: int, y1: int, by: float = 0.5) -> np.ndarray:
    return mask((x0, y0, x1, y1)).astype(np.float32) * np.float32(by)


COLOR = EditIntent("color", "hydrant", "blue hydrant")
ADD = EditIntent("add", None, "apple", anchor="sofa", position="right")
GROW = EditIntent("size", "rocket", "rocket", size="larger")
MOVE = EditIntent("move", "rocket", "rocket", position="right")
STYLE = EditIntent("style", "all", "black and white")


@pytest.mark.parametrize(
    ("intent", "done", "failed"),
    [
        (COLOR, "The hydrant turned blue", "The hydrant did not turn blue"),
        (EditIntent("texture", "the car", "a striped car"), "The car became striped", "The car did not become striped"),
        (EditIntent("action", "dog", "jumping dog"), "The dog became jumping", "The dog did not become jumping"),
        (EditIntent("other", "bowl", "some eggs"), "The bowl became some eggs", "The bowl did not become some eggs"),
        (
            EditIntent("replace", "cherries", "owl"),
            "The cherries were replaced with an owl",
            "The cherries were not replaced with an owl",
        ),
        (
            EditIntent("remove", "cat", None),
            "The cat was removed",
            "The cat was not removed: it is still where it was",
        ),
        (
            ADD,
            "An apple was added to the right of the sofa",
            "No apple was added: what is new does not look like an apple",
        ),
        (EditIntent("add", None, "bus"), "A bus was added", "No bus was added: what is new does not look like a bus"),
    ],
)
def test_done_and_not_done(intent: EditIntent, done: str, failed: str) -> None:
    assert explain(made(intent)) == done + UNTOUCHED
    assert explain(made(intent, modify=0.4)) == f"{done}, though not clearly{UNTOUCHED}"
    assert explain(made(intent, modify=0.1)) == failed + UNTOUCHED


def test_global_edits() -> None:
    assert explain(made(STYLE, flags=("global",))) == "The picture was changed as asked: black and white."
    assert explain(made(STYLE, modify=0.0)) == "The picture was not changed as asked: black and white."
    assert explain(made(EditIntent("style", "all", "all"))) == "The picture was changed as asked."


def test_sizes() -> None:
    grown = (20, 40, 40, 68)
    assert explain(made(GROW, after=grown)) == "The rocket grew by 40 %, as asked" + UNTOUCHED
    assert explain(made(GROW, modify=0, size=0)) == "The rocket did not get larger: it kept its size" + UNTOUCHED
    shrunk = made(GROW, modify=0, size=0, after=(20, 40, 40, 50))
    assert explain(shrunk) == "The rocket did not get larger: it shrank by 50 %" + UNTOUCHED
    other = made(GROW, modify=0, after=grown)
    assert explain(other) == "The rocket grew by 40 %, but does not look the same any more" + UNTOUCHED


def test_moves() -> None:
    assert explain(made(MOVE, after=AFTER)) == "The rocket moved to the right, as asked" + UNTOUCHED
    assert explain(made(MOVE, modify=0, position=0)) == (
        "The rocket did not move to the right: it is still where it was" + UNTOUCHED
    )
    for box, way in {(0, 40, 10, 60): "left", (20, 0, 40, 20): "up", (20, 80, 40, 100): "down"}.items():
        explanation = explain(made(MOVE, modify=0, position=0, after=box))
        assert explanation == f"The rocket did not move to the right: it went {way}{UNTOUCHED}"
    anchored = replace(MOVE, anchor="moon", position="near")
    assert explain(made(anchored)) == "The rocket moved next to the moon, as asked" + UNTOUCHED


def test_what_nobody_asked_for() -> None:
    grown = (20, 40, 40, 68)
    assert explain(made(MOVE, size=0, after=grown)) == (
        "The rocket moved to the right, as asked, but it also grew by 40 %" + UNTOUCHED
    )
    assert explain(made(COLOR, position=0, after=AFTER)) == (
        "The hydrant turned blue, but it is no longer where it was" + UNTOUCHED
    )
    assert explain(made(COLOR, modify=0, size=0, after=(20, 40, 40, 50))) == (
        "The hydrant did not turn blue, and it also shrank by 50 %" + UNTOUCHED
    )
    assert explain(made(ADD, position=0)) == "An apple was added, but not to the right of the sofa" + UNTOUCHED
    assert explain(made(ADD, position=0.5)) == (
        "An apple was added, but not all of it to the right of the sofa" + UNTOUCHED
    )


def test_the_target_is_missing() -> None:
    nothing = "; the picture is untouched."
    swap = EditIntent("replace", "cat", "dog")
    for intent, sentence in {
        COLOR: "The hydrant did not turn blue: there is no blue hydrant in the edited picture",
        ADD: "No apple was added: there is no apple in the edited picture",
        swap: "The cat was not replaced with a dog: there is no dog in the edited picture",
        MOVE: "The rocket did not move to the right: it is gone",
        GROW: "The rocket did not get larger: it is gone",
    }.items():
        assert explain(made(intent, modify=1.0, flags=("target_not_found",))) == sentence + nothing


def test_nothing_happened() -> None:
    assert explain(made(COLOR, modify=0, flags=("no_op",))) == "Nothing changed: the two pictures are the same."
    noise = made(COLOR, modify=0, flags=("no_op",), change=changed(0, 0, SIDE, SIDE, by=0.02))
    assert explain(noise) == "Nothing changed: the two pictures are the same, but for noise."


def test_damage_elsewhere_has_a_size_and_a_place() -> None:
    explanation = explain(made(COLOR, change=changed(0, 80, 15, 100)))
    assert explanation == "The hydrant turned blue; 3 % of the rest of the picture changed, mostly bottom left."
    explanation = explain(made(COLOR, change=changed(0, 0, SIDE, SIDE, by=0.08)))
    assert explanation == "The hydrant turned blue; 100 % of the rest of the picture changed slightly, all over."
    explanation = explain(made(COLOR, change=changed(99, 99, 100, 100) + changed(80, 10, 88, 18)))
    assert explanation == "The hydrant turned blue; less than 1 % of the rest of the picture changed, mostly top right."


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((0, 0, 20, 20), "top left"), ((40, 0, 60, 20), "at the top"), ((80, 0, 100, 20), "top right"),
        ((0, 40, 20, 60), "on the left"), ((40, 40, 60, 60), "in the centre"), ((80, 40, 100, 60), "on the right"),
        ((0, 80, 20, 100), "bottom left"), ((40, 80, 60, 100), "at the bottom"), ((80, 80, 100, 100), "bottom right"),
        ((0, 0, 100, 10), "along the top"), ((0, 45, 100, 55), "across the middle"),
        ((0, 90, 100, 100), "along the bottom"), ((0, 0, 10, 100), "along the left side"),
        ((45, 0, 55, 100), "down the middle"), ((90, 0, 100, 100), "along the right side"),
    ],
)  # fmt: skip
def test_places(box: tuple[int, int, int, int], words: str) -> None:
    assert place(changed(*box)) == f"mostly {words}"


def test_no_place() -> None:
    assert place(changed(0, 0, SIDE, SIDE)) == "all over"


def test_doubts_make_a_second_sentence() -> None:
    assert explain(made(ADD, flags=("anchor_not_found", "resized"))) == (
        "An apple was added to the right of the sofa; the rest of the picture is untouched. Take this with care: "
        "the sofa could not be found, so the position was not judged; "
        "the edited picture has another size and was scaled."
    )
    assert explain(made(COLOR, flags=("source_not_found",))) == (
        "What became of the hydrant is not known; the picture is untouched. "
        "Take this with care: the hydrant could not be found in the original."
    )


@pytest.mark.parametrize("edit_type", EDIT_TYPES)
@pytest.mark.parametrize("flag", FLAGS)
def test_every_edit_type_and_flag_has_words(edit_type: str, flag: str) -> None:
    pairs = {"add": (None, "dog"), "remove": ("cat", None), "style": ("all", "night")}
    source, target = pairs.get(edit_type, ("cat", "cat"))
    for modify in (0.0, 0.4, 1.0):
        for part in (0.0, 0.5, 1.0):
            for position in POSITIONS:
                for size in SIZES:
                    intent = EditIntent(edit_type, source, target, anchor=None, size=size, position=position)
                    explanation = explain(made(intent, modify=modify, position=part, size=part, flags=(flag,)))
                    assert explanation[0].isupper()
                    assert explanation.endswith(".")
                    assert not any(wrong in explanation for wrong in ("  ", "..", " ,", " .", "None"))


def test_phrases() -> None:
    assert [Noun.of(phrase).a for phrase in ("owl", "bus", "red glasses", "the cat", "bread", "dress")] == [
        "an owl", "a bus", "some red glasses", "a cat", "some bread", "a dress",
    ]  # fmt: skip
    assert attribute(Noun("red car"), Noun("blue car")) == "blue"
    assert attribute(Noun("car"), Noun("shiny blue car")) == "shiny blue"
    assert attribute(Noun("car"), Noun("bus")) is None
    assert attribute(Noun("car"), Noun("car")) is None
    long = Noun.of("a\n" + "very " * 40 + "long cat")
    assert "\n" not in long.words
    assert len(long.words) <= 60
    assert Noun.of("") == Noun.of(None) == Noun("object")
