"""Sessions that keep their inputs and outputs in memory of their own: they give what others give, whatever comes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from editjudge import BundleError, DeviceError, OutOfMemoryError
from editjudge.backends.onnx import bound_runs
from editjudge.backends.onnx import session as sessions
from editjudge.backends.onnx.binding import Binding, allocate, choose_binding, helps, records
from editjudge.backends.onnx.bound_runs import MOST_SHAPES, BoundRuns
from editjudge.backends.onnx.library import load_onnxruntime
from editjudge.backends.onnx.loader import open_model
from editjudge.backends.onnx.provider_options import build_provider_options
from editjudge.backends.onnx.providers import PROVIDERS
from editjudge.backends.onnx.session import Session, open_session
from editjudge.bundles.bundle import Bundle
from editjudge.models.model_set import ModelSet
from support.onnx_bytes import INT64, graph, model, node, value_info

PIXELS = "pixel_values"


@pytest.fixture
def bound(toy: Bundle) -> Session:
    return open_session(toy.file("clip_vision"), "cpu", threads=1, bound=True)


def draw(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    return {PIXELS: np.random.default_rng(seed).standard_normal((count, 3, 16, 16), np.float32)}


def mean_colours(feeds: dict[str, np.ndarray]) -> np.ndarray:
    """What the toy's CLIP makes of pictures: tests/fixtures/make_toy_bundle.py."""
    return feeds[PIXELS].mean(axis=(2, 3))


def test_it_gives_what_the_graph_computes_for_shapes_that_come_and_go(bound: Session) -> None:
    assert bound.binding == Binding("cpu")
    for seed, count in enumerate((1, 2, 1, 5, 2, 2, 1)):
        feeds = draw(count, seed)
        (output,) = bound.run(feeds).values()
        np.testing.assert_allclose(output, mean_colours(feeds), rtol=1e-4, atol=1e-6)


def test_every_graph_gives_the_same_as_unbound(studio: Bundle) -> None:
    """To the last bit, also where an input is a view that is not laid out in a row."""
    draw_numbers = np.random.default_rng(4).standard_normal
    size = studio.manifest.segmenter.size
    features = draw_numbers((1, 64, 24, 24), np.float32)
    boxes = np.array([[[10, 10, 90, 90], [0, 0, 30, 60]]], np.float32)
    for role, feeds in {
        "clip_vision": {PIXELS: draw_numbers((2, 64, 64, 3), np.float32).transpose(0, 3, 1, 2)},
        "clip_text": {"input_ids": np.full((3, 12), 5), "attention_mask": np.ones((3, 12), np.int64)},
        "sam_encoder": {PIXELS: draw_numbers((1, 3, size, size), np.float32)},
        "sam_decoder": {"image_embeddings": features, "input_boxes": boxes},
    }.items():
        plain, kept = (open_session(studio.file(role), "cpu", threads=1, bound=each) for each in (False, True))
        expected = plain.run(feeds)
        for _ in range(2):
            for name, output in kept.run(feeds).items():
                np.testing.assert_array_equal(output, expected[name])


def test_what_a_run_gave_is_not_overwritten_by_the_next(bound: Session) -> None:
    first = draw(2, 1)
    (output,) = bound.run(first).values()
    bound.run(draw(2, 2))
    np.testing.assert_allclose(output, mean_colours(first), rtol=1e-4, atol=1e-6)


def test_growth_is_bounded(bound: Session) -> None:
    for count in range(1, 3 * MOST_SHAPES):
        bound.run(draw(count))
    assert bound._bound is not None
    assert len(bound._bound._places) == MOST_SHAPES
    feeds = draw(1, 9)  # let go long ago
    np.testing.assert_allclose(*bound.run(feeds).values(), mean_colours(feeds), rtol=1e-4, atol=1e-6)


def test_threads_take_turns(bound: Session) -> None:
    def deviates(seed: int) -> float:
        feeds = draw(1 + seed % 3, seed)
        (output,) = bound.run(feeds).values()
        return float(np.abs(output - mean_colours(feeds)).max())

    with ThreadPoolExecutor(4) as pool:
        assert max(pool.map(deviates, range(200))) < 1e-5


def test_outputs_whose_shape_depends_on_values(tmp_path: Path) -> None:
    path = tmp_path / "places.onnx"
    found = value_info("places", [1, "found"], INT64)
    path.write_bytes(model(graph([node("NonZero", "values", "places")], [value_info("values", ["n"])], [found])))
    session = open_session(path, "cpu", bound=True)
    for values, places in (([0, 1, 0], [1]), ([1, 1, 0], [0, 1]), ([0, 0, 0], [])):
        np.testing.assert_array_equal(session.run({"values": np.array(values, np.float32)})["places"], [places])


