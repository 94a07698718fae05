"""Instructions with a budget of time: read where there is time for it, by a parser whose opening holds no call."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import numpy as np
import pytest

from editjudge import Scorer
from editjudge.backends.onnx.loader import open_model
from editjudge.bundles.bundle import Bundle
from editjudge.errors import BundleError
from editjudge.metrics.bpm.score import Verdict
from editjudge.models.clip import Clip
from editjudge.models.grounding_dino import Detector
from editjudge.models.model_set import ModelSet
from editjudge.parser.language_model import IntentModel
from editjudge.parser.parser import Parser
from editjudge.types import EditIntent
from editjudge.utils.deadlines.deadline import Deadline, OutOfTimeError
from support.out_of_time import ENOUGH, NO_TIME, without_time
from support.toy_world import draw

TOWER = ("green", "tower", 150, 140)
ORIGINAL, BLUE = draw(("red", "car", 60, 60), TOWER), draw(("blue", "car", 60, 60), TOWER)
CLAIMS = "the time that was allowed was up before"
PATIENCE = 60.0
UNHEARD = "turn the red car into a blue car"


@pytest.fixture
def reading(studio: Bundle) -> Scorer:
    """With the parser of the studio, and no model but that one ready to look."""
    return Scorer(ModelSet(studio, "cpu", 1), keep_answers=False)


def test_an_instruction_that_there_is_no_time_to_read(reading: Scorer) -> None:
    score = reading.score(ORIGINAL, BLUE, UNHEARD, budget_ms=NO_TIME)
    assert score.left_out == ("parse", "detect", "segment", "embed", "differences")
    assert (score.bpm, score.verdict) == (None, Verdict("not_judged", None))
    assert score.flags == ("out_of_time",)
    assert f"{CLAIMS} the instruction was read" in score.headline
    assert "whether the edit was done is not known" in score.explanation.lower()
    assert score.intent == EditIntent("other", None, None)
    reading.close()


def test_pixels_decide_whatever_was_asked_for(reading: Scorer) -> None:
    score = reading.score(ORIGINAL, ORIGINAL.copy(), UNHEARD, budget_ms=NO_TIME)
    assert (score.kind, score.verdict) == ("unchanged", Verdict("reject", 0.0))
    assert score.left_out[0] == "parse"
    a_bit_lighter = np.clip(ORIGINAL.astype(int) + 4, 0, 255).astype(np.uint8)
    for may_be_asked_for in (a_bit_lighter, 255 - ORIGINAL):
        assert reading.score(ORIGINAL, may_be_asked_for, UNHEARD, budget_ms=NO_TIME).kind == "edit"
    reading.close()


def test_what_was_not_edited_is_read_with_time_enough(reading: Scorer) -> None:
    in_time = reading.score(ORIGINAL, ORIGINAL.copy(), UNHEARD, budget_ms=ENOUGH)
    assert in_time.left_out == ()
    assert without_time(in_time) == without_time(reading.score(ORIGINAL, ORIGINAL.copy(), UNHEARD))
    reading.close()


class Gate:
    """Lets a function begin, and go on only when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        self.begun, self.let_go, self.results = threading.Event(), threading.Event(), list[Any]()
        function = getattr(owner, name)

        def pass_late(*args: Any, **kwargs: Any) -> Any:
            self.begun.set()
            assert self.let_go.wait(PATIENCE)
            self.results.append(function(*args, **kwargs))
            return self.results[-1]

        monkeypatch.setattr(owner, name, pass_late)


@pytest.mark.parametrize("slow", [(Parser, "open"), (IntentModel, "_open")], ids=["opened", "loaded"])
@pytest.mark.parametrize("milliseconds", [NO_TIME, 50.0])
def test_a_parser_that_is_being_opened_holds_no_call(
    reading: Scorer, monkeypatch: pytest.MonkeyPatch, slow: tuple[Any, str], milliseconds: float
) -> None:
    """It is opened all the same, once, for the calls after it."""
    reading.warm_up("移除帽子")  # which opens no model
    if slow[0] is Parser:
        reading = Scorer(reading.models, keep_answers=False)
    gate = Gate(monkeypatch, *slow)
    for _ in range(2):
        score = reading.score(ORIGINAL, BLUE, UNHEARD, budget_ms=milliseconds)
        assert score.left_out[0] == "parse"
    assert gate.begun.wait(PATIENCE)
    assert "parser" not in reading.placements
    gate.let_go.set()
    assert reading.score(ORIGINAL, BLUE, UNHEARD, budget_ms=ENOUGH).left_out == ()
    assert len(gate.results) == 1
    reading.close()


def test_close_frees_a_parser_that_nobody_waited_for(reading: Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    reading.warm_up("移除帽子")
    gate = Gate(monkeypatch, IntentModel, "_open")
    assert reading.score(ORIGINAL, BLUE, UNHEARD, budget_ms=NO_TIME).left_out[0] == "parse"
    assert gate.begun.wait(PATIENCE)
    closing = threading.Thread(target=reading.close)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive()
    gate.let_go.set()
    closing.join(PATIENCE)
    (model,) = gate.results
    assert not model._free.alive


def test_a_parser_that_cannot_be_opened_says_so_once_it_is_waited_for(
    reading: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = [BundleError("first"), BundleError("second")]

    def fail(*_: object, **__: object) -> Any:
        raise faults.pop(0)

    with monkeypatch.context() as patched:
        patched.setattr(IntentModel, "_open", fail)
        for fault in ("first", "second"):
            with pytest.raises(BundleError, match=fault):
                reading.score(ORIGINAL, BLUE, UNHEARD, budget_ms=ENOUGH)
    assert reading.score(ORIGINAL, BLUE, UNHEARD, budget_ms=ENOUGH).left_out == ()
    reading.close()


def test_models_that_another_thread_opens_are_waited_for_until_time_is_up(toy: Bundle) -> None:
    begun, let_go = threading.Event(), threading.Event()

    def open_late(*arguments: Any) -> Any:
        begun.set()
        assert let_go.wait(PATIENCE)
        return open_model(*arguments)

    models = ModelSet(toy, "cpu", 1, open_session=open_late)
    opening = threading.Thread(target=models.model, args=[Clip])
    opening.start()
    assert begun.wait(PATIENCE)
    for ask in (partial(models.model, Detector), partial(models.session, "clip_text")):
        with Deadline(0.02).in_force(), pytest.raises(OutOfTimeError):
            ask()
    let_go.set()
    opening.join(PATIENCE)
    with Deadline(PATIENCE).in_force():
        assert models.session("clip_text").placement.device == "cpu"


def test_an_instruction_that_was_read_before_is_known(reading: Scorer) -> None:
    reading.parse(UNHEARD)
    score = reading.score(ORIGINAL, BLUE, UNHEARD, budget_ms=NO_TIME)
    assert score.left_out[0] == "detect"
    assert score.intent.target is not None
    reading.close()
