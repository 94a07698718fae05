"""What the figures depend on: the machine, its GPU and the packages."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from benchmarks.gpu.nvidia_smi import find_gpu
from benchmarks.gpu.parts.environment import describe_torch, list_packages
from benchmarks.gpu.plan import GpuPart, GpuRun, GpuRunError, Keep
from benchmarks.gpu.requirements import OVERLAYS
from editjudge.benchmarking.system_info import describe_machine


def measure(run: GpuRun, _: GpuPart, __: Keep) -> dict[str, Any]:
    """{"machine": {...}, "gpu": {...} or None, "packages": {name: version}, "torch", "cuda"}."""
    packages = {
        name: version
        for overlay in OVERLAYS
        for name, version in list_packages(run.overlay(overlay)).items()
        if name.replace("_", "-").startswith(("onnxruntime", "tensorrt", "llama-cpp-python"))
    }
    try:
        gpu = asdict(find_gpu())
        del gpu["uuid"]  # which is of no use to others
    except GpuRunError:
        if not run.rehearse:
            raise
        gpu = None
    return {"machine": describe_machine(), "gpu": gpu, "packages": packages, **describe_torch(run)}
