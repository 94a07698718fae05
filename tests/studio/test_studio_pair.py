"""The studio's embedding of edits on scenes of held-out seeds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from editjudge import EditIntent, Scorer
from editjudge.types import Image
from studio.edits.edit import EDIT_KINDS, EDIT_RULES, random_edit
from studio.renderer.scene import render

COUNT = 96


@dataclass(frozen=True)
class Pair:
    """An edit that is well done, and how it was asked for."""

    original: Image
    edited: Image
    instruction: str
    intent: EditIntent


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load("studio", device="cpu", threads=2)


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    """Edits of all kinds in turn."""
    found = []
    for index in range(COUNT):
        rng = np.random.default_rng([31, index])
        edit = random_edit(rng, replace(EDIT_RULES, held_out=True), EDIT_KINDS[index % len(EDIT_KINDS)])
        pictures = (render(scene, 320).image for scene in (edit.original, edit.edited))
        found.append(Pair(*pictures, edit.instruction, edit.intent))
    return found


def embed(scorer: Scorer, pairs: list[Pair], encoder: str, *, reverse: bool = False) -> np.ndarray:
    ends = [(pair.edited, pair.original) if reverse else (pair.original, pair.edited) for pair in pairs]
    return np.stack([scorer.embed_edit(*pictures, encoder=encoder) for pictures in ends])


def embed_words(scorer: Scorer, pairs: list[Pair], encoder: str) -> np.ndarray:
    return np.stack([scorer.embed_instruction(pair.instruction, encoder=encoder) for pair in pairs])


def test_an_edit_fits_its_instruction_better_than_its_reversal_does(scorer: Scorer, pairs: list[Pair]) -> None:
    words = embed_words(scorer, pairs, "edit_clip")
    forward, backward = (
        (words * embed(scorer, pairs, "edit_clip", reverse=reverse)).sum(axis=1) for reverse in (False, True)
    )
    assert np.mean(forward > backward) > 0.93  # 0.98 of a thousand; two standard errors of these
    assert np.mean(forward - backward) > 0.3


def test_vifi_clip_does_not_know_which_picture_comes_first(scorer: Scorer, pairs: list[Pair]) -> None:
    forward, backward = (embed(scorer, pairs[:24], "vifi_clip", reverse=reverse) for reverse in (False, True))
    np.testing.assert_allclose(forward, backward, atol=1e-5)


def test_an_instruction_finds_its_edit(scorer: Scorer, pairs: list[Pair]) -> None:
    cosines = embed_words(scorer, pairs, "edit_clip") @ embed(scorer, pairs, "edit_clip").T
    ranks = 1 + (cosines > np.diag(cosines)[:, None]).sum(axis=1)
    styles = np.array([pair.intent.edit_type == "style" for pair in pairs])  # six of them, in twelve edits
    assert np.mean(ranks[~styles] <= 3) > 0.85
    assert np.median(ranks) <= 2


def test_an_edit_that_was_done_backwards_is_flagged(scorer: Scorer, pairs: list[Pair]) -> None:
    removed = [pair for pair in pairs if pair.intent.edit_type == "remove"]
    backwards = [
        scorer.score(pair.edited, pair.original, pair.instruction, metrics="edit_clip") for pair in removed[:6]
    ]
    done = [scorer.score(pair.original, pair.edited, pair.instruction, metrics="edit_clip") for pair in removed[:6]]
    judged = [score for score in backwards if score.metrics["edit_clip"].value is not None]
    assert len(judged) >= 4
    assert all("contrary" in score.metrics["edit_clip"].flags and "contrary" in score.flags for score in judged)
    assert not any("contrary" in score.metrics["edit_clip"].flags for score in done)
