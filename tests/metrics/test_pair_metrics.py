"""The metrics by embeddings of edits: their numbers by hand, when there is none, and what they say of the edit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from editjudge import BundleError, EditIntent, EditScore, Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.cli.main import run
from editjudge.image.vectors import cosine
from editjudge.metrics import METRICS
from editjudge.metrics.base import MetricResult
from editjudge.models.clip import Clip
from editjudge.models.model_set import ModelSet
from editjudge.models.pair.edit_clip import EditClip
from editjudge.parser.calibration import UNSURE
from editjudge.parser.result import ParseResult
from support.pair_bundle import make_pair_bundle

NAMES = ("vifi_clip", "edit_clip")
BLACK, RED = (np.full((48, 64, 3), colour, np.uint8) for colour in ((0, 0, 0), (255, 0, 0)))
CAT = EditIntent("color", "cat", "blue cat")
WHOLE = EditIntent("style", "all", "cat")
"""Of which another colour of the whole picture is an edit, and no drift."""


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    bundle = make_pair_bundle(tmp_path_factory.mktemp("pair") / "bundle", roles=["edit_clip"])
    return Scorer.load(bundle.folder, "cpu", 1)


def asked(instruction: str | None, intent: EditIntent = CAT) -> ParseResult:
    """What a parser would say, which the toy bundle does not have."""
    return ParseResult((intent,), (UNSURE,), confident=True, instruction=instruction)


def measured(score: EditScore) -> dict[str, float | None]:
    return {name: result.value for name, result in score.metrics.items()}


def test_by_hand(scorer: Scorer) -> None:
    """Black is (-2, -2, -2) to the toy's CLIP, red (2, -2, -2): together (0, -2, -2), and red adds (4, 0, 0).

    [CLS] cat [EOS] is (3, 1, 0).
    """
    score = scorer.score(BLACK, RED, asked("cat"), metrics=NAMES)
    cat = np.array([3, 1, 0])
    assert score.metrics["vifi_clip"] == MetricResult(pytest.approx(cosine(np.array([0, -2, -2]), cat), abs=1e-6))
    edit = score.metrics["edit_clip"]
    assert edit.value == pytest.approx(3 / np.sqrt(10), abs=1e-6)
    assert edit.parts == {"reversed": pytest.approx(-3 / np.sqrt(10), abs=1e-6)}
    assert edit.flags == ()
    assert "contrary" not in score.flags


def test_the_other_way_round(scorer: Scorer) -> None:
    """ViFi-CLIP says the same; the directed one says that it went against the words, and so does the score."""
    there = scorer.score(BLACK, RED, asked("cat", WHOLE), metrics=NAMES)
    back = scorer.score(RED, BLACK, asked("cat", WHOLE), metrics=NAMES)
    assert back.metrics["vifi_clip"].value == pytest.approx(there.metrics["vifi_clip"].value, abs=1e-6)
    assert back.metrics["edit_clip"].value == pytest.approx(-3 / np.sqrt(10), abs=1e-6)
    assert back.metrics["edit_clip"].flags == ("contrary",)
    without = scorer.score(RED, BLACK, asked("cat", WHOLE))
    assert "contrary" not in without.flags
    assert set(back.flags) == {*without.flags, "contrary"}
    report = json.loads(json.dumps(back.to_dict()))
    assert report["flags"] == list(back.flags)
    assert report["metric_details"]["edit_clip"]["flags"] == ["contrary"]


def test_what_is_no_edit_goes_against_nothing(scorer: Scorer) -> None:
    """Of a thing in the picture another tone of all of it is drift, whatever it looks like backwards."""
    score = scorer.score(RED, BLACK, asked("cat"), metrics=["edit_clip"])
    assert "no_op" in score.flags
    assert score.metrics["edit_clip"].value < score.metrics["edit_clip"].parts["reversed"]
    assert score.metrics["edit_clip"].flags == ()
    assert "contrary" not in score.flags


def test_what_asks_for_no_edit_has_no_number(scorer: Scorer) -> None:
    """Neither a question nor another language is compared, though the encoder would give a number of anything."""
    for flag in ("not_english", "not_an_edit"):
        words = replace(asked("cat", EditIntent("other", "all", None)), foreign=flag == "not_english")
        score = scorer.score(RED, BLACK, words, metrics=["edit_clip"])
        assert flag in score.flags
        assert score.metrics["edit_clip"].value is None
        assert score.metrics["edit_clip"].flags == (flag,)
        assert "contrary" not in score.flags


@pytest.mark.parametrize(("contrary", "raised"), [(1.89, True), (1.9, False)])
def test_how_much_more_the_reversal_must_fit(contrary: float, raised: bool, tmp_path: Path) -> None:
    """Twice 3 / sqrt(10), 1.897, lies between the edit and its reversal."""
    scorer = Scorer.load(make_pair_bundle(tmp_path / "bundle", contrary=contrary).folder, "cpu", 1)
    assert ("contrary" in scorer.score(RED, BLACK, asked("cat", WHOLE), metrics=["edit_clip"]).flags) is raised


def test_flags_keep_their_order_and_none_is_lost(scorer: Scorer) -> None:
    small = RED[:24, :24]
    without = scorer.score(RED, small // 2, asked("cat", WHOLE))
    score = scorer.score(RED, small // 2, asked("cat", WHOLE), metrics=["edit_clip"])
    assert "aspect_changed" in without.flags
    assert [flag for flag in score.flags if flag != "contrary"] == list(without.flags)
    assert score.flags.index("contrary") < score.flags.index("aspect_changed")


def test_nothing_changed(scorer: Scorer) -> None:
    """An edit that is none has no direction: as far from every text as from its opposite."""
    score = scorer.score(RED, RED.copy(), asked("cat"), metrics=NAMES)
    assert score.metrics["edit_clip"].value == 0.0
    assert score.metrics["edit_clip"].flags == ()
    assert score.metrics["vifi_clip"].value == pytest.approx(
        cosine(np.array([2, -2, -2]), np.array([3, 1, 0])), abs=1e-6
    )


def test_without_an_instruction_in_words(scorer: Scorer) -> None:
    for request in (CAT, asked(None)):
        score = scorer.score(RED, BLACK, request, metrics=NAMES)
        assert measured(score) == dict.fromkeys(NAMES)
        for result in score.metrics.values():
            assert result.explanation == "Not measured: there is no instruction in words."
            assert result.flags == ()


def test_of_what_the_bundle_was_not_made_for(scorer: Scorer) -> None:
    """A zebra is not among the toy's words. ViFi-CLIP is measured as its authors do."""
    score = scorer.score(RED, BLACK, asked("zebra", EditIntent("color", "zebra", "blue zebra")), metrics=NAMES)
    assert {"out_of_domain", "unknown_words"} <= set(score.flags)
    assert score.metrics["edit_clip"].value is None
    assert score.metrics["edit_clip"].flags == ("out_of_domain",)
    assert score.metrics["edit_clip"].explanation.startswith("Not measured: the bundle was not made for such")
    assert score.metrics["vifi_clip"].value is not None
    assert "contrary" not in score.flags


