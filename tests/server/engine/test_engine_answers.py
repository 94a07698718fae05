"""What the engine answers is what the Scorer says, whatever goes through the models together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from editjudge import Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.datasets.demo import DemoInput, load_demo
from editjudge.errors import InputError
from editjudge.metrics.dice.difference import PictureDifferences
from editjudge.ranking import RankedCandidate
from editjudge.server.engine.engine import Engine
from editjudge.server.engine.request import ScoringRequest
from support.engine_runs import SECONDS, SWAP, agree, ask, edited, open_engine, original

COLOUR, REMOVAL = (next(one for one in load_demo() if one.id == name) for name in ("color", "remove"))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(bundle="studio") as engine:
        yield engine


@pytest.fixture(scope="module")
def scorer() -> Iterator[Scorer]:
    with Scorer.load("studio", "cpu") as scorer:
        yield scorer


def files(edit: DemoInput) -> tuple[bytes, ...]:
    return tuple(candidate.file.read_bytes() for candidate in edit.candidates)


def request(edit: DemoInput, *pictures: bytes, kind: str = "score", **fields: object) -> ScoringRequest:
    return ScoringRequest(kind, edit.original.read_bytes(), pictures or files(edit), edit.instruction, **fields)  # type: ignore[arg-type]


def answer(engine: Engine, asked: ScoringRequest) -> tuple[RankedCandidate, ...]:
    found = engine.submit(asked).result(SECONDS)
    assert not isinstance(found, PictureDifferences)
    return found


@pytest.mark.parametrize("edit", [COLOUR, REMOVAL], ids=lambda edit: edit.id)
def test_scores_of_the_demo_are_those_of_the_scorer(engine: Engine, scorer: Scorer, edit: DemoInput) -> None:
    futures = [engine.submit(request(edit, picture)) for picture in files(edit)]
    for picture, future in zip(files(edit), futures, strict=True):
        (candidate,) = future.result(SECONDS)
        assert agree(candidate.score, scorer.score(edit.original, picture, edit.instruction))
    for index, candidate in enumerate(answer(engine, request(edit))):
        assert candidate.index == index
        assert agree(candidate.score, scorer.score(edit.original, files(edit)[index], edit.instruction))


def test_a_ranking_is_that_of_the_scorer(engine: Engine, scorer: Scorer) -> None:
    prepared = scorer.prepare(COLOUR.original, COLOUR.instruction)
    expected = prepared.rank(files(COLOUR))
    found = answer(engine, request(COLOUR, kind="rank"))
    assert [one.index for one in found] == [one.index for one in expected]
    assert all(agree(one.score, other.score) for one, other in zip(found, expected, strict=True) if other.score)
    expected = prepared.rank(files(COLOUR), best=1)
    found = answer(engine, request(COLOUR, kind="rank", best=1))
    assert [(one.index, one.left_out) for one in found] == [(one.index, one.left_out) for one in expected]
    assert any(one.left_out for one in found)


def test_what_is_asked_besides_is_measured(engine: Engine, scorer: Scorer) -> None:
    picture = files(COLOUR)[1]
    (candidate,) = answer(engine, request(COLOUR, picture, metrics=("l2", "clip_i"), compat="released"))
    expected = scorer.score(COLOUR.original, picture, COLOUR.instruction, "released", metrics=("l2", "clip_i"))
    assert agree(candidate.score, expected)
    (candidate,) = answer(engine, request(COLOUR, picture, metrics=("all",)))
    expected = scorer.score(COLOUR.original, picture, COLOUR.instruction, metrics="all")
    assert candidate.score
    assert candidate.score.metrics.keys() == expected.metrics.keys()
    assert len(expected.metrics) > 5


def test_differences_are_those_of_the_scorer(engine: Engine, scorer: Scorer) -> None:
    picture = files(REMOVAL)[2]
    for instruction in (REMOVAL.instruction, None):
        asked = ScoringRequest("differences", REMOVAL.original.read_bytes(), (picture,), instruction)
        found, expected = (
            engine.submit(asked).result(SECONDS),
            scorer.differences(REMOVAL.original, picture, instruction),
        )
        assert found == expected
        assert isinstance(found, PictureDifferences)
        assert not found.evidence.original.size
        assert found.evidence.content == expected.evidence.content


def test_a_budget_of_time_is_kept_to(engine: Engine) -> None:
    hurried = answer(engine, request(COLOUR, files(COLOUR)[0], budget_ms=1.0))
    assert hurried[0].score
    assert hurried[0].score.left_out
    ranked = answer(engine, request(COLOUR, kind="rank", budget_ms=1.0))
    assert sorted(one.index for one in ranked) == list(range(len(files(COLOUR))))
    assert any(one.left_out for one in ranked)
    ample = answer(engine, request(COLOUR, kind="rank", budget_ms=60_000.0))
    assert not any(one.left_out or one.error for one in ample)


def test_evidence_is_kept_only_for_who_asks_for_it() -> None:
    with open_engine() as engine:
        for kind in ("score", "rank"):
            for fields in ({}, {"budget_ms": 60_000.0}):
                for keeps in (True, False):
                    found = answer(engine, ask(20, 30, kind=kind, keeps_evidence=keeps, **fields))
                    assert all(one.score and bool(one.score.evidence.original.size) == keeps for one in found)
        for keeps in (True, False):
            differences = engine.submit(ask(20, kind="differences", keeps_evidence=keeps)).result(SECONDS)
            assert isinstance(differences, PictureDifferences)
            assert bool(differences.evidence.original.size) == keeps


def test_the_engine_says_which_bundle_it_has(toy: Bundle) -> None:
    with open_engine() as engine:
        digest = hashlib.sha256((toy.folder / "bundle.toml").read_bytes()).hexdigest()
        assert (engine.bundle_hash, engine.device, engine.waiting) == (f"sha256:{digest}", "cpu", 0)


def test_what_cannot_be_asked_is_told_to_who_asks() -> None:
    asked = [
        (ScoringRequest("score", original(), (), SWAP), "nothing to compare"),
        (ask(20, 30, kind="differences"), "nothing to compare"),
        (ask(20, instruction=None), "instruction"),
        (ask(20, metrics=("beauty",)), "no metric 'beauty'"),
        (ask(20, metrics=("llama:/etc/passwd",)), "judge"),
        (ask(20, kind="rank", best=1, budget_ms=5.0), "choose one of them"),
        (ask(20, kind="rank", best=0), "best"),
        (ask(20, budget_ms=-1.0), "budget_ms"),
        (ask(20, compat="new"), "compat"),
    ]
    with open_engine() as engine:
        for request_, said in asked:
            with pytest.raises(InputError, match=said):
                engine.submit(request_).result(SECONDS)
        assert answer(engine, ScoringRequest("score", original(), (edited(20),), SWAP))[0].score
