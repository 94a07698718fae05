"""Where a figure comes from: the commit that was measured, and the machine that it was measured on."""

from __future__ import annotations

import platform
import subprocess

from benchmarks.common.paths import BENCHMARKS
from editjudge.benchmarking.system_info import cpu_name, installed_version
from editjudge.utils.pools import usable_cores

RUNTIMES = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-webgpu")
PACKAGES = ("numpy", *RUNTIMES, "opencv-python-headless", "llama-cpp-python")
WRITTEN_BY_BENCHMARKS = ("RESULTS.md", "data/*.json")


def machine() -> str:
    """The processor, the number of cores that this process may use, and those packages that count which are there."""
    found = {name: version for name in PACKAGES if (version := installed_version(name))}
    packages = ", ".join(f"{name} {version}" for name, version in found.items())
    return f"{cpu_name()}, {usable_cores()} cores; Python {platform.python_version()}, {packages}"


def commit() -> str:
    """The commit that is checked out, and whether the working tree differs from it."""
    changes = _git("status", "--porcelain", "--", ":/", *(f":!{pattern}" for pattern in WRITTEN_BY_BENCHMARKS))
    suffix = " with changes that were not committed" if changes else ""
    return f"{_git('rev-parse', '--short', 'HEAD') or 'unknown'}{suffix}"


def _git(*arguments: str) -> str:
    result = subprocess.run(["git", *arguments], cwd=BENCHMARKS, capture_output=True, text=True, check=False)
    return result.stdout.strip()
