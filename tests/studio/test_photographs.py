"""The demo of photographs: what the embedded bundle says of what it does not know, against what was done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from editjudge import Scorer
from editjudge.datasets.demo import DemoCandidate, DemoInput, load_photographs
from editjudge.image.decode import load_image
from editjudge.metrics.registry import EditScore
from editjudge.types import Image
from photographs.make_demo import make
from photographs.sources import are_fetched

TRUTH = Path(__file__).parents[1] / "fixtures" / "photograph_edits.npz"
WELL = "well done"
LEAST_IOU, LEAST_IOU_WELL = 0.4, 0.8
"""Between where a picture changed and where it is said to have: of any edit, and of a well done one."""
MEAN_LEVELS = 1.0
"""By which pictures made anew may differ from those that are kept, as other versions of OpenCV round otherwise."""
UNKNOWN = ("What became of the ", "Whether the picture was changed as asked is not known")

Judged = tuple[DemoInput, DemoCandidate, EditScore]


@pytest.fixture(scope="module")
def truth() -> dict[str, NDArray[np.generic]]:
    with np.load(TRUTH) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    """All candidates, in the order of the ranking."""
    scorer = Scorer.load("studio", device="cpu", threads=2)
    return list(_judge(scorer))


def _judge(scorer: Scorer) -> Iterator[Judged]:
    for demo in load_photographs():
        for ranked in scorer.prepare(demo.original, demo.instruction).rank([one.file for one in demo.candidates]):
            assert ranked.score is not None
            yield demo, demo.candidates[ranked.index], ranked.score


def _kind(truth: dict[str, NDArray[np.generic]], candidate: DemoCandidate) -> str:
    return str(truth[f"kind/{candidate.file.name}"])


def test_what_happened_to_each_is_told_by_its_pixels(
    judged: list[Judged], truth: dict[str, NDArray[np.generic]]
) -> None:
    told = {candidate.file.name: score.kind for _, candidate, score in judged}
    assert told == {name.removeprefix("kind/"): str(kind) for name, kind in truth.items() if name.startswith("kind/")}
    assert set(told.values()) == {"edit", "unchanged", "noise", "other_picture"}
    for _, _, score in judged:
        assert ("no_op" in score.flags) == (score.kind in {"unchanged", "noise"})
        assert score.verdict.decision == ("not_judged" if score.kind == "edit" else "reject")


def test_where_each_changed_is_where_it_was_changed(
    judged: list[Judged], truth: dict[str, NDArray[np.generic]]
) -> None:
    for _, candidate, score in judged:
        if score.kind == "edit":
            height, width = load_image(candidate.file).shape[:2]
            bits = np.unpackbits(truth[f"changed/{candidate.file.name}"].astype(np.uint8))[: height * width]
            true = bits.reshape(height, width).astype(bool)
            said = score.evidence.changes.resize_mask(height, width)
            iou = np.count_nonzero(true & said) / np.count_nonzero(true | said)
            least = LEAST_IOU_WELL if candidate.label == WELL else LEAST_IOU
            assert iou >= least, (candidate.file.name, candidate.label, round(iou, 2))


def test_nothing_has_a_number_or_a_fact_about_objects_that_the_bundle_does_not_know(judged: list[Judged]) -> None:
    for _, _, score in judged:
        assert score.bpm is None
        assert score.confidence == 0
        assert "out_of_domain" in score.flags
        assert [row.value for row in score.sub_scores if row.value is not None] == []
        assert score.verdict.probability == (None if score.kind == "edit" else 0.0)
        if score.kind == "edit":
            assert score.headline.startswith("Not scored: ")
            assert "what can be trusted is where it changed: " in score.headline
            assert score.explanation.startswith(UNKNOWN)
            assert score.explanation.split(";")[0].endswith("is not known")
        else:  # which pixels alone tell, so that what the models do not know casts no doubt on it
            assert score.headline.removeprefix("Reject: ").casefold() == score.explanation.casefold()


def test_the_headline_and_the_explanation_name_one_place(judged: list[Judged]) -> None:
    for _, candidate, score in judged:
        if score.kind == "edit":
            where = score.headline.split("of the picture, ")[1].split(";")[0].rstrip(".")
            first = score.explanation.split(". ")[0].rstrip(".")
            assert first.endswith(f", {where}"), (candidate.file.name, score.headline, score.explanation)


def test_edits_come_before_what_is_none(judged: list[Judged]) -> None:
    better = ["edit", "unchanged", "noise", "other_picture"]
    for demo in load_photographs():
        kinds = [better.index(score.kind) for one, _, score in judged if one == demo]
        assert kinds == sorted(kinds)
        assert kinds[0] == 0


@pytest.mark.skipif(not are_fetched(), reason="the photographs are fetched by models/photographs/make_demo.py")
def test_the_pictures_are_made_anew_by_their_script(truth: dict[str, NDArray[np.generic]]) -> None:
    folder = load_photographs()[0].original.parent
    known: dict[str, NDArray[np.generic]] = {}
    files = make(known)
    assert set(files) == {path.name for path in folder.iterdir()} - {"NOTICE.md"}
    for name, content in files.items():
        kept = (folder / name).read_bytes()
        if name.endswith(".toml"):
            assert content == kept
        else:
            gap = np.abs(_decode(content).astype(np.int16) - _decode(kept)).mean()
            assert gap <= MEAN_LEVELS, name
    assert set(known) == set(truth)
    for name, value in known.items():
        if name.startswith("changed/"):
            same = np.unpackbits(value.astype(np.uint8)) == np.unpackbits(truth[name].astype(np.uint8))
            assert same.mean() >= 0.99, name
        else:
            assert value == truth[name], name


def _decode(content: bytes) -> Image:
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR), np.uint8)
