"""What this CPU can do, measured: a large matrix product, and memory that is read and copied."""

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
"""Of the matrices: 2 GFLOP, and 12 MB in float32. Matrices of twice that side were no faster."""
REPEATS = 5
WORDS = 64 * 2**20
"""Of the arrays that are moved, in float32: 256 MiB each, more than any cache holds."""


class CpuLimits:
    """Measures the limits with a number of threads; keeps the arrays from one measurement to the next."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        generator = np.random.default_rng(0)
        self._factors = {name: generator.random((SIDE, SIDE), np.float32) for name in "ab"}
        self._session = _open_product(threads)
        self._source = np.ones(WORDS, np.float32)
        self._target = np.zeros(WORDS, np.float32)

    def sgemm(self) -> float:
        """FLOP/s of one matrix product in float32, by ONNX Runtime or by NumPy's BLAS, whichever is faster.

        NumPy's has no kernel for some processors, and then falls far behind. Its threads keep spinning for a while
        after a product, so it comes last; the first of several products is slow, as it has to wake its threads.
        """
        by_runtime = _time_best(lambda: self._session.run(None, self._factors))
        with threadpool_limits(self.threads):
            by_numpy = _time_best(lambda: self._factors["a"] @ self._factors["b"])
        return 2 * SIDE**3 / min(by_numpy, by_runtime)

    def bandwidth(self) -> float:
        """Bytes/s, both reads and writes counted: of copying an array, or of reading two for their inner product."""
        with threadpool_limits(1):
            copying = self._time_parts(lambda part: np.copyto(self._target[part], self._source[part]))
            reading = self._time_parts(lambda part: self._source[part] @ self._target[part])
        return 2 * self._source.nbytes / min(copying, reading)

    def _time_parts(self, work: Callable[[slice], object]) -> float:
        """The seconds that all threads together take for the work, a part for each of them."""
        edges = np.linspace(0, WORDS, self.threads + 1, dtype=int)
        parts = [slice(low, high) for low, high in pairwise(edges)]
        with ThreadPoolExecutor(self.threads) as pool:
            return _time(lambda: list(pool.map(work, parts)))


def _open_product(threads: int) -> onnxruntime.InferenceSession:
    arrays = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [SIDE, SIDE]) for name in "abc"}
    node = helper.make_node("MatMul", ["a", "b"], ["c"])
    graph = helper.make_graph([node], "product", [arrays["a"], arrays["b"]], [arrays["c"]])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _time_best(work: Callable[[], object]) -> float:
    return min(_time(work) for _ in range(REPEATS))


def _time(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
