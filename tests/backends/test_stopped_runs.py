"""A graph that runs is stopped when time is up, bound or not, and the session goes on as before."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import numpy as np
import pytest

from editjudge.backends.onnx.session import open_session
from editjudge.utils.deadlines.deadline import Deadline, OutOfTimeError
from support.onnx_bytes import graph, model, node, value_info

SIDE = 256
STEPS = 20_000
"""Products of matrices: some ms each, so that all take minutes."""
TOO_LONG = 60.0
"""Seconds in which the graph would be far from its end on any machine, and a stopped one is long over."""


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph of products, one after the other."""
    names = ["x", *(f"y{step}" for step in range(STEPS))]
    nodes = [node("MatMul", f"{before} x", after) for before, after in itertools.pairwise(names)]
    path = tmp_path_factory.mktemp("graphs") / "endless.onnx"
    shape = ["rows", "rows"]
    path.write_bytes(model(graph(nodes, [value_info("x", shape)], [value_info(names[-1], shape)])))
    return path


@pytest.mark.parametrize("bound", [False, True])
def test_a_run_ends_when_time_is_up(endless: Path, bound: bool) -> None:
    session = open_session(endless, "cpu", threads=1, bound=bound)
    begun = time.monotonic()
    with Deadline(0.2).in_force(), pytest.raises(OutOfTimeError):
        session.run({"x": np.eye(SIDE, dtype=np.float32)})
    assert time.monotonic() - begun < TOO_LONG
    (one,) = session.run({"x": np.ones((1, 1), np.float32)}).values()  # the session can still be used
    assert one.tolist() == [[1.0]]


@pytest.mark.parametrize("bound", [False, True])
def test_a_run_that_has_time_is_as_ever(toy_session_path: Path, bound: bool) -> None:
    session = open_session(toy_session_path, "cpu", threads=1, bound=bound)
    pixels = np.random.default_rng(0).random((2, 3, 16, 16), np.float32)
    (plain,) = session.run({"pixel_values": pixels}).values()
    with Deadline(1000.0).in_force():
        (timed,) = session.run({"pixel_values": pixels}).values()
    assert np.array_equal(plain, timed)


@pytest.fixture
def toy_session_path() -> Path:
    return Path(__file__).parents[1] / "fixtures" / "toy" / "clip_vision.onnx"
