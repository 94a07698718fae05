"""The scorer from pictures to score, in a world whose models are exact (support/toy_world.py); the parser stays out."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from editjudge.bundles.bundle import Bundle
from editjudge.errors import ImageError, InputError, InstructionError
from editjudge.image.canvas import Content
from editjudge.metrics import EditScore
from editjudge.metrics.bpm.score import Verdict
from editjudge.models.clip import Clip
from editjudge.models.grounding_dino import Detector
from editjudge.models.model_set import ModelSet
from editjudge.models.sam import Segmenter
from editjudge.parser.calibration import UNSURE
from editjudge.parser.result import UNKNOWN, ParseResult
from editjudge.ranking import BATCH
from editjudge.scorer import Scorer
from editjudge.types import EditIntent, Placement
from support import toy_world
from support.toy_world import ADD, COLOR, LARGER, MOVE, REMOVE, REPLACE, STYLE, draw, scorer

CAR, TOWER = ("red", "car", 60, 60), ("green", "tower", 150, 140)
ORIGINAL = draw(CAR, TOWER)
WELL = {
    "color": (COLOR, draw(("blue", "car", 60, 60), TOWER)),
    "add": (ADD, draw(CAR, TOWER, ("blue", "box", 150, 60))),
    "remove": (REMOVE, draw(CAR)),
    "replace": (REPLACE, draw(CAR, ("green", "box", 150, 140))),
    "size": (LARGER, np.where((big := draw(CAR, scale=1.4)) != toy_world.GREY, big, draw(TOWER))),
    "move": (MOVE, draw(("red", "car", 150, 60), TOWER)),
    "style": (STYLE, draw(("green", "car", 60, 60), TOWER)),
}


def calls_of(toy_scorer: Scorer) -> tuple[list[int], list[int], list[int]]:
    """How many pictures each run of the detector, the segmenter and CLIP was given so far."""
    return tuple(toy_scorer.models.model(kind).calls for kind in (Detector, Segmenter, Clip))


def noisy(picture: np.ndarray, sigma: float = 12) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, sigma, picture.shape)
    return np.clip(picture + noise + 0.5, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("edit_type", WELL)
def test_a_well_done_edit_beats_a_damaged_one_and_that_one_nothing(edit_type: str) -> None:
    intent, edited = WELL[edit_type]
    damaged = edited.copy()
    damaged[:, :30] //= 2
    scores = [scorer().score(ORIGINAL, candidate, intent) for candidate in (edited, damaged, noisy(ORIGINAL), ORIGINAL)]
    well, spoilt, noise, nothing = (score.bpm for score in scores)
    assert well > nothing + 0.4
    assert well > spoilt or intent.is_global  # of a global edit, preservation is not judged
    assert spoilt > nothing >= noise
    assert [score.verdict.decision for score in scores] == ["not_judged"] * 2 + ["reject"] * 2  # it is not calibrated
    assert "no_op" in scores[2].flags
    assert "no_op" in scores[3].flags
    assert all(0 <= score.bpm <= 2 and 0 <= score.confidence <= 1 for score in scores)


def test_a_perfect_local_edit_adds_up_by_hand() -> None:
    score = scorer().score(ORIGINAL, WELL["color"][1], COLOR)
    assert score.semantic.modify_raw == pytest.approx(1.0, abs=1e-6)  # red to blue, in pictures as in words
    assert score.semantic.preserve_raw == 1.0
    assert (score.semantic.score, score.region.score, score.bpm) == (2.0, 2.0, pytest.approx(2.0))
    assert score.confidence == pytest.approx(0.8)  # all was measured; the detector's scores are 0.8
    assert score.flags == ()
    assert score.explanation == "The red car turned blue; the rest of the picture is untouched."


def test_what_the_score_rests_on() -> None:
    score = scorer().score(ORIGINAL, WELL["add"][1], ADD)
    assert [region.box for region in score.regions["original"]] == [(30, 45, 90, 75)]  # the anchor
    assert [region.phrase for region in score.regions["edited"]] == ["blue box"]
    assert score.evidence.edited_mask.sum() == 40 * 40
    assert np.array_equal(score.evidence.original_mask, score.evidence.edited_mask)
    assert set(score.timings_ms) == {"parse", "detect", "segment", "embed", "judge", "total"}
    assert score.timings_ms["total"] >= score.timings_ms["judge"] > 0
    assert (score.bundle, score.intent) == ("toy world", ADD)


def test_what_it_ran_on() -> None:
    toy_scorer = scorer()
    score = toy_scorer.score(ORIGINAL, WELL["color"][1], COLOR)
    assert set(score.models) == {"detector", "sam_encoder", "sam_decoder", "clip_vision", "clip_text"}
    assert score.models == toy_scorer.placements
    assert score.to_dict()["models"]["detector"] == {
        "device": "cpu", "provider": "NumPy", "form": "model", "cpu_nodes": None, "reason": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("device", "detector", "parser"), [("auto", "cpu", "auto"), ("auto", "cuda", "cuda"), ("cpu", "cpu", "cpu")]
)
def test_the_parser_goes_where_the_other_models_went(device: str, detector: str, parser: str) -> None:
    stand_ins = {Detector: toy_world.Eyes(), Segmenter: toy_world.Scissors(), Clip: toy_world.Sense()}
    placements = {**toy_world.PLACEMENTS, "detector": Placement(detector, "its provider")}
    toy_scorer = Scorer(ModelSet(toy_world.Paper(), device, models=stand_ins, placements=placements))
    assert toy_scorer._parser_device == parser


def test_identical_pictures_earn_nothing_but_preservation() -> None:
    for intent, _ in WELL.values():
        score = scorer().score(ORIGINAL, ORIGINAL.copy(), intent)
        assert score.kind == "unchanged"
        assert score.semantic.modify == 0.0
        assert score.semantic.preserve == (None if intent.is_global else 1.0)
        assert score.region.score is None  # nothing resulted that could have a place
        assert 0 <= score.bpm <= 0.7
        assert score.verdict == Verdict("reject", 0.0)
        assert "no_op" in score.flags


def test_a_wrong_object_is_worse_than_the_right_one_at_the_wrong_place() -> None:
    right = scorer().score(ORIGINAL, WELL["add"][1], ADD)
    elsewhere = scorer().score(ORIGINAL, draw(CAR, TOWER, ("blue", "box", 60, 150)), ADD)
    wrong = scorer().score(ORIGINAL, draw(CAR, TOWER, ("blue", "tower", 150, 60)), ADD)
    nothing = scorer().score(ORIGINAL, ORIGINAL, ADD)
    assert right.bpm > elsewhere.bpm > nothing.bpm >= wrong.bpm
    assert elsewhere.region.position == 0.0
    assert "target_not_found" in wrong.flags
    assert wrong.semantic.modify_raw == 0.0


def test_preparing_changes_nothing_but_the_work() -> None:
    for intent, edited in WELL.values():
        toy_scorer = scorer()
        at_once = toy_scorer.score(ORIGINAL, edited, intent)
        detected, cut, felt = calls_of(toy_scorer)
        prepared = toy_scorer.prepare(ORIGINAL, intent)
        calls = len(detected), len(cut), len(felt)
        later = prepared.score(edited)
        assert without_time(at_once) == without_time(later)
        assert at_once.semantic == later.semantic
        # the edited picture alone: one to look at where there is a target, and of an add both pictures' crops
        assert sum(detected[calls[0] :]) == (intent.target is not None and not intent.is_global)
        assert sum(cut[calls[1] :]) <= 1
        assert sum(felt[calls[2] :]) == (2 if intent.source is None else 1)


def test_each_model_runs_once_for_both_pictures() -> None:
    toy_scorer = scorer()
    toy_scorer.score(ORIGINAL, WELL["color"][1], COLOR)
    assert calls_of(toy_scorer) == ([2], [2], [2])


def without_time(score: EditScore) -> EditScore:
    return replace(score, timings_ms={})


def test_ranking_puts_the_best_first_and_what_cannot_be_read_last() -> None:
    well, damaged = WELL["color"][1], WELL["color"][1].copy()
    damaged[150:, :50] = 0
    candidates = [ORIGINAL, b"no picture", damaged, well, noisy(ORIGINAL), np.zeros((5, 5), np.uint8), well.copy()]
    ranked = scorer().prepare(ORIGINAL, COLOR).rank(candidates)
    assert [one.index for one in ranked] == [3, 6, 2, 0, 4, 1, 5]
    assert [one.score is None for one in ranked] == [False] * 5 + [True] * 2
    assert "not a picture" in ranked[-2].error
    assert ranked[0].error is None
    one_by_one = [scorer().score(ORIGINAL, candidates[one.index], COLOR) for one in ranked[:5]]
    assert [without_time(one.score) for one in ranked[:5]] == [without_time(one) for one in one_by_one]


def test_ranking_nothing() -> None:
    prepared = scorer().prepare(ORIGINAL, COLOR)
    for rank in (prepared.rank, lambda candidates: list(prepared.scores(candidates))):
        with pytest.raises(InputError, match="no candidates to rank; hand in"):
            rank([])


def test_candidates_are_scored_as_they_arrive() -> None:
    """Each batch is asked for when the one before has been handed out, and runs through each model together."""
    toy_scorer = scorer()
    prepared = toy_scorer.prepare(ORIGINAL, COLOR)
    toy_scorer.models.model(Detector).calls.clear()
    arrived: list[int] = []

    def arriving() -> Iterator[np.ndarray | bytes]:
        for index in range(2 * BATCH + 1):
            arrived.append(index)
            yield b"broken" if index == 1 else WELL["color"][1]

    scores = prepared.scores(arriving())
    first = next(scores)
    assert (first.index, len(arrived), toy_scorer.models.model(Detector).calls) == (0, BATCH, [BATCH - 1])
    rest = list(scores)
    assert [one.index for one in rest] == list(range(1, 2 * BATCH + 1))
    assert [one.index for one in rest if one.score is None] == [1]
    assert toy_scorer.models.model(Detector).calls == [BATCH - 1, BATCH, 1]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_after_a_call_that_was_cut_off_all_is_as_before(stop: type[BaseException]) -> None:
    prepared = scorer().prepare(ORIGINAL, COLOR)

    def arriving() -> Iterator[np.ndarray]:
        yield from [WELL["color"][1]] * (BATCH + 1)
        raise stop

    with pytest.raises(stop):
        prepared.rank(arriving())
    half = prepared.scores([ORIGINAL] * 9)
    next(half)
    half.close()
    assert prepared.rank([WELL["color"][1]])[0].score.bpm == pytest.approx(2.0)


def test_nothing_is_segmented_where_no_sub_score_needs_a_mask() -> None:
    for intent, original, edited in (
        (COLOR, ORIGINAL, draw(TOWER)),  # the car is gone
        (COLOR, draw(TOWER), ORIGINAL),  # there was none
        (STYLE, ORIGINAL, WELL["style"][1]),  # no region at all
    ):
        toy_scorer = scorer()
        score = toy_scorer.score(original, edited, intent)
        assert sum(toy_scorer.models.model(Segmenter).calls) == 0
        assert not score.evidence.original_mask.any()
        prepared = toy_scorer.prepare(original, intent)
        toy_scorer.models.model(Segmenter).calls.clear()
        assert without_time(prepared.score(edited)) == without_time(score)
        assert sum(toy_scorer.models.model(Segmenter).calls) == 0


@pytest.mark.parametrize(("intent", "gone", "flag"), [(COLOR, 0, "source_not_found"), (REMOVE, 1, "source_not_found")])
def test_a_source_that_is_not_there(intent: EditIntent, gone: int, flag: str) -> None:
    without = draw((CAR, TOWER)[1 - gone])
    score = scorer().score(without, WELL["color"][1], intent)
    assert flag in score.flags
    assert score.bpm is None  # what was not measured has no number,
    assert set(vars(score.semantic).values()) == {None}
    assert set(vars(score.region).values()) == {None}
    assert score.confidence == 0.0
    assert score.verdict == Verdict("not_judged", None)
    assert score.evidence.original_mask.sum() == 0
    released = scorer("released").score(without, WELL["color"][1], intent)
    assert released.region.score == 2.0  # by the released code's rule for a missing box
    assert released.confidence == 0.0


def test_an_anchor_that_is_not_there() -> None:
    score = scorer().score(draw(TOWER), draw(TOWER, ("blue", "box", 60, 60)), ADD)
    assert score.flags == ("anchor_not_found",)
    assert (score.region.position, score.region.size, score.region.score) == (None, 1.0, None)
    assert score.semantic.modify > 0.9  # was measured, but is not all that the score is made of
    assert (score.bpm, score.confidence) == (None, 0.0)


def test_sizes_and_boxes_in_pixels_of_the_original() -> None:
    large = np.asarray(PIL.Image.fromarray(ORIGINAL).resize((1000, 1000), PIL.Image.Resampling.NEAREST))
    score = scorer().score(large, WELL["color"][1], COLOR)
    assert score.flags == ("resized",)
    assert score.evidence.original.shape == (512, 512, 3)
    assert score.evidence.content == Content.whole(1000, 1000)
    assert score.regions["original"][0].box == pytest.approx((150, 225, 450, 375), abs=2)
    assert score.semantic.preserve_raw > 0.99


def test_another_aspect_is_flagged_and_stretched() -> None:
    wide = np.asarray(PIL.Image.fromarray(WELL["color"][1]).resize((300, 200), PIL.Image.Resampling.NEAREST))
    score = scorer().score(ORIGINAL, wide, COLOR)
    assert score.flags == ("resized", "aspect_changed")
    assert score.evidence.edited.shape == ORIGINAL.shape
    assert score.bpm > 1.8


def test_words_out_of_the_vocabulary_and_contradictions_are_flagged() -> None:
    edited = WELL["color"][1]
    assert "unknown_words" in scorer().score(ORIGINAL, edited, EditIntent("color", "Red car", "mauve car")).flags
    assert "unknown_words" not in scorer().score(ORIGINAL, edited, EditIntent("color", "Red car", "blue car")).flags
    doubtful = scorer().score(ORIGINAL, edited, EditIntent("color", "car", "car"))
    assert "parse_uncertain" in doubtful.flags
    assert doubtful.semantic.modify is None  # both texts are the same, so they give no direction
    assert doubtful.bpm is None


def test_several_objects_of_the_kind() -> None:
    original = draw(CAR, ("red", "car", 60, 150))
    edited = draw(("blue", "car", 60, 60), ("blue", "car", 60, 150))
    score = scorer().score(original, edited, COLOR)
    assert score.flags == ("several_boxes",)
    assert len(score.regions["original"]) == 2
    assert score.bpm == pytest.approx(2.0)


def test_a_move_without_a_target_means_the_source() -> None:
    score = scorer().score(ORIGINAL, WELL["move"][1], EditIntent("move", "car", None, position="right"))
    assert score.intent.target == "car"
    assert score.bpm > 1.9


def test_intents_that_say_nothing_are_refused() -> None:
    for nothing in (None, "", "  "):
        with pytest.raises(InstructionError, match="names nothing"):
            scorer().score(ORIGINAL, ORIGINAL, EditIntent("other", nothing, nothing))
    with pytest.raises(InstructionError, match="must name a target"):
        scorer().score(ORIGINAL, ORIGINAL, EditIntent("style", "all", "all"))


def test_an_instruction_of_a_global_edit_stands_in_for_its_target(monkeypatch: pytest.MonkeyPatch) -> None:
    toy_scorer = scorer()
    nameless = ParseResult((EditIntent("style", "all", None),), (UNSURE,), confident=False)
    monkeypatch.setattr(toy_scorer, "_read", lambda instruction: nameless)
    score = toy_scorer.score(ORIGINAL, WELL["style"][1], "make it green")
    assert score.semantic.modify > 0.4
    assert score.flags == ("global", "parse_uncertain")


@pytest.mark.parametrize(
    ("parsed", "flag", "remedy"),
    [
        (replace(UNKNOWN, foreign=True), "not_english", "write it in English"),
        (replace(UNKNOWN, confident=True), "not_an_edit", "say what is to be changed into what"),
        (UNKNOWN, "parse_uncertain", "say in English what is to be changed into what"),
    ],
)
@pytest.mark.parametrize("edited", ["style", None])
def test_what_asks_for_no_edit_gets_no_number(
    monkeypatch: pytest.MonkeyPatch, parsed: ParseResult, flag: str, remedy: str, edited: str | None
) -> None:
    """Whatever the pictures show: not even that nothing was edited decides what nobody asked for."""
    toy_scorer = scorer()
    monkeypatch.setattr(toy_scorer, "_read", lambda instruction: parsed)
    picture = WELL[edited][1] if edited else ORIGINAL
    for compat in (None, "paper"):
        for asked in ("Mach das Auto blau", parsed):
            score = toy_scorer.score(ORIGINAL, picture, asked, compat=compat)
            assert flag in score.flags
            assert (score.bpm, score.confidence) == (None, 0.0)
            assert {*vars(score.semantic).values(), *vars(score.region).values()} == {None}
            assert score.verdict == Verdict("not_judged", None)
            assert score.headline.startswith("Not scored: the instruction ")
            assert f"; {remedy}; what can be trusted is " in score.headline
            assert ". " not in score.headline
    assert toy_scorer.score(ORIGINAL, picture, "Mach das Auto blau", compat="released").bpm is not None


def test_an_intent_that_asks_for_nothing_needs_no_words() -> None:
    score = scorer().score(ORIGINAL, WELL["style"][1], EditIntent("other", "all", None))
    assert (score.bpm, score.flags) == (None, ("global", "not_an_edit"))
    named = scorer().score(ORIGINAL, WELL["color"][1], EditIntent("other", "red car", "blue car"))
    assert named.bpm == pytest.approx(2.0)  # the paper's rules need no more than what it was and what it became


def test_of_a_compound_the_part_that_asks_for_nothing_takes_the_number() -> None:
    parsed = ParseResult((COLOR, EditIntent("other", "all", None)), (UNSURE, UNSURE), confident=True)
    score = scorer().score(ORIGINAL, WELL["color"][1], parsed)
    assert score.parts[0].semantic.modify == 1.0
    assert score.parts[1].flags == ("global", "not_an_edit")
    assert (score.bpm, score.verdict.decision) == (None, "not_judged")
    assert scorer().score(ORIGINAL, ORIGINAL, parsed).verdict == Verdict("reject", 0.0)


def test_what_was_parsed_once_is_scored_with_all_its_parts_and_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    toy_scorer = scorer()
    parsed = ParseResult((COLOR, REMOVE), (UNSURE, UNSURE), confident=False, cut_short=True)
    monkeypatch.setattr(toy_scorer, "_read", lambda instruction: parsed)
    edited = draw(("blue", "car", 60, 60))
    assert toy_scorer.parse("paint the car blue, remove the tower") is parsed
    in_words = toy_scorer.score(ORIGINAL, edited, "paint the car blue, remove the tower")
    assert [part.intent for part in in_words.parts] == [COLOR, REMOVE]
    assert in_words.flags == ("parse_uncertain", "cut_short", "compound")
    assert "only the beginning of the instruction was read" in in_words.explanation
    assert without_time(toy_scorer.score(ORIGINAL, edited, parsed)) == without_time(in_words)
    (ranked,) = toy_scorer.prepare(ORIGINAL, parsed, metrics="clip_directional").rank([edited])
    assert ranked.score.flags == in_words.flags
    assert len(toy_scorer.score(ORIGINAL, edited, parsed, compat="released").parts) == 1


def test_released_rules() -> None:
    toy_scorer = scorer(compat="released")
    edited = WELL["color"][1].copy()
    edited[150:, :50] += 40  # which the released code takes for 8
    score = toy_scorer.score(ORIGINAL, edited, COLOR)
    assert score.evidence.original.shape == (500, 500, 3)
    assert 0.9965 < score.semantic.preserve_raw < 0.9985  # ours: 0.99
    assert score == replace(scorer().score(ORIGINAL, edited, COLOR, compat="released"), timings_ms=score.timings_ms)
    nothing = toy_scorer.score(ORIGINAL, ORIGINAL, COLOR)
    assert nothing.region.score == 2.0  # an edit that did not happen earns it
    assert "no_op" in nothing.flags


def test_released_rules_for_every_edit_type() -> None:
    for intent, edited in WELL.values():
        score = scorer(compat="released").score(ORIGINAL, edited, intent)
        assert 0 <= score.bpm <= 2
        assert score.region.score == (None if intent.is_global else 2.0)


def test_an_unknown_compat_is_refused() -> None:
    with pytest.raises(InputError, match="choose paper or released"):
        scorer(compat="theirs")
    assert scorer(compat="paper").score(ORIGINAL, WELL["color"][1], COLOR).bpm == pytest.approx(2.0)


def test_pictures_come_in_every_form(tmp_path: Path) -> None:
    intent, edited = WELL["color"]
    file = tmp_path / "original.png"
    PIL.Image.fromarray(ORIGINAL).save(file)
    buffer = io.BytesIO()
    PIL.Image.fromarray(edited).save(buffer, "PNG")
    forms = [(ORIGINAL, edited), (file, buffer.getvalue()), (str(file), PIL.Image.fromarray(edited))]
    assert [scorer().score(*form, intent).bpm for form in forms] == pytest.approx([2.0] * 3)
    with pytest.raises(ImageError):
        scorer().score(tmp_path / "missing.png", edited, intent)


def test_threads_may_share_a_scorer() -> None:
    toy_scorer = scorer()
    prepared = toy_scorer.prepare(ORIGINAL, COLOR)
    start = threading.Barrier(4)

    def work(index: int) -> list[EditScore]:
        start.wait()
        return [without_time((prepared if index % 2 else toy_scorer).score(*job)) for job in jobs[index % 2]]

    edited = [WELL["color"][1], noisy(ORIGINAL), draw(TOWER)]
    jobs = ([(ORIGINAL, picture, COLOR) for picture in edited], [(picture,) for picture in edited])
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(4)))
    assert all(result == results[0] for result in results)


def test_the_real_stages_fit_together(toy: Bundle) -> None:
    """Detector, Segmenter and Clip as they are, on graphs of a few nodes: what comes out means nothing."""
    toy_scorer = Scorer.load(toy.folder, device="cpu", threads=1)
    for intent, edited in WELL.values():
        score = toy_scorer.score(ORIGINAL, edited, intent)
        assert score.bpm is None or 0 <= score.bpm <= 2
        assert toy_scorer.prepare(ORIGINAL, intent).score(edited).bpm == pytest.approx(score.bpm, abs=1e-6)
        assert score.evidence.original_mask.shape == ORIGINAL.shape[:2]
