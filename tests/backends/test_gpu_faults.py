"""What GPUs' libraries say, as a sentence that says what to do. The messages are those that the libraries print."""

from __future__ import annotations

import pytest

from editjudge.backends.onnx.gpu_faults import explain_fault, find_missing_library, shorten_error
from editjudge.utils.oom import lacks_memory


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        (
            "CUDA failure 46: CUDA-capable device(s) is/are busy or unavailable ; GPU=0 ; hostname=a",
            "the GPU is taken by another process",
        ),
        ("CUDA failure 209: no kernel image is available for execution on the device ; GPU=0", "of a generation"),
        ("CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version", "update the driver"),
        ("CUDA failure 719: unspecified launch failure ; GPU=0", "the GPU was lost or reset"),
        ("DXGI_ERROR_DEVICE_REMOVED: the GPU device instance has been suspended", "the GPU was lost or reset"),
    ],
)
def test_faults_that_are_known(said: str, meaning: str) -> None:
    told = explain_fault(RuntimeError(f"[ONNXRuntimeError] : 1 : FAIL : {said}\nfrom here\n"))
    assert meaning in told
    assert told.endswith(f", or use auto or cpu ({said})")
    assert "\n" not in told


def test_others_are_told_as_they_are() -> None:
    assert explain_fault(RuntimeError("[ONNXRuntimeError] : 1 : FAIL : a bolt is loose")) == "a bolt is loose"


def test_the_place_in_the_source_is_left_out() -> None:
    said = (
        "/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:65 onnxruntime::webgpu::WebGpuContext::"
        "Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()>::<lambda(wgpu::Adapter*)> status == "
        "wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters\n"
    )
    assert shorten_error(RuntimeError(said)) == "Failed to get a WebGPU adapter: No supported adapters"
    assert explain_fault(RuntimeError(said)).startswith("WebGPU takes none of the GPUs that are there; update")


@pytest.mark.parametrize(
    "said",
    [
        "CUDA failure 2: out of memory ; GPU=0",
        "vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY",
        "887A0005 E_OUTOFMEMORY",
        "8007000E Not enough memory resources are available to complete this operation.",
        "CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0",
    ],
)
def test_a_gpu_that_is_full_lacks_memory(said: str) -> None:
    assert lacks_memory(RuntimeError(said))


def test_a_provider_that_is_not_there_misses_no_library() -> None:
    assert find_missing_library("CPUExecutionProvider") is None
