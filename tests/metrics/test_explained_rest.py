"""What an explanation says of all that was not asked for: how much of it changed, and where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from editjudge.metrics.bpm.explanation.explain import explain, place
from support.explained import COLOR, STYLE, UNTOUCHED, changed, made, with_spots
from support.scores import BEFORE, SIDE, mask_of, part_of, score_of


def test_damage_elsewhere_has_a_size_and_a_place() -> None:
    explanation = explain(made(COLOR, change=changed(0, 80, 15, 100)))
    assert explanation == "The hydrant turned blue; 3 % of the rest of the picture changed, mostly bottom left."
    explanation = explain(made(COLOR, change=changed(0, 0, SIDE, SIDE, by=0.08)))
    assert explanation == "The hydrant turned blue; 100 % of the rest of the picture changed slightly, all over."
    explanation = explain(made(COLOR, change=changed(99, 99, 100, 100) + changed(80, 10, 88, 18)))
    assert explanation == "The hydrant turned blue; less than 1 % of the rest of the picture changed, mostly top right."


def test_what_changed_too_little_for_the_change_map_has_its_place_by_the_mask() -> None:
    lost = part_of(COLOR, modify=None, preserve=None, position=None, size=None, flags=("source_not_found",))
    faint = score_of(lost, bpm=None, changed=mask_of(BEFORE), change=changed(*BEFORE, by=0.03))
    said = "What became of the hydrant is not known; 4 % of the picture changed slightly, mostly on the left. "
    assert explain(faint).startswith(said)


def test_a_small_change_away_from_the_objects_is_not_called_untouched() -> None:
    little = "less than 1 % of the rest of the picture changed, mostly bottom right."
    spill = mask_of((90, 90, 94, 94))
    assert explain(made(COLOR, changed=mask_of(BEFORE) | spill)) == f"The hydrant turned blue; {little}"
    about = mask_of((19, 39, 41, 61))  # a rim of one pixel
    assert explain(made(COLOR, changed=about, change=changed(*BEFORE))) == "The hydrant turned blue" + UNTOUCHED
    gone = made(COLOR, modify=0.0, position=None, size=None, flags=("target_not_found",), changed=mask_of((1, 1, 5, 5)))
    assert explain(gone).endswith("in the edited picture; less than 1 % of the picture changed, mostly top left.")


def test_an_edit_of_all_of_the_picture_names_what_changed_otherwise() -> None:
    style = made(STYLE, changed=mask_of((0, 0, SIDE, SIDE)))
    done = "The picture was changed as asked: black and white"
    assert explain(with_spots(style, mask_of((80, 0, 100, 20)))) == (
        f"{done}; 4 % of the picture changed otherwise than the rest, mostly top right."
    )
    assert explain(with_spots(style, mask_of((0, 0, 5, 8)))) == f"{done}."  # 0.4 %


def test_a_compound_with_a_part_of_the_whole_picture_does_not_speak_of_the_rest() -> None:
    for parts in ((part_of(COLOR), part_of(STYLE)), (part_of(STYLE), part_of(COLOR))):
        score = score_of(*parts, changed=mask_of((0, 0, SIDE, SIDE)))
        score = replace(score, evidence=replace(score.evidence, original_mask=mask_of(BEFORE)))
        said = explain(with_spots(score, mask_of(BEFORE)))  # the hydrant itself was asked for
        assert " and the " in said
        assert "rest" not in said
        assert said.count(";") == 0


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
