"""What a GPU's libraries say when they fail, told as what is wrong and what to do."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

from editjudge.backends.onnx.library import load_onnxruntime

OTHER_DEVICE = "use auto or cpu"
GPU_FULL = f"close what else uses the GPU, hand in smaller pictures, or {OTHER_DEVICE}"

_WHERE = re.compile(r"^\S+:\d+ .* was false\. ")
"""The place in ONNX Runtime's source and the condition, which stand before some of its messages."""

_FAULTS = (
    (
        re.compile(r"busy or unavailable|exclusive[- ]process", re.IGNORECASE),
        "the GPU is taken by another process; end that one",
    ),
    (
        re.compile(r"no kernel image is available|unsupported (SM|compute capability|gpu)", re.IGNORECASE),
        "this GPU is of a generation that the installed ONNX Runtime was not built for; install another release of it",
    ),
    (
        re.compile(r"driver version is insufficient|unsupported driver|PTX .* unsupported toolchain", re.IGNORECASE),
        "the GPU's driver is older than the installed libraries; update the driver",
    ),
    (
        re.compile(r"device (was )?(lost|removed)|DXGI_ERROR_DEVICE|\bunspecified launch failure", re.IGNORECASE),
        "the GPU was lost or reset by its driver; start the program again",
    ),
    (
        re.compile(r"failed to get a WebGPU adapter", re.IGNORECASE),
        "WebGPU takes none of the GPUs that are there; update the GPU's driver",
    ),
)
"""By what CUDA, TensorRT, Direct3D and Dawn say, what is wrong and what to do."""


def shorten_error(error: Exception) -> str:
    """The first line of what a library says, for a sentence of our own; ONNX Runtime's codes are left out."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    line = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", line)
    return _WHERE.sub("", line)


def explain_fault(error: Exception) -> str:
    """What is wrong with the GPU and what to do, before what its library says; that alone where it is not known."""
    said = shorten_error(error)
    for pattern, meaning in _FAULTS:
        if pattern.search(str(error)):
            return f"{meaning}, or {OTHER_DEVICE} ({said})"
    return said


def find_missing_library(provider: str) -> str | None:
    """The library for want of which a provider that is a part of ONNX Runtime cannot be loaded; None where it is not
    told.
    """
    name = provider.removesuffix("ExecutionProvider").lower()
    file = Path(str(load_onnxruntime().__file__)).parent / "capi" / f"libonnxruntime_providers_{name}.so"
    if not file.is_file():
        return None
    try:
        ctypes.CDLL(str(file))
    except OSError as error:
        missing = re.match(r"(\S+): cannot open shared object file", str(error))
        return missing[1] if missing else None
    return None
