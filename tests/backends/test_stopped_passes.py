"""A pass of the language model ends with a layer when time is up, and the model reads on as before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from editjudge.backends.llama_cpp import LanguageModel
from editjudge.bundles.bundle import Bundle
from editjudge.utils.deadlines.deadline import Deadline, OutOfTimeError

PATIENCE = 60.0
TEXT = " turn the red car beside the old tower into a blue car and leave all of the rest of the picture as it is"
CANDIDATES = range(1, 262_144, 997)


class UpAtOnce(Deadline):
    """Time is up as soon as something runs that can be stopped."""

    @contextmanager
    def stopping(self, stop: Callable[[], None]) -> Iterator[None]:
        stop()
        yield


@pytest.fixture
def model(studio: Bundle) -> Iterator[LanguageModel]:
    opened = LanguageModel(studio.file("parser"), 1, room=64)
    yield opened
    opened.close()


def read(model: LanguageModel) -> np.ndarray:
    model.restart()
    return model.log_likelihoods(model.tokenize(TEXT), CANDIDATES)


def read_for_ever(model: LanguageModel) -> None:
    while True:
        read(model)


def test_a_pass_that_has_time_is_as_ever(model: LanguageModel) -> None:
    at_leisure = read(model)
    with Deadline(PATIENCE).in_force():
        in_time = read(model)
    np.testing.assert_array_equal(in_time, at_leisure)


def test_a_pass_ends_when_time_is_up(model: LanguageModel) -> None:
    """Before it knows what follows the text; then the same is read anew."""
    expected = read(model)
    assert model._hidden is not None
    known = model._hidden.states
    with UpAtOnce(PATIENCE).in_force(), pytest.raises(OutOfTimeError):
        read(model)
    assert model._hidden.states is known
    np.testing.assert_array_equal(read(model), expected)


def test_a_pass_is_stopped_by_the_clock(model: LanguageModel) -> None:
    expected = read(model)
    for seconds in (0.001, 0.003, 0.01):
        with Deadline(seconds).in_force(), pytest.raises(OutOfTimeError):
            read_for_ever(model)
        np.testing.assert_array_equal(read(model), expected)
