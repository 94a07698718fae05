"""Candidates in order: what has a number, then what the pictures show; and what needs no model goes through none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from editjudge import Scorer
from editjudge.backends.onnx.loader import open_model
from editjudge.backends.onnx.session import Session
from editjudge.bundles.bundle import Bundle, GraphFile
from editjudge.models.clip import Clip
from editjudge.models.grounding_dino import Detector
from editjudge.models.model_set import ModelSet
from editjudge.models.sam import Segmenter
from editjudge.ranking import RankedCandidate, best_first
from editjudge.types import EditIntent, Image
from studio.edits.drifts import compress, scale_levels, shift
from support import toy_world
from support.photographs import add_noise, inverted, photographs
from support.scores import mask_of, part_of, score_of
from support.toy_world import COLOR, draw

CAR, TOWER = ("red", "car", 60, 60), ("green", "tower", 150, 140)
ORIGINAL, EDITED = draw(CAR, TOWER), draw(("blue", "car", 60, 60), TOWER)
SWAP = EditIntent("replace", "cat", "dog")
ASTRONAUT, CAT, COFFEE = photographs()
NO_EDITS: dict[str, Image] = {
    "unchanged": ASTRONAUT.copy(),
    "shifted": shift(ASTRONAUT, 2),
    "brighter": scale_levels(ASTRONAUT, 1.05),
    "compressed": compress(ASTRONAUT, 60),
    "noise": add_noise(ASTRONAUT, 25),
    "another picture": CAT,
}
CROPS = {"detector", "sam_encoder", "sam_decoder", "clip_vision"}


def candidate(index: int, bpm: float | None, kind: str = "edit") -> RankedCandidate:
    return RankedCandidate(index, score_of(part_of(COLOR), bpm=bpm, kind=kind))  # type: ignore[arg-type]


def order(*candidates: RankedCandidate) -> list[int]:
    return [one.index for one in best_first(candidates)]


def test_the_better_number_comes_first_and_of_equals_the_first_given() -> None:
    assert order(candidate(0, 0.3), candidate(1, 1.7), candidate(2, 0.9)) == [1, 2, 0]
    assert order(candidate(1, 0.5), candidate(0, 0.5), candidate(2, 0.5)) == [0, 1, 2]


def test_what_could_not_be_judged_comes_after_all_numbers_by_what_the_pictures_show() -> None:
    unreadable = RankedCandidate(0, None, "not a picture")
    unjudged = [
        candidate(1, None, "other_picture"),
        candidate(2, None, "noise"),
        candidate(3, None, "unchanged"),
        candidate(4, None),
    ]
    assert order(unreadable, *unjudged, candidate(5, 0.0), candidate(6, 0.4)) == [6, 5, 4, 3, 2, 1, 0]


def test_of_two_edits_that_could_not_be_judged_the_one_that_changed_less_stands_first() -> None:
    assert order(candidate(1, None), candidate(0, None)) == [0, 1]
    large = score_of(part_of(COLOR), bpm=None, changed=mask_of((0, 0, 50, 50)))
    small = score_of(part_of(COLOR), bpm=None, changed=mask_of((0, 0, 20, 20)))
    assert order(RankedCandidate(0, large), RankedCandidate(1, small)) == [1, 0]


def test_of_equal_numbers_an_edit_stands_before_what_is_none() -> None:
    assert order(candidate(0, 0.0, "other_picture"), candidate(1, 0.0, "unchanged"), candidate(2, 0.0)) == [2, 1, 0]


class CountedSession:
    """A session that notes how many pictures each run is given."""

    def __init__(self, session: Session, role: str, runs: Counter[str]) -> None:
        self._session = session
        self._role = role
        self._runs = runs
        self.placement = session.placement

    def run(self, feeds: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        self._runs[self._role] += 1
        return self._session.run(feeds)


def counted_scorer(toy: Bundle) -> tuple[Scorer, Counter[str]]:
    """A scorer on the real graphs of the toy bundle, and how often each of them ran so far."""
    runs: Counter[str] = Counter()

    def open_counted(graph: GraphFile, device: str, threads: int | None) -> Any:
        return CountedSession(open_model(graph, device, threads), graph.role, runs)

    return Scorer(ModelSet(toy, "cpu", 1, open_session=open_counted)), runs


@pytest.mark.parametrize("name", NO_EDITS)
def test_what_the_pictures_alone_show_goes_through_no_model(toy: Bundle, name: str) -> None:
    scorer, runs = counted_scorer(toy)
    prepared = scorer.prepare(ASTRONAUT, SWAP)
    runs.clear()
    score = prepared.score(NO_EDITS[name])
    assert score.kind != "edit"
    assert score.verdict.decision == "reject"
    assert not runs
    prepared.score(inverted(ASTRONAUT, 150, 150, 200))
    assert runs.keys() <= CROPS
    assert runs


def test_of_a_batch_the_edits_alone_go_through_the_models(toy: Bundle) -> None:
    scorer, runs = counted_scorer(toy)
    prepared = scorer.prepare(ASTRONAUT, SWAP)
    edits = [inverted(ASTRONAUT, 150, 150, 200), inverted(ASTRONAUT, 100, 100, 300)]
    runs.clear()
    prepared.rank(edits)
    alone = Counter(runs)
    runs.clear()
    ranked = prepared.rank([NO_EDITS["shifted"], edits[0], NO_EDITS["noise"], edits[1]])
    assert runs == alone
    assert [one.score is not None and one.score.kind == "edit" for one in ranked] == [True, True, False, False]


def test_in_the_toy_world_no_model_looks_at_what_nobody_edited() -> None:
    scorer = toy_world.scorer()
    prepared = scorer.prepare(ORIGINAL, COLOR)
    models = [scorer.models.model(kind) for kind in (Detector, Segmenter, Clip)]
    for model in models:
        model.calls.clear()  # type: ignore[attr-defined]
    prepared.rank([ORIGINAL, add_noise(ORIGINAL, 12)])
    assert [sum(model.calls) for model in models] == [0, 0, 0]  # type: ignore[attr-defined]
    prepared.rank([ORIGINAL, EDITED])
    assert [sum(model.calls) for model in models] == [1, 1, 1]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", [*NO_EDITS, "edited"])
def test_a_score_alone_prepared_and_ranked_is_one(toy: Bundle, name: str) -> None:
    """Also where nothing was edited, so that the models did not look."""
    scorer = Scorer(ModelSet(toy, "cpu", 1))
    edited = NO_EDITS.get(name, inverted(ASTRONAUT, 150, 150, 200))
    alone = scorer.score(ASTRONAUT, edited, SWAP)
    prepared = scorer.prepare(ASTRONAUT, SWAP)
    (ranked,) = (one for one in prepared.rank([COFFEE, edited]) if one.index == 1)
    assert ranked.score is not None
    for other in (prepared.score(edited), ranked.score):
        assert replace(other, timings_ms={}) == replace(alone, timings_ms={})
