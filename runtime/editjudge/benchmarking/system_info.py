"""The machine that something is measured on: hardware and versions, and nothing that tells whose it is."""

from __future__ import annotations

import contextlib
import os
import platform
import re
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from editjudge.backends.onnx.nvidia import find_gpus
from editjudge.errors import DeviceError
from editjudge.utils.pools import usable_cores

COUNTED = (
    "editjudge", "onnxruntime", "onnxruntime-gpu", "onnxruntime-ep-nv-tensorrt-rtx-cu13", "onnxruntime-ep-openvino",
    "llama-cpp-python", "numpy", "opencv-python-headless",
)  # fmt: skip
"""The packages whose versions change how long an edit takes."""


def describe_machine() -> dict[str, Any]:
    """What figures depend on; of the packages those that are installed. "memory" in bytes, None where it is unknown."""
    try:
        gpus = [asdict(gpu) for gpu in find_gpus()]
    except DeviceError:
        gpus = []
    return {
        "cpu": cpu_name(),
        "cores": usable_cores(),
        "memory": total_memory(),
        "gpus": gpus,
        "os": _system(),
        "python": platform.python_version(),
        "packages": {name: number for name in COUNTED if (number := installed_version(name))},
    }


def cpu_name() -> str:
    return _field("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()


def total_memory() -> int | None:
    """Bytes; None on a system that does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def resident_memory() -> int | None:
    """Bytes of memory that this process holds now; None on a system that does not say."""
    return _bytes("VmRSS")


def peak_memory() -> int | None:
    """As `resident_memory`, the most there ever was."""
    return _bytes("VmHWM")


def installed_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _system() -> str:
    """The release without what was added to its number, which may tell whose machine it is."""
    release = re.match(r"[\d.]*\d", platform.release())
    return f"{platform.system()} {release[0] if release else ''}, {platform.machine()}"


def _bytes(field: str) -> int | None:
    # Not getrusage: of a child, its figures start from what the parent held.
    size = _field("/proc/self/status", field)
    return 1024 * int(size.split()[0]) if size else None


def _field(file: str, name: str) -> str | None:
    """What a line "name: value" of a file says; None where there is no such file or line."""
    with contextlib.suppress(OSError, ValueError):  # no such file; no text
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            if line.startswith(name):
                return line.partition(":")[2].strip()
    return None