def test_wrong_inputs_are_named_and_the_session_goes_on(bound: Session) -> None:
    for wrong in (np.zeros((1, 3, 8, 8), np.float32), np.zeros((1, 3, 16, 16), np.int64), np.zeros(3, np.float32)):
        with pytest.raises(BundleError, match=r"clip_vision\.onnx failed to run: [^\[]"):
            bound.run({PIXELS: wrong})
    with pytest.raises(BundleError, match="takes the inputs pixel_values and not pixels"):
        bound.run({"pixels": draw(1)[PIXELS]})
    feeds = draw(1, 3)
    np.testing.assert_allclose(*bound.run(feeds).values(), mean_colours(feeds), rtol=1e-4, atol=1e-6)


def test_want_of_memory_is_told_and_the_session_goes_on(bound: Session) -> None:
    bound.run(draw(2))
    endless = np.broadcast_to(np.float32(0), (10**12, 3, 16, 16))
    with pytest.raises(OutOfMemoryError, match=r"not enough memory on cpu to run clip_vision\.onnx"):
        bound.run({PIXELS: endless})
    feeds = draw(2, 3)
    np.testing.assert_allclose(*bound.run(feeds).values(), mean_colours(feeds), rtol=1e-4, atol=1e-6)


def test_the_way_of_a_gpus_memory(toy: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as it goes without the GPU: memory of the CPU in its place, and a provider that passes recording over."""
    monkeypatch.setattr(bound_runs, "allocate", lambda memory, shape, dtype: allocate("cpu", shape, dtype))
    session = open_session(toy.file("clip_vision"), "cpu", threads=1)
    runs = BoundRuns(session._session, Binding("cuda", captured=True))
    for seed, count in enumerate((*range(1, 3 * MOST_SHAPES), *range(1, 3 * MOST_SHAPES))):
        feeds = draw(count, seed)
        (output,) = runs.run(feeds, load_onnxruntime().RunOptions())
        np.testing.assert_allclose(output, mean_colours(feeds), rtol=1e-4, atol=1e-6)
    assert sorted(place.graph for place in runs._recorded.values()) == list(range(1, MOST_SHAPES + 1))
    assert {place.graph for place in runs._places.values()} == {-1}
    assert len(runs._places) == MOST_SHAPES


def test_who_binds(toy: Bundle) -> None:
    """By itself only what has memory of its own that Python can lay arrays in."""
    assert [device for device in PROVIDERS if helps(device)] == ["cuda", "tensorrt", "rtx", "directml"]
    assert open_model(toy.graph("clip_vision"), "cpu").binding is None
    assert open_model(toy.graph("clip_vision"), "cpu", bound=True).binding == Binding("cpu")
    for given, binding in ((None, None), (False, None), (True, Binding("cpu"))):
        assert ModelSet(toy, "cpu", bound=given).session("clip_text").binding == binding


def test_memory_that_cannot_be_had_is_told() -> None:
    """As in an ONNX Runtime without the device."""
    assert choose_binding("webgpu") == Binding("cpu", reason="memory of webgpu cannot be had from Python")
    if "CUDAExecutionProvider" not in pytest.importorskip("onnxruntime").get_available_providers():
        binding = choose_binding("cuda")
        assert binding.memory == "cpu"
        assert str(binding.reason).startswith("memory of cuda cannot be had from Python (")


def test_what_is_recorded(toy: Bundle, tmp_path: Path) -> None:
    varying = open_session(toy.file("clip_vision"), "cpu")._session
    path = tmp_path / "fixed.onnx"
    path.write_bytes(model(graph([node("Abs", "x", "y")], [value_info("x", [2])], [value_info("y", [2])])))
    fixed = open_session(path, "cpu")._session
    recording = {device: (records(device, fixed), records(device, varying)) for device in PROVIDERS}
    assert recording.pop("cuda") == (True, True)
    assert recording.pop("tensorrt") == recording.pop("rtx") == (True, False)
    assert set(recording.values()) == {(False, False)}
    assert build_provider_options("cuda", None, None) == {}
    assert build_provider_options("cuda", None, None, captured=True) == {"enable_cuda_graph": "1"}
    assert build_provider_options("tensorrt", None, None, captured=True) == {"trt_cuda_graph_enable": "1"}


@pytest.mark.parametrize("fault", [DeviceError, OutOfMemoryError])
def test_where_nothing_can_be_recorded_the_session_that_is_open_is_kept(
    toy: Bundle, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    """As on a GPU that has room for one of the two."""
    path = toy.file("clip_vision")
    opened = open_session(path, "cpu", threads=1)._session

    def fail(*_: object, **__: object) -> None:
        raise fault("no room for another")

    monkeypatch.setattr(sessions, "_start", fail)
    kept = sessions._start_recording(opened, Binding("cuda"), path, 1, None)
    assert kept == (opened, Binding("cuda", reason="nothing is recorded (no room for another)"))