def test_300_words_are_cut_and_flagged(scorer: Scorer) -> None:
    """edit_clip reads eight tokens here, the toy's CLIP six; two of them are [CLS] and [EOS]."""
    score = scorer.score(BLACK, RED, asked("cat " * 300), metrics=NAMES)
    assert [score.metrics[name].flags for name in NAMES] == [("cut_short",), ("cut_short",)]
    assert score.metrics["edit_clip"].value == pytest.approx(cosine(np.array([1, 0, 0]), np.array([8, 6, 0])), abs=1e-6)
    assert "cut_short" not in score.flags  # it is this number that rests on less, not the score
    assert scorer.score(BLACK, RED, asked("cat " * 4), metrics=["vifi_clip"]).metrics["vifi_clip"].flags == ()


def test_pictures_of_other_sizes_are_compared_in_the_frame(scorer: Scorer) -> None:
    large = np.zeros((1200, 1600, 3), np.uint8)
    assert measured(scorer.score(large, RED, asked("cat"), metrics=["edit_clip"])) == {
        "edit_clip": pytest.approx(3 / np.sqrt(10), abs=1e-6)
    }


def test_in_a_ranking(scorer: Scorer) -> None:
    ranked = scorer.prepare(BLACK, asked("cat"), metrics=NAMES).rank([RED, BLACK.copy(), 255 - RED])
    by_index = {one.index: one.score for one in ranked}
    assert by_index[0].metrics["edit_clip"].value == pytest.approx(3 / np.sqrt(10), abs=1e-6)
    assert by_index[1].metrics["edit_clip"].value == 0.0
    assert by_index[2].metrics["edit_clip"].value == pytest.approx(cosine(np.array([0, 4, 4]), np.array([3, 1, 0])))
    assert [("contrary" in by_index[index].flags) for index in range(3)] == [False, False, False]


def test_by_the_rules_of_the_paper(scorer: Scorer) -> None:
    for compat in ("paper", "released"):
        score = scorer.score(RED, BLACK, asked("cat"), compat, metrics=["edit_clip"])
        assert score.metrics["edit_clip"].value == pytest.approx(-3 / np.sqrt(10), abs=1e-6)


