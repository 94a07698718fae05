"""WebGPU for real, on whatever GPU Vulkan shows; `make test-webgpu` sets up one that software plays."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from editjudge import DeviceError, Scorer
from editjudge.backends.llama_cpp import choose_placement
from editjudge.backends.onnx.loader import open_model
from editjudge.backends.onnx.providers import describe_hardware, find_problem, fingerprint, is_built_in, is_plugin
from editjudge.backends.onnx.session import Session, open_session
from editjudge.backends.onnx.vulkan import find_vulkan_devices
from editjudge.bundles.bundle import Bundle
from editjudge.bundles.roles import GRAPHS
from editjudge.cli.main import run
from editjudge.datasets.demo import DemoInput, load_demo
from editjudge.doctor import examine
from editjudge.metrics import EditScore
from editjudge.models.model_set import ModelSet
from editjudge.types import EditIntent

pytestmark = pytest.mark.webgpu

PROVIDER = "WebGpuExecutionProvider"
PIXELS = "pixel_values"
INTENTS = {
    "color": EditIntent("color", "car", "blue car"),
    "remove": EditIntent("remove", "umbrella", None),
    "size": EditIntent("size", "penguin", "penguin", size="larger"),
}
SUB_SCORES = {"semantic": ("modify", "modify_raw", "preserve", "preserve_raw"), "region": ("position", "size")}


def test_it_is_there() -> None:
    """Where this fails, nothing below has been tested."""
    assert find_problem("webgpu") is None
    assert is_built_in("webgpu") or is_plugin("webgpu")


def test_what_it_runs_on_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    device = find_vulkan_devices()[0]
    hardware = describe_hardware("webgpu")
    assert hardware is not None
    assert hardware.startswith(device.name)
    assert ("software" in hardware) == device.software == ("SwiftShader" in device.name)
    assert examine(device="webgpu")["devices"]["webgpu"]["hardware"] == hardware
    assert run(["doctor", "--device", "webgpu"]) == 0
    output = " ".join(capfd.readouterr().out.split())
    assert f"webgpu ready, on {device.name}" in output
    assert f"CLIP vision webgpu ({PROVIDER}" in output


def test_every_model_of_a_score_opens_on_it(studio: Bundle) -> None:
    for role in GRAPHS:
        placement = open_model(studio.graph(role), "webgpu").placement
        assert (placement.device, placement.provider, placement.form) == ("webgpu", PROVIDER, "model")
        assert placement.reason is None
        assert placement.cpu_nodes is not None


def test_auto_does_not_take_it(toy: Bundle) -> None:
    assert open_model(toy.graph("clip_vision"), "auto").placement.device != "webgpu"


def test_what_is_compiled_would_depend_on_it() -> None:
    assert fingerprint("webgpu")[0] == PROVIDER


def test_the_parser_stays_on_the_cpu_unless_llama_was_built_for_a_gpu() -> None:
    placement = choose_placement("webgpu")
    assert placement.device == "gpu" or "GGML_VULKAN" in str(placement.reason)


def test_no_gpu_is_a_sentence_and_auto_goes_on(toy: Bundle, tmp_path: Path) -> None:
    """In a process in which Vulkan has no driver; nothing else is printed."""
    program = (
        "from pathlib import Path\n"
        "from editjudge.backends.onnx.loader import open_model\n"
        "from editjudge.bundles.bundle import Bundle\n"
        f"graph = Bundle.load(Path({str(toy.folder)!r})).graph('clip_vision')\n"
        "print(open_model(graph, 'auto').placement.device)\n"
        "open_model(graph, 'webgpu')"
    )
    environment = {**os.environ, "VK_DRIVER_FILES": str(tmp_path / "none.json")}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "cpu\n"
    assert done.stderr.splitlines()[-1].endswith(
        f"{DeviceError.__name__}: device webgpu needs a GPU, "
        "and no Vulkan driver of a GPU is installed; use auto or cpu"
    )
    assert "Warning" not in done.stderr


@pytest.fixture(params=[False, True], ids=["plain", "bound"])
def colours(toy: Bundle, request: pytest.FixtureRequest) -> Session:
    """A model that gives the mean colour of pictures of 16 x 16 pixels."""
    return open_session(toy.file("clip_vision"), "webgpu", bound=request.param)


def deviate(session: Session, count: int, seed: int) -> float:
    pixels = np.random.default_rng(seed).standard_normal((count, 3, 16, 16), np.float32)
    (output,) = session.run({PIXELS: pixels}).values()
    return float(np.abs(output - pixels.mean(axis=(2, 3))).max())


def test_runs_of_shapes_that_come_and_go(colours: Session) -> None:
    assert max(deviate(colours, count, seed) for seed, count in enumerate((1, 2, 1, 5, 2, *range(1, 12)))) < 1e-5


def test_a_session_is_shared_by_threads(colours: Session) -> None:
    with ThreadPoolExecutor(3) as pool:
        assert max(pool.map(lambda seed: deviate(colours, 1 + seed % 3, seed), range(60))) < 1e-5


def test_a_bound_session_says_where_its_memory_is(toy: Bundle) -> None:
    binding = open_session(toy.file("clip_vision"), "webgpu", bound=True).binding
    assert binding is not None
    assert (binding.memory, binding.captured) == ("cpu", False)
    assert binding.reason == "memory of webgpu cannot be had from Python"
    assert open_model(toy.graph("clip_vision"), "webgpu").binding is None


def test_bound_runs_of_a_real_model_are_equal_to_unbound_ones(studio: Bundle) -> None:
    """And both are the CPU's but for rounding."""
    feeds = {"input_ids": np.arange(24).reshape(2, 12), "attention_mask": np.ones((2, 12), np.int64)}
    opened = [open_session(studio.file("clip_text"), "webgpu", bound=bound) for bound in (False, True)]
    plain, kept = (session.run(feeds)["text_embeds"] for session in opened)
    np.testing.assert_array_equal(plain, kept)
    expected = open_session(studio.file("clip_text"), "cpu").run(feeds)["text_embeds"]
    np.testing.assert_allclose(plain, expected, atol=1e-5)


def test_scores_are_those_of_the_cpu(studio: Bundle) -> None:
    """Sub-scores within 1e-3; bound, all that a score says equals what it says unbound, to the last bit."""
    plain, kept = (Scorer(ModelSet(studio, "webgpu", bound=bound)) for bound in (False, True))
    cpu = Scorer.load("studio", "cpu")
    compared = 0
    for demo in load_demo():
        if demo.id in INTENTS:
            one, other = _score(cpu, demo), _score(plain, demo)
            for value, expected in zip(_sub_scores(other), _sub_scores(one), strict=True):
                assert value == pytest.approx(expected, abs=1e-3)
                compared += value is not None
            assert other.verdict.decision == one.verdict.decision
            if compared and demo.id == "color":
                assert _without_times(_score(kept, demo)) == _without_times(other)
    assert compared >= 10
    assert {placement.device for placement in plain.placements.values()} == {"webgpu"}


def _score(scorer: Scorer, demo: DemoInput) -> EditScore:
    return scorer.score(demo.original, demo.candidates[0].file, INTENTS[demo.id])


def _sub_scores(score: EditScore) -> list[float | None]:
    parts = score.to_dict()
    return [parts[part][name] for part, names in SUB_SCORES.items() for name in names]


def _without_times(score: EditScore) -> dict[str, object]:
    return {key: value for key, value in score.to_dict().items() if key != "timings_ms"}
