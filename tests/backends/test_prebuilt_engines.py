"""Which engine of a bundle fits a GPU, and what is said where none does."""

from __future__ import annotations

import pytest

from editjudge.backends.onnx import prebuilt_engines
from editjudge.backends.onnx.nvidia import find_gpus
from editjudge.backends.onnx.prebuilt_engines import choose_engine, find_engine
from editjudge.bundles.files import EngineEntry
from editjudge.errors import DeviceError


def engine(*targets: str, version: str = "1.7.1.116", weights: str = "included", role: str = "detector") -> EngineEntry:
    name = f"{role}.{'-'.join(targets)}.{weights}"
    sums = "0" * 64
    return EngineEntry(
        role, "rtx", targets, version, "fp16", weights, f"{name}.onnx", sums, 1, f"{name}.engine", sums, 1
    )


ADA, AMPERE = engine("sm89"), engine("sm86")


def test_the_engine_for_this_gpu() -> None:
    assert choose_engine([AMPERE, ADA], "sm89", "1.7.1") == (ADA, None)
    assert choose_engine([AMPERE, ADA], "sm86", "1.7.1.999") == (AMPERE, None)
    both = engine("sm86", "sm89")
    assert choose_engine([both], "sm89", "1.7.1.116") == (both, None)


def test_weights_inside_go_first() -> None:
    assert choose_engine([engine("sm89", weights="stripped"), ADA], "sm89", "1.7.1") == (ADA, None)


def test_another_gpu() -> None:
    assert choose_engine([ADA], "sm86", "1.7.1") == (
        None,
        "engine for sm89 of tensorrt-rtx 1.7.1.116: this GPU is sm86",
    )
    assert choose_engine([ADA, AMPERE], "sm120", "1.7.1") == (
        None,
        "engine for sm89, sm86 of tensorrt-rtx 1.7.1.116: this GPU is sm120",
    )


def test_a_capability_is_not_a_prefix_of_another() -> None:
    assert choose_engine([engine("sm120")], "sm12", "1.7.1")[0] is None


@pytest.mark.parametrize("version", ["1.8.1", "1.7.2.116", "2.7.1", "1.7"])
def test_another_version(version: str) -> None:
    reason = f"engine for sm89 of tensorrt-rtx 1.7.1.116: {version} is installed"
    assert choose_engine([ADA, AMPERE], "sm89", version) == (None, reason)


def test_a_version_that_cannot_be_told_is_left_to_the_library() -> None:
    assert choose_engine([ADA], "sm89", None) == (ADA, None)


def test_only_engines_of_the_device_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing() -> tuple[()]:
        raise DeviceError("no NVIDIA driver is installed")

    monkeypatch.setattr(prebuilt_engines, "find_gpus", nothing)
    assert find_engine([], "rtx") == (None, None)
    assert find_engine([ADA], "tensorrt") == (None, None)
    path, reason = find_engine([ADA], "rtx")
    assert path is None
    assert reason is not None
    assert reason.endswith("which GPU this is cannot be told, for no NVIDIA driver is installed")


@pytest.mark.gpu
def test_the_gpu_of_this_machine() -> None:
    for gpu in find_gpus():
        assert gpu.name
        assert gpu.memory > 10**9
        assert gpu.capability.removeprefix("sm").isdecimal()
