"""Models that a call with a budget of time opens: they hold no call longer than that, and are opened to their end."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest

from editjudge import BundleError, InputError, Scorer
from editjudge.backends.onnx.loader import open_model
from editjudge.bundles.bundle import Bundle, GraphFile
from editjudge.datasets.demo import load_demo
from editjudge.models.clip import Clip
from editjudge.models.grounding_dino import Detector
from editjudge.models.model_set import ModelSet
from editjudge.types import EditIntent
from editjudge.utils.deadlines.deadline import Deadline, OutOfTimeError
from support.out_of_time import ENOUGH, without_time

PATIENCE = 60.0
SHORT = 0.02
"""Seconds."""
AWHILE = 2_000
"""Milliseconds."""
LEMON = EditIntent("replace", "apple", "lemon")


class LateOpener:
    """Opens graphs once it is let go, and keeps which ones, and by which threads."""

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()
        self.roles: list[str] = []
        self.threads: set[int] = set()
        self.faults: list[Exception] = []

    def __call__(self, graph: GraphFile, device: str, threads: int | None) -> Any:
        self.roles.append(graph.role)
        self.threads.add(threading.get_ident())
        self.begun.set()
        assert self.let_go.wait(PATIENCE)
        if self.faults:
            raise self.faults.pop()
        return open_model(graph, device, threads)


@pytest.fixture
def opener() -> LateOpener:
    return LateOpener()


def test_a_model_is_opened_to_its_end_though_time_is_up_before(toy: Bundle, opener: LateOpener) -> None:
    """By another thread, and once, however many calls ask for it meanwhile."""
    models = ModelSet(toy, "cpu", 1, open_session=opener)
    for _ in range(3):
        with Deadline(SHORT).in_force(), pytest.raises(OutOfTimeError):
            models.model(Clip)
    assert opener.begun.wait(PATIENCE)
    opener.let_go.set()
    with Deadline(PATIENCE).in_force():
        opened = models.model(Clip)
    assert models.model(Clip) is opened
    assert sorted(opener.roles) == ["clip_text", "clip_vision"]
    assert threading.get_ident() not in opener.threads
    models.close()


def test_what_nobody_waits_for_is_not_opened_any_more_once_all_is_closed(toy: Bundle, opener: LateOpener) -> None:
    models = ModelSet(toy, "cpu", 1, open_session=opener)
    for kind in (Clip, Detector):
        with Deadline(SHORT).in_force(), pytest.raises(OutOfTimeError):
            models.model(kind)
    assert opener.begun.wait(PATIENCE)
    closing = threading.Thread(target=models.close)
    closing.start()
    while not models._closed:
        threading.Event().wait(SHORT)
    opener.let_go.set()
    closing.join(PATIENCE)
    assert not closing.is_alive()
    assert opener.roles == ["clip_vision"]  # which had begun


def test_without_a_deadline_the_caller_opens_it(toy: Bundle, opener: LateOpener) -> None:
    """With time enough it is one model, too."""
    opener.let_go.set()
    models = ModelSet(toy, "cpu", 1, open_session=opener)
    models.session("clip_text")
    assert opener.threads == {threading.get_ident()}
    with Deadline(PATIENCE).in_force():
        models.model(Clip)
    assert sorted(opener.roles) == ["clip_text", "clip_vision"]
    models.close()


def test_a_model_that_cannot_be_opened_says_so_once_it_is_waited_for(toy: Bundle, opener: LateOpener) -> None:
    models = ModelSet(toy, "cpu", 1, open_session=opener)
    opener.faults = [BundleError("second"), BundleError("first")]
    opener.let_go.set()
    for fault in ("first", "second"):
        with Deadline(PATIENCE).in_force(), pytest.raises(BundleError, match=fault):
            models.session("clip_text")
    with Deadline(PATIENCE).in_force():
        assert models.session("clip_text").placement.device == "cpu"
    models.close()


def test_close_waits_for_a_model_that_nobody_waits_for(toy: Bundle, opener: LateOpener) -> None:
    models = ModelSet(toy, "cpu", 1, open_session=opener)
    with Deadline(SHORT).in_force(), pytest.raises(OutOfTimeError):
        models.model(Detector)
    assert opener.begun.wait(PATIENCE)
    closing = threading.Thread(target=models.close)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive()
    opener.let_go.set()
    closing.join(PATIENCE)
    assert not closing.is_alive()
    assert models.placements == {}
    with pytest.raises(InputError, match="closed"), models.in_use():
        pass


def test_a_score_does_not_wait_for_the_models_of_windows(studio: Bundle, opener: LateOpener) -> None:
    """They are opened when a picture is first looked at in windows, and then they are there for the next score."""
    opener.let_go.set()
    scorer = Scorer(ModelSet(studio, "cpu", 1, open_session=opener), look="changes")
    needed = set(opener.roles)
    opener.let_go.clear()
    opener.begun.clear()
    demo = next(entry for entry in load_demo() if "lemon" in entry.instruction)
    score = partial(scorer.score, demo.original, demo.candidates[2].file, LEMON)
    early = score(budget_ms=AWHILE)
    assert opener.begun.wait(PATIENCE)
    assert "detect" in early.left_out
    assert early.bpm is None
    opener.let_go.set()
    whole = score(budget_ms=ENOUGH)
    assert whole.left_out == ()
    assert without_time(whole) == without_time(score())
    assert set(opener.roles) - needed
    assert len(opener.roles) == len(set(opener.roles))
    scorer.close()
