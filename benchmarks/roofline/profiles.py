"""Which operators of a model take its time on the CPU, according to ONNX Runtime's profiler."""

from __future__ import annotations

import json
import tempfile
from bisect import bisect
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import onnxruntime

from editjudge.backends.onnx.session import Tensor

RUNS = 5
PRODUCTS = {"MatMul", "Gemm", "Conv", "ConvTranspose", "Einsum", "FusedMatMul", "FusedGemm", "FusedConv", "Attention",
            "MultiHeadAttention", "MatMulInteger", "MatMulIntegerToFloat", "DynamicQuantizeMatMul"}  # fmt: skip
"""Those whose work `graph_costs` counts."""


def profile_operators(path: Path, feeds: Mapping[str, Tensor], threads: int) -> dict[str, float]:
    """Seconds by kind of operator, most first, after ONNX Runtime has fused them; the best run of a node counts."""
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # as in the runtime
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        for _ in range(1 + RUNS):
            session.run(None, dict(feeds))
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    starts = sorted(event["ts"] for event in events if event["name"] == "model_run")[1:]  # the first allocates
    runs: list[list[tuple[str, int]]] = [[] for _ in starts]
    for event in sorted(events, key=lambda event: event["ts"]):
        if event["cat"] == "Node" and event["name"].endswith("_kernel_time") and event["ts"] >= starts[0]:
            runs[bisect(starts, event["ts"]) - 1].append((event["args"]["op_name"], event["dur"]))
    totals: Counter[str] = Counter()
    for same_node in zip(*runs, strict=True):  # the nodes run in the same order every time
        totals[same_node[0][0]] += min(microseconds for _, microseconds in same_node)
    return {name: microseconds / 1e6 for name, microseconds in totals.most_common()}
