"""Explanations: every edit type, done and not done, every flag; sentences as they are read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from editjudge.image.changes import ChangeKind
from editjudge.metrics.bpm.explanation.explain import explain
from editjudge.metrics.bpm.explanation.noun_phrase import Noun, attribute
from editjudge.metrics.bpm.score import Verdict
from editjudge.metrics.flags import FLAGS
from editjudge.types import EDIT_TYPES, POSITIONS, SIZES, EditIntent
from support.explained import ADD, COLOR, GROW, MOVE, STYLE, UNTOUCHED, changed, made
from support.scores import AFTER, SIDE, UNSEEN, mask_of, part_of, score_of


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
        (EditIntent("remove", "cat", None), "The cat was removed", "The cat does not seem to have been removed"),
        (ADD, "An apple was added to the right of the sofa", "What is new does not look like an apple"),
        (EditIntent("add", None, "bus"), "A bus was added", "What is new does not look like a bus"),
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
        "The rocket did not move to the right: it is still about where it was" + UNTOUCHED
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


def test_what_this_bundle_did_not_find_is_not_said_to_be_gone() -> None:
    nothing = "; the picture is untouched."
    swap = EditIntent("replace", "cat", "dog")
    for intent, sentence in {
        COLOR: "The hydrant did not turn blue: this bundle found no blue hydrant in the edited picture",
        ADD: "An apple was asked for, but this bundle found no apple in the edited picture",
        swap: "The cat was not replaced with a dog: this bundle found no dog in the edited picture",
        MOVE: "The rocket did not move to the right: this bundle did not find it again",
        GROW: "The rocket did not get larger: this bundle did not find it again",
    }.items():
        missing = made(intent, modify=0.0, position=None, size=None, flags=("target_not_found",))
        assert explain(missing) == sentence + nothing  # in a picture of which no pixel changed


def test_no_edit_by_its_kind() -> None:
    def of_kind(kind: ChangeKind, *flags: str, by: float = 0.0) -> str:
        change = changed(0, 0, SIDE, SIDE, by=by)
        return explain(score_of(part_of(COLOR, modify=0.0), kind=kind, flags=flags, change=change))

    same = "Nothing was edited: the two pictures are the same"
    assert of_kind("unchanged", "no_op") == f"{same}."
    assert of_kind("unchanged", "no_op", by=0.02) == f"{same}, but for noise."
    drifted = of_kind("unchanged", "no_op", "shifted", "tone_changed", by=0.02)
    assert drifted == "Nothing was edited: the picture was only shifted and changed in tone."
    cropped = of_kind("unchanged", "no_op", "cropped", by=0.02)
    assert cropped == "Nothing was edited: the picture was only scaled or cropped a little."
    assert of_kind("noise", "no_op", by=0.1) == "Nothing was edited: only noise was added."
    assert of_kind("other_picture", by=0.4) == (
        "The edited picture shares too little with the original to be an edit of it."
    )


def test_what_models_do_not_know_casts_no_doubt_on_what_pixels_tell() -> None:
    flags = ("no_op", "source_not_found", "unknown_picture", "unknown_words", "parse_uncertain", "resized")
    told = explain(score_of(part_of(COLOR, modify=None), kind="noise", flags=flags))
    assert told == (
        "Nothing was edited: only noise was added. "
        "Take this with care: the edited picture has another size and was scaled."
    )


def test_a_compound_names_the_part_that_failed_last() -> None:
    remove = EditIntent("remove", "cat", None)
    failed = part_of(COLOR, modify=0.0)
    mixed = explain(score_of(failed, part_of(remove)))
    assert mixed == "The cat was removed, but the hydrant did not turn blue" + UNTOUCHED
    both = explain(score_of(part_of(COLOR), part_of(remove)))
    assert both == "The hydrant turned blue, and the cat was removed" + UNTOUCHED
    neither = explain(score_of(failed, part_of(remove, modify=0.0)))
    assert neither == "The hydrant did not turn blue, and the cat does not seem to have been removed" + UNTOUCHED
    lost = part_of(remove, modify=None, preserve=None, position=None, size=None, flags=("source_not_found",))
    assert explain(score_of(part_of(COLOR), lost, bpm=None)) == (
        "The hydrant turned blue; what became of the cat is not known; less than 1 % of the picture changed slightly. "
        "Take this with care: this bundle did not find the cat in the original."
    )


def test_of_more_than_two_parts_or_an_unknown_one_none_is_joined_by_but() -> None:
    remove = EditIntent("remove", "cat", None)
    lost = part_of(remove, modify=None, preserve=None, position=None, size=None, flags=("source_not_found",))
    failed = part_of(COLOR, modify=0.0)
    for parts in ((lost, failed, part_of(ADD)), (failed, part_of(ADD), lost)):
        assert explain(score_of(*parts, bpm=None)).startswith(
            "An apple was added to the right of the sofa; what became of the cat is not known; "
            "the hydrant did not turn blue; less than 1 % of the picture changed"
        )
    misplaced = part_of(ADD, position=0.0)
    assert explain(score_of(misplaced, failed)) == (
        "An apple was added, but not to the right of the sofa; the hydrant did not turn blue" + UNTOUCHED
    )
    assert explain(score_of(failed, failed, failed)) == "The hydrant did not turn blue" + UNTOUCHED


def test_what_is_accepted_is_not_called_unclear() -> None:
    unclear = made(COLOR, modify=0.4)
    assert ", though not clearly" in explain(unclear)
    assert ", though not clearly" not in explain(replace(unclear, verdict=Verdict("accept", 0.9)))


def test_a_size_that_was_not_named_is_never_as_asked() -> None:
    some = EditIntent("size", "rocket", "rocket")
    assert explain(made(some)) == "The rocket kept its size" + UNTOUCHED
    other = explain(made(some, modify=0.0))
    assert other == "The rocket kept its size, but does not look the same any more" + UNTOUCHED
    grown = made(some, size=0.0, after=(20, 40, 40, 68))
    assert explain(grown) == "The rocket grew by 40 %" + UNTOUCHED
    gone = explain(made(some, modify=0.0, position=None, size=None, flags=("target_not_found",)))
    assert gone.startswith("The rocket was to change its size, but this bundle did not find it again; ")


def test_in_a_compound_how_a_size_went_instead_is_not_told_without_masks() -> None:
    shrunk = part_of(GROW, modify=0.0, size=0.0)
    said = explain(score_of(part_of(COLOR), shrunk))
    assert said == "The hydrant turned blue, but the rocket did not get larger" + UNTOUCHED


def test_of_the_whole_picture_that_it_is_not_known_is_said_of_the_picture() -> None:
    unknown = made(STYLE, modify=None, bpm=None, flags=("out_of_domain",), changed=mask_of((0, 0, SIDE, SIDE)))
    assert explain(unknown).startswith("Whether the picture was changed as asked is not known; 100 % of the picture")


def test_doubts_make_a_second_sentence() -> None:
    assert explain(made(ADD, flags=("anchor_not_found", "resized"))) == (
        "An apple was added to the right of the sofa; the rest of the picture is untouched. Take this with care: "
        "this bundle did not find the sofa, so the position was not judged; "
        "the edited picture has another size and was scaled."
    )
    assert explain(made(COLOR, modify=None, bpm=None, flags=("source_not_found",))) == (
        "What became of the hydrant is not known; less than 1 % of the picture changed slightly. "
        "Take this with care: this bundle did not find the hydrant in the original."
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
                    assert not UNSEEN.search(explanation)


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
