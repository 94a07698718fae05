"""The NVIDIA GPUs of this machine, as their driver tells; nothing of CUDA need be installed."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from functools import cache

from editjudge.errors import DeviceError

_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_*


@dataclass(frozen=True)
class Gpu:
    """A GPU. memory: bytes. capability: its compute capability, such as "sm89"."""

    name: str
    memory: int
    capability: str


@cache
def find_gpus() -> tuple[Gpu, ...]:
    """Those that CUDA shows to this process, in CUDA's order; the first is the one that models run on.

    Raises DeviceError, which says what is missing, where there is none.
    """
    try:
        driver = ctypes.CDLL(_DRIVER)
    except OSError as error:
        raise DeviceError(f"no NVIDIA driver is installed ({_DRIVER} is missing)") from error
    _ask(driver, "cuInit", 0)
    count = ctypes.c_int()
    _ask(driver, "cuDeviceGetCount", ctypes.byref(count))
    if count.value == 0:
        raise DeviceError("the NVIDIA driver shows none (check CUDA_VISIBLE_DEVICES)")
    return tuple(_gpu(driver, place) for place in range(count.value))


def _gpu(driver: ctypes.CDLL, place: int) -> Gpu:
    device, name, memory = ctypes.c_int(), ctypes.create_string_buffer(256), ctypes.c_size_t()
    major, minor = ctypes.c_int(), ctypes.c_int()
    _ask(driver, "cuDeviceGet", ctypes.byref(device), place)
    _ask(driver, "cuDeviceGetName", name, len(name), device)
    _ask(driver, "cuDeviceTotalMem_v2", ctypes.byref(memory), device)
    for value, attribute in ((major, _MAJOR), (minor, _MINOR)):
        _ask(driver, "cuDeviceGetAttribute", ctypes.byref(value), attribute, device)
    return Gpu(name.value.decode(errors="replace"), memory.value, f"sm{major.value}{minor.value}")


def _ask(driver: ctypes.CDLL, function: str, *arguments: object) -> None:
    status = getattr(driver, function)(*arguments)
    if status:
        raise DeviceError(f"the NVIDIA driver fails (error {status} of {function})")
