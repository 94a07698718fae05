"""What goes wrong with one request is told to it, and to no other; the threads go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from editjudge import Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.errors import ImageError, OutOfMemoryError
from editjudge.models.clip import Clip
from editjudge.models.model_set import ModelSet
from editjudge.server.engine.engine import Engine
from editjudge.server.engine.request import ScoringRequest
from editjudge.server.options import RequestLimits, ServiceOptions
from editjudge.types import Image
from support.engine_runs import SECONDS, SWAP, ask, edited, encode, open_engine, open_held, original, picture

LARGE = 63 * 64
"""Pixels: fewer than the pictures have."""
BROKEN = original()[:200]


class FailingClip:
    """The toy's CLIP. It fails at pictures in which a colour is that nobody draws."""

    BAD = (1, 2, 3)

    def __init__(self, clip: Clip, error: BaseException) -> None:
        self._clip, self._error = clip, error

    def images(self, images: Sequence[Image]) -> Any:
        if any((image == self.BAD).all(axis=2).any() for image in images):
            raise self._error
        return self._clip.images(images)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clip, name)


def bad_edit() -> bytes:
    """A picture that FailingClip fails at."""
    image = picture(0).copy()
    image[4:40, 8:44] = FailingClip.BAD
    return encode(image)


@pytest.fixture
def engine() -> Iterator[Engine]:
    with open_engine() as engine:
        yield engine


def test_a_picture_that_cannot_be_read_has_its_error_and_the_others_their_scores(engine: Engine) -> None:
    for kind, expected in (("score", [None, 20, None, 30]), ("rank", None)):
        for fields in ({}, {"best": 1}, {"budget_ms": 60_000.0}):
            pictures = (b"no picture", edited(20), BROKEN, edited(30))
            asked = ScoringRequest(kind, original(), pictures, SWAP, **fields)  # type: ignore[arg-type]
            found = engine.submit(asked).result(SECONDS)
            unread = {one.index: one.error for one in found if one.error}
            assert unread.keys() == {0, 2}
            assert "not a picture" in unread[0]
            assert all(one.score or one.left_out for one in found if one.index in (1, 3))
            if expected is None:
                assert [one.index for one in found[2:]] == [0, 2]
            else:
                assert [one.index for one in found] == [0, 1, 2, 3]


def test_where_no_candidate_can_be_read_each_says_why(engine: Engine) -> None:
    for fields in ({}, {"best": 1}, {"budget_ms": 60_000.0}):
        asked = ScoringRequest("rank", original(), (b"no picture", BROKEN), SWAP, **fields)  # type: ignore[arg-type]
        found = engine.submit(asked).result(SECONDS)
        assert [(one.index, one.score, bool(one.error)) for one in found] == [(0, None, True), (1, None, True)]


@pytest.mark.parametrize("kind", ["score", "rank", "differences"])
def test_an_original_that_cannot_be_read_is_told_to_all_who_sent_it(kind: Any) -> None:
    with open_held() as (engine, scorer):
        with scorer.held(engine, ask(20, seed=9)):
            asked = [ScoringRequest(kind, BROKEN, (edited(side),), SWAP) for side in (20, 30)]
            asked.append(ScoringRequest(kind, BROKEN, (edited(20),), SWAP, budget_ms=60_000.0))
            futures = [engine.submit(request) for request in asked]
            good = engine.submit(ask(20))
        for future in futures:
            with pytest.raises(ImageError):
                future.result(SECONDS)
        assert good.result(SECONDS)


def test_a_picture_of_more_pixels_than_may_be_is_not_decoded() -> None:
    with open_engine(limits=RequestLimits(max_pixels=LARGE)) as engine:
        small = encode(picture(0)[:60, :60])
        for asked in (ask(20), ask(20, budget_ms=60_000.0), ask(20, kind="differences")):
            with pytest.raises(ImageError, match="more than the limit of 4,032"):
                engine.submit(asked).result(SECONDS)
        for fields in ({}, {"budget_ms": 60_000.0}):
            asked = ScoringRequest("rank", small, (edited(20), small), SWAP, **fields)  # type: ignore[arg-type]
            found = engine.submit(asked).result(SECONDS)
            assert [one.index for one in found] == [1, 0]
            assert "more than the limit" in str(found[1].error)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (RuntimeError("a fault of ours"), RuntimeError),
        (MemoryError("no room"), OutOfMemoryError),
        (KeyboardInterrupt("as from a signal"), KeyboardInterrupt),
    ],
    ids=["bug", "memory", "interrupt"],
)
def test_what_the_models_fail_at_is_told_to_its_request_alone(
    toy: Bundle, error: BaseException, raised: type[BaseException]
) -> None:
    def open_failing(options: ServiceOptions) -> Scorer:
        models = ModelSet(toy, "cpu", 1)
        clip = FailingClip(models.model(Clip), error)
        return Scorer(ModelSet(toy, "cpu", 1, models={Clip: clip}))

    with open_engine(open_failing, inference_threads=1) as engine:
        ranking = ScoringRequest("rank", original(), (edited(20), edited(30), bad_edit()), SWAP)
        alone = ScoringRequest("score", original(), (bad_edit(),), SWAP)
        asked = [ask(*range(10, 18), kind="rank", seed=7), ask(20), alone, ask(21), ranking, ask(22)]
        futures = [engine.submit(request) for request in asked]
        for request, future in zip(asked, futures, strict=True):
            if bad_edit() in request.edited:
                with pytest.raises(raised):
                    future.result(SECONDS)
            elif not isinstance(error, KeyboardInterrupt):
                assert all(one.score for one in future.result(SECONDS))
        assert engine.submit(ask(23)).result(SECONDS)[0].score
        assert engine.drain(SECONDS)


def test_pictures_of_other_sizes_and_kinds_do_not_harm_each_other(engine: Engine) -> None:
    wide = encode(np.zeros((40, 200, 3), np.uint8))
    asked = ScoringRequest("score", original(), (wide, edited(20), original()), SWAP)
    kinds = [one.score.kind for one in engine.submit(asked).result(SECONDS)]
    assert kinds[1:] == ["edit", "unchanged"]
    assert len(kinds) == 3
