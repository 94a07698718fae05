"""Runs of a session over memory that is kept: shapes that come again find their inputs and outputs laid out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editjudge.backends.onnx.binding import Binding, allocate
from editjudge.utils.deadlines.deadline import hold_in_time
from editjudge.utils.forks import new_lock

MOST_SHAPES = 8
"""So many combinations of shapes are kept; of more, those that were used longest ago are let go."""

_GRAPH = "gpu_graph_id"
_NO_GRAPH = -1
"""What ONNX Runtime takes for a run that is neither recorded nor replayed."""

Shapes = tuple[tuple[str, tuple[int, ...]], ...]
"""The type and shape of each input, in the graph's order."""


TYPES: dict[str, np.dtype[Any]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(float16)": np.dtype(np.float16),
    "tensor(int64)": np.dtype(np.int64),
    "tensor(int32)": np.dtype(np.int32),
    "tensor(bool)": np.dtype(np.bool_),
}
"""The types that tensors have in our graphs, by ONNX Runtime's names."""


@dataclass
class _Place:
    """The memory of one combination of shapes.

    Attributes:
        bound: ONNX Runtime's `IOBinding`.
        session: The one that it belongs to, which must not be freed before it: it stands after it here.
        inputs: On the device, in the graph's order, as values of ONNX Runtime; none where memory is the CPU's.
        unforeseen: The names of the outputs that ONNX Runtime allocates in every run.
        graph: The number of the GPU's recorded work; `_NO_GRAPH` where none is recorded.
    """

    bound: Any
    session: Any
    inputs: list[Any] = field(default_factory=list)
    unforeseen: list[str] = field(default_factory=list)
    graph: int = _NO_GRAPH


class BoundRuns:
    """Runs an `InferenceSession` by one thread at a time; others wait.

    Recorded work is replayed over the memory that it was recorded with, and ONNX Runtime keeps it as long as the
    session: the first `MOST_SHAPES` combinations are recorded, their memory is never let go, and further ones run
    unrecorded.
    """

    def __init__(self, session: Any, binding: Binding) -> None:
        self.binding = binding
        self._on_device = binding.memory != "cpu"
        self._session = session
        self._inputs = session.get_inputs()
        self._outputs = session.get_outputs()
        self._places: dict[Shapes, _Place] = {}
        self._recorded: dict[Shapes, _Place] = {}
        self._lock = new_lock()

    def run(self, feeds: Mapping[str, NDArray[Any]], options: Any) -> list[NDArray[Any]]:
        """Runs the model on arrays by input name; its outputs in the graph's order, in memory of their own.

        `options` are ONNX Runtime's, of this run alone. Raises what ONNX Runtime raises; all memory that may be let go
        is, then.
        """
        arrays = [np.asarray(feeds[tensor.name], order="C") for tensor in self._inputs]
        with hold_in_time(self._lock):
            try:
                return self._run(arrays, options)
            except Exception:
                self._places.clear()
                raise

    def _run(self, arrays: Sequence[NDArray[Any]], options: Any) -> list[NDArray[Any]]:
        place = self._find_place(arrays)
        # An input is bound in each run: where it has to be copied to another memory, it is at that moment.
        if self._on_device:
            for tensor, value, array in zip(self._inputs, place.inputs, arrays, strict=True):
                value.update_inplace(array)
                place.bound.bind_ortvalue_input(tensor.name, value)
        else:
            for tensor, array in zip(self._inputs, arrays, strict=True):
                place.bound.bind_cpu_input(tensor.name, array)
        for name in place.unforeseen:
            place.bound.bind_output(name)  # else the last run's memory would be taken, of whatever shape that was
        if self.binding.captured:
            options.add_run_config_entry(_GRAPH, str(place.graph))
        place.bound.synchronize_inputs()
        self._session.run_with_iobinding(place.bound, options)
        place.bound.synchronize_outputs()
        outputs = [np.array(value.numpy()) for value in place.bound.get_outputs()]  # the next run overwrites the memory
        if not self._on_device:
            place.bound.clear_binding_inputs()  # the caller's arrays
        return outputs

    def _find_place(self, arrays: Sequence[NDArray[Any]]) -> _Place:
        """The memory for arrays like these, made where there is none yet."""
        shapes = tuple((array.dtype.str, array.shape) for array in arrays)
        if shapes in self._recorded:
            return self._recorded[shapes]
        place = self._places.pop(shapes, None)
        if place is None:
            while len(self._places) >= MOST_SHAPES:
                del self._places[next(iter(self._places))]
            place = self._make_place(arrays)
            if place.graph != _NO_GRAPH:
                self._recorded[shapes] = place
                return place
        self._places[shapes] = place  # the last one is the one used last
        return place

    def _make_place(self, arrays: Sequence[NDArray[Any]]) -> _Place:
        place = _Place(self._session.io_binding(), self._session)
        if self._on_device:
            place.inputs = [allocate(self.binding.memory, array.shape, array.dtype) for array in arrays]
        shapes = self._foresee_shapes(arrays)
        for tensor, shape in zip(self._outputs, shapes, strict=True):
            if shape is None:
                place.unforeseen.append(tensor.name)
            else:
                value = allocate(self.binding.memory, shape, TYPES[tensor.type])
                place.bound.bind_ortvalue_output(tensor.name, value)
        if self.binding.captured and None not in shapes and len(self._recorded) < MOST_SHAPES:
            place.graph = len(self._recorded) + 1
        return place

    def _foresee_shapes(self, arrays: Sequence[NDArray[Any]]) -> list[tuple[int, ...] | None]:
        """The shape of each output, by the names of its sizes, which those of the inputs bear; None where one is not
        told.
        """
        sizes: dict[str, int] = {}
        for tensor, array in zip(self._inputs, arrays, strict=True):
            if len(tensor.shape) == array.ndim:  # else ONNX Runtime will refuse it
                named = zip(tensor.shape, array.shape, strict=True)
                sizes |= {name: size for name, size in named if isinstance(name, str)}
        shapes: list[tuple[int, ...] | None] = []
        for tensor in self._outputs:
            shape = [size if isinstance(size, int) else sizes.get(size) for size in tensor.shape]
            known = tensor.type in TYPES and None not in shape
            shapes.append(tuple(size for size in shape if size is not None) if known else None)
        return shapes
