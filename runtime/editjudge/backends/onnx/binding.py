"""Memory that a session's inputs and outputs keep from run to run, on the device where Python can lay arrays there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from editjudge.backends.error_origin import came_from
from editjudge.backends.onnx.gpu_faults import shorten_error
from editjudge.backends.onnx.library import load_onnxruntime
from editjudge.backends.onnx.provider_options import ONE_SHAPE, RECORDING
from editjudge.backends.onnx.providers import PROVIDERS, find_plugin_device, is_plugin
from editjudge.errors import OutOfMemoryError
from editjudge.utils.oom import lacks_memory


@dataclass(frozen=True)
class Binding:
    """How a bound session keeps what goes in and out.

    Attributes:
        memory: Where it lies: the device's name, or cpu.
        captured: Whether what the GPU does is recorded in a first run of each shape, and replayed in those after it.
        reason: Why it does not lie on the device, or is not captured; None where it is as good as it can be.
    """

    memory: str
    captured: bool = False
    reason: str | None = None


def helps(device: str) -> bool:
    """Whether binding pays on a device: where arrays can be laid in its own memory. On a CPU the inputs are where they
    are needed, and the outputs are copied once more: CLIP of the studio bundle took 1.05 times as long.
    """
    return PROVIDERS[device].memory is not None


def records(device: str, session: Any) -> bool:
    """Whether a session on this device can record what the GPU does: CUDA does so for each shape, TensorRT for graphs
    of one shape.
    """
    tensors = (*session.get_inputs(), *session.get_outputs())
    fixed = all(isinstance(size, int) for tensor in tensors for size in tensor.shape)
    return device in RECORDING and (fixed or device not in ONE_SHAPE)


def choose_binding(device: str) -> Binding:
    """Chooses where a session on this device keeps its inputs and outputs: tried with one number, there and back.

    Raises OutOfMemoryError where the device has no memory left for it.
    """
    if device == "cpu":
        return Binding("cpu")
    if PROVIDERS[device].memory is None:
        return Binding("cpu", reason=f"memory of {device} cannot be had from Python")
    sent = np.ones(1, np.float32)
    try:
        value = allocate(device, sent.shape, sent.dtype)
        value.update_inplace(sent)
        received = value.numpy()
    except Exception as error:  # ONNX Runtime's errors have no root of their own
        if not came_from(error, "onnxruntime"):
            raise
        if lacks_memory(error):
            raise OutOfMemoryError(f"there is not enough memory on {device}; close what else uses it") from error
        return Binding("cpu", reason=f"memory of {device} cannot be had from Python ({shorten_error(error)})")
    if not np.array_equal(sent, received):
        return Binding("cpu", reason=f"memory of {device} does not keep what is copied to it")
    return Binding(device)


def allocate(memory: str, shape: Sequence[int], dtype: np.dtype[Any]) -> Any:
    """Allocates an OrtValue of a shape and type in the memory that a binding names; what it holds is not set."""
    runtime = load_onnxruntime()
    values = runtime.OrtValue
    if memory == "cpu":
        return values.ortvalue_from_shape_and_type(list(shape), dtype.type)  # one of an array would not keep it alive
    if is_plugin(memory):
        info = find_plugin_device(memory).memory_info(runtime.OrtDeviceMemoryType.DEFAULT)
        return values.ortvalue_from_shape_and_type(list(shape), dtype.type, memory_info=info)
    return values.ortvalue_from_shape_and_type(list(shape), dtype.type, PROVIDERS[memory].memory, 0)
