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

from editjudge.errors import DeviceError
from editjudge.gpu import find_gpus

COUNTED = (
    "editjudge", "onnxruntime", "onnxruntime-gpu", "onnxruntime-ep-nv-tensorrt-rtx-cu13", "onnxruntime-ep-openvino",
    "llama-cpp-python", "numpy", "opencv-python-headless",
)  # fmt: skip
"""The packages whose versions change how long an edit takes."""


def machine_card() -> dict[str, Any]:
    """What figures depend on; of the packages those that are installed. memory: bytes, None where it is not told."""
    try:
        gpus = [asdict(gpu) for gpu in find_gpus()]
    except DeviceError:
        gpus = []
    return {
        "cpu": cpu_name(),
        "cores": usable_cores(),
        "memory": memory(),
        "gpus": gpus,
        "os": _system(),
        "python": platform.python_version(),
        "packages": {name: found for name in COUNTED if (found := installed_version(name))},
    }


def cpu_name() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def usable_cores() -> int:
    """The cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> int | None:
    """Bytes; None on a system that does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def resident() -> int | None:
    """Bytes of memory that this process holds now; None on a system that does not say."""
    return _status("VmRSS")


def most_resident() -> int | None:
    """As `resident`, the most there ever was."""
    return _status("VmHWM")


def installed_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _system() -> str:
    """The release without what was added to its number, which may tell whose machine it is."""
    release = re.match(r"[\d.]*\d", platform.release())
    return f"{platform.system()} {release[0] if release else ''}, {platform.machine()}"


def _status(field: str) -> int | None:
    # Not getrusage: what it tells of a child begins with what its parent held.
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith(f"{field}:"):
                return 1024 * int(line.split()[1])
    return None
