"""What this CPU can do, measured: a large product of matrices, and memory read and copied."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from threadpoolctl import threadpool_limits

SIDE = 1024
"""Of the matrices: 2 GFLOP, and 12 MB in float32. Twice that side was no faster."""
REPEATS = 5
WORDS = 64 * 2**20
"""Of the arrays that are moved, in float32: 256 MiB each, more than any cache holds."""


class Limits:
    """Measures with a number of threads; the arrays are kept."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        generator = np.random.default_rng(0)
        self._factors = {name: generator.random((SIDE, SIDE), np.float32) for name in "ab"}
        self._session = _product(threads)
        self._source = np.ones(WORDS, np.float32)
        self._target = np.zeros(WORDS, np.float32)

    def sgemm(self) -> float:
        """FLOP/s of one product of matrices in float32: by ONNX Runtime or by NumPy's BLAS, which of them is faster.

        NumPy's knows no kernel for some processors, and then falls far behind. Its threads go on spinning for a while,
        so it comes last; a first product finds its own ones asleep.
        """
        by_runtime = _best(lambda: self._session.run(None, self._factors))
        with threadpool_limits(self.threads):
            by_numpy = _best(lambda: self._factors["a"] @ self._factors["b"])
        return 2 * SIDE**3 / min(by_numpy, by_runtime)

    def bandwidth(self) -> float:
        """Bytes/s, read and written ones counted: as an array is copied, or as two are read for their inner product."""
        with threadpool_limits(1):
            copying = self._each_part(lambda part: np.copyto(self._target[part], self._source[part]))
            reading = self._each_part(lambda part: self._source[part] @ self._target[part])
        return 2 * self._source.nbytes / min(copying, reading)

    def _each_part(self, work: Callable[[slice], object]) -> float:
        """The seconds that threads take which each do a part."""
        edges = np.linspace(0, WORDS, self.threads + 1, dtype=int)
        parts = [slice(low, high) for low, high in pairwise(edges)]
        with ThreadPoolExecutor(self.threads) as pool:
            return _seconds(lambda: list(pool.map(work, parts)))


def _product(threads: int) -> onnxruntime.InferenceSession:
    arrays = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [SIDE, SIDE]) for name in "abc"}
    node = helper.make_node("MatMul", ["a", "b"], ["c"])
    graph = helper.make_graph([node], "product", [arrays["a"], arrays["b"]], [arrays["c"]])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _best(work: Callable[[], object]) -> float:
    return min(_seconds(work) for _ in range(REPEATS))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
