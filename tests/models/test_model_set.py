"""A set of models: each opened when it is first asked for, once, on the device that was asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from editjudge import BundleError, DeviceError, InputError
from editjudge.bundles.bundle import Bundle, GraphFile
from editjudge.bundles.roles import GRAPHS, METRIC_GRAPHS
from editjudge.models.clip import Clip
from editjudge.models.grounding_dino import Detector
from editjudge.models.model_set import ModelSet
from editjudge.models.perceptual import embed
from editjudge.models.sam import Segmenter
from editjudge.types import Placement
from support import toy_world

WORKERS = 8


class Constant:
    """Runs a graph by giving the same outputs whatever the inputs."""

    def __init__(self, placement: Placement, outputs: Mapping[str, np.ndarray] | None = None) -> None:
        self.placement = placement
        self.outputs = outputs or {}
        self.runs: list[list[str]] = []

    def run(self, feeds: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        self.runs.append(sorted(feeds))
        return self.outputs


class Opener:
    """Opens constants, and keeps which graphs it was asked for, on which device and with how many threads."""

    def __init__(self, takes: float = 0.0) -> None:
        self.opened: list[tuple[str, str, int | None]] = []
        self._takes = takes

    def __call__(self, graph: GraphFile, device: str, threads: int | None) -> Constant:
        self.opened.append((graph.role, device, threads))
        time.sleep(self._takes)
        return Constant(Placement(device, f"runs {graph.path.name}"))

    @property
    def roles(self) -> list[str]:
        return [role for role, _, _ in self.opened]


def at_once(function: Callable[[], object]) -> list[object]:
    """What a function returns in each of some threads that call it together."""
    start = threading.Barrier(WORKERS)

    def call(_: int) -> object:
        start.wait(30)
        return function()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(call, range(WORKERS)))


def test_a_session_is_opened_when_it_is_asked_for_and_kept(toy: Bundle) -> None:
    opener = Opener()
    models = ModelSet(toy, "openvino", 3, open_session=opener)
    assert opener.opened == []
    session = models.session("dino")
    assert models.session("dino") is session
    assert opener.opened == [("dino", "openvino", 3)]


def test_a_model_is_opened_once_with_the_graphs_that_it_needs(toy: Bundle) -> None:
    opener = Opener()
    models = ModelSet(toy, open_session=opener)
    for kind, roles in {
        Detector: ["detector"],
        Segmenter: ["sam_encoder", "sam_decoder"],
        Clip: ["clip_vision", "clip_text"],
    }.items():
        opener.opened.clear()
        assert models.model(kind) is models.model(kind)
        assert isinstance(models.model(kind), kind)
        assert opener.opened == [(role, "auto", None) for role in roles]


def test_a_session_that_is_open_already_is_the_models_own(toy: Bundle) -> None:
    opener = Opener()
    models = ModelSet(toy, "cpu", open_session=opener)
    text = models.session("clip_text")
    models.model(Clip)
    assert opener.roles == ["clip_text", "clip_vision"]
    assert models.session("clip_text") is text


def test_threads_that_ask_together_open_it_once(toy: Bundle) -> None:
    opener = Opener(takes=0.05)
    models = ModelSet(toy, "cpu", open_session=opener)
    assert len({id(session) for session in at_once(lambda: models.session("lpips"))}) == 1
    assert len({id(segmenter) for segmenter in at_once(lambda: models.model(Segmenter))}) == 1
    assert opener.roles == ["lpips", "sam_encoder", "sam_decoder"]


def test_what_is_open_can_be_used_while_another_is_opened(toy: Bundle) -> None:
    """Opening may take minutes, where a provider builds an engine."""
    opening, done = threading.Event(), threading.Event()
    opener = Opener()

    def open_slowly(graph: GraphFile, device: str, threads: int | None) -> Constant:
        if graph.role == "lpips":
            opening.set()
            assert done.wait(30)
        return opener(graph, device, threads)

    models = ModelSet(toy, "cpu", open_session=open_slowly)
    segmenter = models.model(Segmenter)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(models.session, "lpips")
        assert opening.wait(30)
        try:
            assert pool.submit(models.model, Segmenter).result(10) is segmenter
            assert set(models.placements) == {"sam_encoder", "sam_decoder"}
        finally:
            done.set()
        assert slow.result(30) is models.session("lpips")


def test_what_could_not_be_opened_is_tried_again(toy: Bundle) -> None:
    opener = Opener()
    problems = [DeviceError("the GPU is busy")]

    def open_second_time(graph: GraphFile, device: str, threads: int | None) -> Constant:
        if problems:
            raise problems.pop()
        return opener(graph, device, threads)

    models = ModelSet(toy, "cpu", open_session=open_second_time)
    with pytest.raises(DeviceError, match="busy"):
        models.model(Segmenter)
    assert models.placements == {}
    models.model(Segmenter)
    assert opener.roles == ["sam_encoder", "sam_decoder"]


def test_stand_ins_are_used_and_nothing_is_opened(toy: Bundle) -> None:
    opener, eyes = Opener(), toy_world.Eyes()
    gpu = Placement("cuda", "theirs")
    models = ModelSet(toy, "cpu", models={Detector: eyes}, placements={"detector": gpu}, open_session=opener)
    assert models.model(Detector) is eyes
    assert opener.opened == []
    assert models.placements == {"detector": gpu}
    models.model(Segmenter)
    assert set(models.placements) == {"detector", "sam_encoder", "sam_decoder"}
    assert models.placements["detector"] == gpu


def test_another_way_of_opening_a_graph_is_what_models_run_on(toy: Bundle) -> None:
    features = np.array([[1, 2, 3]], np.float32)
    runner = Constant(Placement("npu", "theirs"), {"features": features})
    models = ModelSet(toy, open_session=lambda graph, device, threads: runner)
    embeddings = embed(models, "dinov2", [np.zeros((20, 30, 3), np.uint8)])
    np.testing.assert_array_equal(embeddings, features)
    assert runner.runs == [["pixel_values"]]
    assert models.placements == {"dinov2": Placement("npu", "theirs")}


def test_placements_are_those_of_what_is_open(toy: Bundle) -> None:
    models = ModelSet(toy, "cpu", threads=1)
    assert models.placements == {}
    for role in GRAPHS:
        models.session(role)
    assert models.placements == dict.fromkeys(GRAPHS, Placement("cpu", "CPUExecutionProvider"))
    assert list(models.placements) == list(GRAPHS)


def test_placements_can_be_asked_for_while_models_are_opened(toy: Bundle) -> None:
    """As a score does, in one thread, while a metric's model is opened in another."""

    class Meanwhile(Constant):
        @property
        def placement(self) -> Placement:
            for role in others:
                models.session(role)
            return Placement("cpu", "theirs")

        @placement.setter
        def placement(self, _: Placement) -> None: ...

    others = [role for role in METRIC_GRAPHS if toy.has(role)]
    opener = Opener()
    models = ModelSet(
        toy,
        "cpu",
        open_session=lambda graph, device, threads: (
            Meanwhile(Placement("cpu", "theirs")) if graph.role == "detector" else opener(graph, device, threads)
        ),
    )
    models.session("detector")
    assert models.placements["detector"] == Placement("cpu", "theirs")
    assert set(models.placements) == {"detector", *others}


def test_what_cannot_be_opened_says_why(toy: Bundle) -> None:
    models = ModelSet(toy, "cpu")
    with pytest.raises(BundleError, match="has no file of role parser"):
        models.session("parser")
    with pytest.raises(InputError, match="there is no device 'gpu'"):
        ModelSet(toy, "gpu").session("clip_text")
    with pytest.raises(InputError, match="must be at least 1"):
        ModelSet(toy, "cpu", 0).model(Clip)
