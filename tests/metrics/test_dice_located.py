"""Where the detector found nothing by name, an edit is where the picture changed; and nothing is judged by that."""

from __future__ import annotations

import pytest

from editjudge import EditIntent, Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.datasets.demo import DemoInput, load_demo, load_photographs
from editjudge.metrics.dice.difference import Change, Difference, PictureDifferences
from editjudge.metrics.dice.located import LOCATED, STRONG, locate_by_change
from editjudge.metrics.flags import FLAGS
from editjudge.types import FoundBox
from support.scores import STILL

BOX, OTHER = (10.0, 20.0, 30.0, 40.0), (50.0, 60.0, 70.0, 80.0)
COLOR = EditIntent("color", "red car", "blue car")
ROCKET, CAT = EditIntent("remove", "rocket", None), EditIntent("add", None, "cat", anchor="sofa", position="right")


def one(change: Change, box: tuple[float, float, float, float] = BOX, **more: object) -> Difference:
    given: dict[str, object] = {"coherent": None, "coherence": 0.5, "energy": 1.0, **more}
    return Difference(change, None, box, 0.1, 0.9, rationale="It changed.", **given)  # type: ignore[arg-type]


def found_of(*differences: Difference) -> PictureDifferences:
    return PictureDifferences("edit", STILL, 0.1, differences)


@pytest.fixture(scope="module")
def scorer(studio: Bundle) -> Scorer:
    return Scorer.load(studio.folder, "cpu", 1)


def pick(inputs: tuple[DemoInput, ...], name: str) -> tuple[str, str]:
    (chosen,) = (one for one in inputs if one.id == name)
    return str(chosen.original), next(str(one.file) for one in chosen.candidates if one.label == "well done")


def test_a_photograph_has_its_edit_where_it_changed_and_still_no_score(scorer: Scorer) -> None:
    original, edited = pick(load_photographs(), "remove")
    score = scorer.score(original, edited, ROCKET)
    strong = [one for one in score.differences if one.energy >= STRONG]
    assert LOCATED in score.flags
    assert score.regions == {
        "original": tuple(FoundBox("rocket", one.box, one.confidence) for one in strong),
        "edited": (),
    }
    assert [one.change for one in strong] == ["REMOVE"]
    assert score.bpm is None
    assert score.confidence == 0.0
    assert score.verdict.decision == "not_judged"


def test_what_was_found_by_name_is_not_located_otherwise(scorer: Scorer) -> None:
    score = scorer.score(*pick(load_demo(), "add"), CAT)
    assert LOCATED not in score.flags
    assert {found.phrase for found in score.regions["edited"]} == {"cat"}


def test_a_picture_in_which_nothing_changed_has_no_such_place(scorer: Scorer) -> None:
    original, _ = pick(load_photographs(), "remove")
    score = scorer.score(original, original, ROCKET)
    assert LOCATED not in score.flags
    assert score.regions == {"original": (), "edited": ()}


@pytest.mark.parametrize(
    ("change", "original", "edited"),
    [("ADD", (), ("blue car",)), ("REMOVE", ("red car",), ()), ("EDIT", ("red car",), ("blue car",))],
)
def test_each_change_is_in_the_picture_that_shows_it(
    change: Change, original: tuple[str, ...], edited: tuple[str, ...]
) -> None:
    located = locate_by_change(COLOR, found_of(one(change)))
    assert located == {
        "original": tuple(FoundBox(phrase, BOX, 0.9) for phrase in original),
        "edited": tuple(FoundBox(phrase, BOX, 0.9) for phrase in edited),
    }


def test_the_weak_ones_and_those_that_were_not_asked_for_are_left_out() -> None:
    weak, unasked = one("EDIT", OTHER, energy=STRONG - 0.01), one("EDIT", OTHER, coherent=False)
    located = locate_by_change(COLOR, found_of(one("EDIT"), weak, unasked, one("EDIT", OTHER, energy=STRONG)))
    assert located is not None
    assert [found.box for found in located["original"]] == [BOX, OTHER]


@pytest.mark.parametrize("intent", [EditIntent("style", "all", "night"), EditIntent("other", None, "all")])
def test_what_has_no_place_is_not_located(intent: EditIntent) -> None:
    assert locate_by_change(intent, found_of(one("EDIT"))) is None
    assert locate_by_change(COLOR, found_of()) is None
    assert locate_by_change(COLOR, found_of(one("EDIT", coherent=False))) is None


def test_it_is_a_note_that_costs_no_confidence() -> None:
    assert FLAGS[LOCATED].doubt == 1.0
