"""How an engine begins and ends: nothing that was taken is lost in silence."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from editjudge import Scorer
from editjudge.errors import InputError
from editjudge.server.engine.engine import Engine
from editjudge.server.engine.refusal import NotReadyError
from editjudge.server.options import ServiceOptions
from support.engine_runs import SECONDS, TOY, HeldScorer, ask, open_engine, open_held, wait_until

NAMES = "editjudge-inference"


@pytest.fixture
def running() -> Callable[[], list[str]]:
    """Names the threads of engines that were not there before the test, in which others may still be open."""
    before = set(threading.enumerate())
    return lambda: [one.name for one in set(threading.enumerate()) - before if one.name.startswith(NAMES)]


def test_while_the_models_are_opened_nothing_is_taken(running: Callable[[], list[str]]) -> None:
    go = threading.Event()

    def open_late(options: ServiceOptions) -> Scorer:
        assert go.wait(SECONDS)
        return HeldScorer.open(options)

    engine = Engine(ServiceOptions(TOY, "cpu"), open_late)
    engine.start()
    assert engine.state == "starting"
    with pytest.raises(NotReadyError, match="still being opened") as refused:
        engine.submit(ask(20))
    assert refused.value.retry_after >= 1
    go.set()
    assert wait_until(lambda: engine.state == "ready")
    assert engine.submit(ask(20)).result(SECONDS)
    engine.close()
    assert not running()


@pytest.mark.parametrize(("bundle", "said"), [("nowhere/at/all", "there is no bundle at"), ("toy", "is missing")])
def test_models_that_cannot_be_opened_are_told_in_a_sentence(
    tmp_path: Path, bundle: str, said: str, running: Callable[[], list[str]]
) -> None:
    if bundle == "toy":
        shutil.copytree(TOY, tmp_path / "toy")
        (tmp_path / "toy" / "detector.onnx").unlink()
        bundle = str(tmp_path / "toy")
    engine = Engine(ServiceOptions(bundle, "cpu"))
    engine.start()
    assert wait_until(lambda: engine.state != "starting")
    assert engine.state == "failed"
    assert said in str(engine.problem)
    with pytest.raises(NotReadyError, match="cannot be opened"):
        engine.submit(ask(20))
    assert engine.drain(0.0)
    assert engine.state == "failed"
    engine.close()
    assert not running()


def test_a_fault_of_ours_in_opening_is_told_as_one() -> None:
    def fail(options: ServiceOptions) -> Scorer:
        raise ZeroDivisionError("by zero")

    engine = Engine(ServiceOptions(TOY, "cpu"), fail)
    engine.start()
    assert wait_until(lambda: engine.state == "failed")
    assert engine.problem == "ZeroDivisionError: by zero; this is a bug"
    engine.close()


def test_draining_takes_nothing_more_and_answers_what_was_taken() -> None:
    with open_held() as (engine, scorer):
        with scorer.held(engine, ask(20, seed=9)) as first:
            others = [engine.submit(ask(*range(20, 30), kind="rank", seed=seed)) for seed in range(3)]
            assert not engine.drain(0.01)
            assert engine.state == "draining"
            with pytest.raises(NotReadyError, match="takes nothing more"):
                engine.submit(ask(20))
            assert others[1].cancel()
        assert engine.drain(SECONDS)
        assert first.done()
        assert [len(other.result()) for other in (others[0], others[2])] == [10, 10]


def test_closing_tells_those_who_wait(running: Callable[[], list[str]]) -> None:
    with open_held() as (engine, scorer):
        with scorer.held(engine, ask(20, seed=9)) as first:
            waiting = engine.submit(ask(20))
            closing = threading.Thread(target=engine.close)
            closing.start()
            with pytest.raises(NotReadyError, match="has ended"):
                waiting.result(SECONDS)
        closing.join(SECONDS)
        assert not closing.is_alive()
        assert first.result(SECONDS)[0].score  # it was being worked on
        with pytest.raises(InputError, match="was closed"):
            scorer.prepare(b"", "make the cat blue")
        with pytest.raises(NotReadyError):
            engine.submit(ask(20))
    assert not running()


def test_an_engine_may_be_closed_before_it_is_ready_or_was_started(running: Callable[[], list[str]]) -> None:
    Engine(ServiceOptions(TOY, "cpu")).close()
    go = threading.Event()

    def open_late(options: ServiceOptions) -> Scorer:
        assert go.wait(SECONDS)
        return HeldScorer.open(options)

    engine = Engine(ServiceOptions(TOY, "cpu"), open_late)
    engine.start()
    closing = threading.Thread(target=engine.close)
    closing.start()
    assert wait_until(lambda: engine.state == "draining")
    go.set()
    closing.join(SECONDS)
    assert not closing.is_alive()
    assert not running()


def test_a_bundle_that_goes_missing_is_not_missed(tmp_path: Path) -> None:
    shutil.copytree(TOY, tmp_path / "toy")
    with open_engine(bundle=str(tmp_path / "toy")) as engine:
        shutil.rmtree(tmp_path / "toy")
        assert engine.submit(ask(20)).result(SECONDS)[0].score
        assert engine.state == "ready"
