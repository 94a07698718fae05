"""The options that each device's provider is opened with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from editjudge.backends.onnx.providers import find_plugin_device

RECORDING = {"cuda": "enable_cuda_graph", "tensorrt": "trt_cuda_graph_enable", "rtx": "enable_cuda_graph"}
"""The option with which a provider records what the GPU does in a run, as a CUDA graph, and replays it in the next. Not
WebGPU's: it replays over buffers of its own alone, which cannot be had from Python."""

ONE_SHAPE = ("tensorrt", "rtx")
"""Those that record one run only, so that they do for graphs of fixed shapes; CUDA's records one per shape."""


def build_provider_options(
    device: str, threads: int | None, caches: Path | None, captured: bool = False
) -> dict[str, str]:
    """The options of a device's provider; in the folder `caches`, if there is one, it keeps what it builds itself.
    `captured` has it record what the GPU does, where it can.
    """
    options = {RECORDING[device]: "1"} if captured and device in RECORDING else {}
    if device == "openvino":
        hardware = find_plugin_device(device).ep_metadata.get("ov_device", "CPU").partition(".")[0]
        # By default OpenVINO computes in half precision wherever the hardware has it, whatever the model says: with
        # bfloat16 the studio bundle's raw scores moved by 0.05.
        config: dict[str, Any] = {} if hardware == "NPU" else {"INFERENCE_PRECISION_HINT": "f32"}
        if hardware == "CPU" and threads is not None:
            config["INFERENCE_NUM_THREADS"] = threads
        return {"load_config": json.dumps({hardware: config})}
    if device == "coreml":
        return {"ModelFormat": "MLProgram"}  # the older format computes in half precision, whatever the model says
    if device == "rtx" and caches is not None:
        options |= {"nv_runtime_cache_path": str(caches / "runtime")}
    if device == "tensorrt" and caches is not None:
        options |= {
            "trt_engine_cache_enable": "1",
            "trt_engine_cache_path": str(caches),
            "trt_timing_cache_enable": "1",
            "trt_timing_cache_path": str(caches),
        }
    return options
