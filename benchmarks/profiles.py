"""Which operators of a model take its time on the CPU, as ONNX Runtime's profiler has it."""

from __future__ import annotations

import json
import tempfile
from bisect import bisect
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import onnxruntime

from editjudge.engine import Array

RUNS = 5
PRODUCTS = {"MatMul", "Gemm", "Conv", "ConvTranspose", "Einsum", "FusedMatMul", "FusedGemm", "FusedConv", "Attention",
            "MultiHeadAttention", "MatMulInteger", "MatMulIntegerToFloat", "DynamicQuantizeMatMul"}  # fmt: skip
"""Those that do what costs.py counts."""


def operators(path: Path, feeds: Mapping[str, Array], threads: int) -> dict[str, float]:
    """Seconds by kind of operator, most first, after ONNX Runtime's own fusing; of each node its best run counts."""
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # as engine.py has it
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        for _ in range(1 + RUNS):
            session.run(None, dict(feeds))
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    starts = sorted(event["ts"] for event in events if event["name"] == "model_run")[1:]  # the first allocates
    runs: list[list[tuple[str, int]]] = [[] for _ in starts]
    for event in sorted(events, key=lambda event: event["ts"]):
        if event["cat"] == "Node" and event["name"].endswith("_kernel_time") and event["ts"] >= starts[0]:
            runs[bisect(starts, event["ts"]) - 1].append((event["args"]["op_name"], event["dur"]))
    taken: Counter[str] = Counter()
    for same_node in zip(*runs, strict=True):  # nodes run in the same order each time
        taken[same_node[0][0]] += min(microseconds for _, microseconds in same_node)
    return {name: spent / 1e6 for name, spent in taken.most_common()}