def test_a_bundle_without_the_model(toy: Bundle, studio: Bundle) -> None:
    plain = Scorer.load(toy.folder, "cpu", 1)
    assert list(measured(plain.score(BLACK, RED, asked("cat"), metrics="all"))).count("edit_clip") == 0
    with pytest.raises(
        BundleError,
        match=r"metric edit_clip needs a model of role edit_clip, which bundle toy lacks; train one for its CLIP "
        r"\(models/pair\), or choose a bundle that has it",
    ):
        plain.score(BLACK, RED, asked("cat"), metrics=["edit_clip"])


def test_in_the_studio_bundle(studio: Bundle, grey_edit: tuple[Path, Path], capfd: pytest.CaptureFixture[str]) -> None:
    """In the JSON of `score`, as by hand from CLIP's features; the text is the instruction as it stands."""
    text = "make the picture brighter"
    assert run(["score", *map(str, grey_edit), text, "--json", "--metrics", "vifi_clip"]) == 0
    report = json.loads(capfd.readouterr().out)
    clip = ModelSet(studio, "cpu", 1).model(Clip)
    pictures = [np.full((32, 48, 3), shade, np.uint8) for shade in (90, 160)]
    expected = cosine(clip.images(pictures).mean(axis=0), clip.texts([text])[0])
    assert report["metrics"] == {"vifi_clip": pytest.approx(expected, abs=1e-5)}


def test_photographs_are_not_for_the_studio_bundle(tmp_path: Path, studio: Bundle) -> None:
    """Its own pair model would not know them: no number of it, but one of what any CLIP gives."""
    folder = tmp_path / "studio"
    bundle = with_edit_clip(studio, folder)
    photograph = data.astronaut()
    edited = photograph.copy()
    edited[200:300, 200:300] = (20, 20, 220)
    with Scorer.load(bundle, "cpu", 1) as scorer:
        score = scorer.score(photograph, edited, asked("add a box", EditIntent("add", None, "box")), metrics=NAMES)
    assert "unknown_picture" in score.flags
    assert score.metrics["edit_clip"].value is None
    assert score.metrics["edit_clip"].flags == ("out_of_domain",)
    assert isinstance(score.metrics["vifi_clip"].value, float)


def with_edit_clip(studio: Bundle, folder: Path) -> Path | str:
    """The studio bundle, with the toy's graph where it does not have one of its own."""
    if studio.has("edit_clip"):
        return "studio"
    pair = make_pair_bundle(folder / "pair", roles=["edit_clip"])
    whole = folder / "whole"
    whole.mkdir()
    for source in (studio, pair):
        for entry in source.files:
            if entry.path is not None and (source is studio or entry.role.startswith("edit_clip")):
                (whole / entry.path).parent.mkdir(exist_ok=True, parents=True)
                (whole / entry.path).write_bytes((source.folder / entry.path).read_bytes())
    for document in studio.documents:
        (whole / document.path).parent.mkdir(exist_ok=True, parents=True)
        (whole / document.path).write_bytes((studio.folder / document.path).read_bytes())
    text = (pair.folder / "bundle.toml").read_text(encoding="utf-8")
    manifest = (studio.folder / "bundle.toml").read_text(encoding="utf-8") + text[text.index("\n[edit_clip]") :]
    (whole / "bundle.toml").write_text(manifest, encoding="utf-8")
    return whole


def test_what_they_are() -> None:
    specs = {metric.spec.name: metric.spec for metric in METRICS if metric.spec.name in NAMES}
    assert tuple(specs) == NAMES
    for spec in specs.values():
        assert spec.range == (-1.0, 1.0)
        assert spec.higher_is_better
        assert not spec.reads_intent
    assert specs["vifi_clip"].roles == ("clip_vision", "clip_text")
    assert specs["edit_clip"].roles == ("edit_clip", "edit_clip_text", "edit_clip_tokenizer")


def test_the_pair_goes_through_clip_once_for_both_ways(scorer: Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    clip, encoder = scorer.models.model(Clip), scorer.models.model(EditClip)
    monkeypatch.setattr(encoder, "_clip", replace_images(clip, seen))
    scorer.score(BLACK, RED, asked("cat"), metrics=["edit_clip"])
    assert seen == [2]


def replace_images(clip: Clip, seen: list[int]) -> object:
    class Counted:
        @staticmethod
        def images(crops: list[np.ndarray]) -> np.ndarray:
            seen.append(len(crops))
            return clip.images(crops)

    return Counted()


def test_a_bundles_own_vifi_clip_is_asked(tmp_path: Path) -> None:
    """The toy's weighs the first frame by a quarter, the second by three: of black and red that is red."""
    scorer = Scorer.load(make_pair_bundle(tmp_path / "bundle", roles=["vifi_clip"]).folder, "cpu", 1)
    score = scorer.score(BLACK, RED, asked("cat"), metrics=["vifi_clip"])
    assert score.metrics["vifi_clip"].value == pytest.approx(3 / np.sqrt(10), abs=1e-6)
    assert scorer.placements.keys() >= {"vifi_clip", "vifi_clip_text"}
