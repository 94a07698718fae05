"""The NVIDIA GPUs of this machine, asked of their driver; nothing of CUDA need be installed."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from functools import cache

from editjudge.errors import DeviceError, OutOfMemoryError
from editjudge.utils.oom import ADVICE, lacks_memory

_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_OUT_OF_MEMORY = 2  # CUDA_ERROR_OUT_OF_MEMORY
_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_*


@dataclass(frozen=True)
class Gpu:
    """A GPU: its memory in bytes, and its compute capability, such as "sm89"."""

    name: str
    memory: int
    capability: str


@cache
def find_gpus() -> tuple[Gpu, ...]:
    """List the GPUs that CUDA shows to this process, in CUDA's order; models run on the first.

    Raises DeviceError, which says what is missing, where there is none; OutOfMemoryError where that cannot be told.
    """
    try:
        driver = ctypes.CDLL(_DRIVER)
    except OSError as error:
        if lacks_memory(error):
            raise OutOfMemoryError(f"there is not enough memory to load the NVIDIA driver; {ADVICE}") from error
        raise DeviceError(f"no NVIDIA driver is installed ({_DRIVER} is missing)") from error
    _call(driver, "cuInit", 0)
    count = ctypes.c_int()
    _call(driver, "cuDeviceGetCount", ctypes.byref(count))
    if count.value == 0:
        raise DeviceError("the NVIDIA driver shows none (check CUDA_VISIBLE_DEVICES)")
    return tuple(_describe(driver, index) for index in range(count.value))


def _describe(driver: ctypes.CDLL, index: int) -> Gpu:
    device, name, memory = ctypes.c_int(), ctypes.create_string_buffer(256), ctypes.c_size_t()
    major, minor = ctypes.c_int(), ctypes.c_int()
    _call(driver, "cuDeviceGet", ctypes.byref(device), index)
    _call(driver, "cuDeviceGetName", name, len(name), device)
    _call(driver, "cuDeviceTotalMem_v2", ctypes.byref(memory), device)
    for value, attribute in ((major, _MAJOR), (minor, _MINOR)):
        _call(driver, "cuDeviceGetAttribute", ctypes.byref(value), attribute, device)
    return Gpu(name.value.decode(errors="replace"), memory.value, f"sm{major.value}{minor.value}")


def _call(driver: ctypes.CDLL, function: str, *arguments: object) -> None:
    status = getattr(driver, function)(*arguments)
    if status == _OUT_OF_MEMORY:
        raise OutOfMemoryError(f"there is not enough memory to start the NVIDIA driver; {ADVICE}")
    if status:
        raise DeviceError(f"the NVIDIA driver fails (error {status} of {function})")
