"""ONNX files, looked through before ONNX Runtime opens them: which files they read, and how much they would make.

A graph is a program. What is refused: loops, and tensors that a few bytes make enormous.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from editjudge.bundles.contents.protobuf import (
    MalformedError,
    Value,
    read_fields,
    read_integers,
    read_message,
    read_text,
)
from editjudge.bundles.contents.regular_file import open_regular

MOST_NODES = 50_000
MOST_ELEMENTS = 2**28
"""Of what a node makes out of constants: a gigabyte of float32."""
DEEPEST = 8
"""Graphs within graphs."""
LOOPS = frozenset({"Loop", "Scan", "SequenceMap"})
RANDOM = frozenset({"RandomNormal", "RandomUniform"})
SHAPED_BY = {"ConstantOfShape": 0, "Expand": 1, "Tile": 1, "Resize": 3, "Range": 1, "Pad": 1, "OneHot": 1, "EyeLike": 0}
"""Operators, and which of their inputs says how much they make."""
POINTERS = frozenset({"ep_cache_context", "onnx_model_filename"})
"""The attributes of an EPContext node that name files: its engine, and the model that has the weights of it."""

Shape = tuple[int | None, ...]


@dataclass
class GraphSummary:
    """What a file says of its graph.

    Attributes:
        files: The names of the files that it reads, as it has them.
        inputs, outputs: The shapes of those of the graph itself; None for a length that is not fixed.
    """

    files: set[str] = field(default_factory=set)
    inputs: dict[str, Shape] = field(default_factory=dict)
    outputs: dict[str, Shape] = field(default_factory=dict)


def read_summary(path: Path) -> GraphSummary:
    """What a file says of its graph. Raises ValueError for what is no graph or would make too much, and OSError."""
    if path.suffix == ".ort":
        raise ValueError("a model must be an ONNX file, not one of ONNX Runtime's own format")
    with open_regular(path) as stream:
        content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)  # closed once no part of it is looked at
    try:
        return _Walk().walk_model(memoryview(content))
    except MalformedError as error:
        problem = f"it is not an ONNX file, or damaged ({error})"
    except ValueError as error:
        problem = str(error)
    raise ValueError(problem)  # without the parts of the file that the first one has hold of


class _Walk:
    """Goes through all the graphs of a file. What is said twice, in a message that goes on later, is seen twice."""

    def __init__(self) -> None:
        self.summary = GraphSummary()
        self.nodes = 0
        self.constants: dict[str, list[int]] = {}
        self.shaped: list[tuple[str, str]] = []

    def walk_model(self, message: memoryview) -> GraphSummary:
        graphs = 0
        for number, value in read_fields(message):
            if number == 7:
                graphs += 1
                self._walk_graph(read_message(value), 0)
            elif number == 20:
                raise ValueError("it has a part for training")
            elif number == 25:
                self._walk_function(read_message(value))
        if not graphs or not self.summary.outputs:
            raise ValueError("it is not an ONNX file")
        for operator, name in self.shaped:
            elements = math.prod(max(1, abs(number)) for number in self.constants.get(name, []))
            if elements > MOST_ELEMENTS:
                raise ValueError(f"its {operator} makes {elements:,} numbers; a model may make {MOST_ELEMENTS:,} so")
        return self.summary

    def _walk_function(self, message: memoryview) -> None:
        for number, value in read_fields(message):
            if number == 7:
                self._walk_node(read_message(value), 1)
            elif number == 11:
                self._walk_attribute(read_message(value), 1)

    def _walk_graph(self, message: memoryview, depth: int) -> None:
        if depth > DEEPEST:
            raise ValueError("its graphs lie too deep in each other")
        for number, value in read_fields(message):
            if number == 1:
                self._walk_node(read_message(value), depth)
            elif number == 5:
                name, numbers = self._walk_tensor(read_message(value))
                self.constants[name] = numbers
            elif number == 15:
                raise ValueError("it has sparse tensors, which a few bytes can make enormous")
            elif number in {11, 12} and depth == 0:
                name, shape = _read_value_info(read_message(value))
                (self.summary.inputs if number == 11 else self.summary.outputs)[name] = shape

    def _walk_node(self, message: memoryview, depth: int) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise ValueError(f"it has more than {MOST_NODES:,} nodes")
        operator, inputs, outputs, constants = "", [], [], []
        for number, value in read_fields(message):
            if number == 1:
                inputs.append(read_text(value))
            elif number == 2:
                outputs.append(read_text(value))
            elif number == 4:
                operator = read_text(value)
            elif number == 5:
                constants.append(self._walk_attribute(read_message(value), depth))
        if operator in LOOPS or operator in RANDOM:
            raise ValueError(f"it has a {operator}, which no model of a bundle needs")
        if operator == "Constant" and outputs:
            self.constants[outputs[0]] = next((found for _, found in constants if found), [])
        if operator == "EPContext":
            self.summary.files |= {name for name, _ in constants if name}
        place = SHAPED_BY.get(operator)
        if place is not None and place < len(inputs):
            self.shaped.append((operator, inputs[place]))

    def _walk_attribute(self, message: memoryview, depth: int) -> tuple[str, list[int]]:
        """The file that it names, if it is the one that says where the rest of a node is; and its integers, if few."""
        name, text = "", ""
        numbers: list[int] = []
        for number, value in read_fields(message):
            if number == 1:
                name = read_text(value)
            elif number == 4 and len(read_message(value)) <= 4096:
                text = bytes(read_message(value)).decode(errors="replace")
            elif number in {3, 8} and len(numbers) < 64:
                numbers += read_integers(value)
            elif number in {5, 10}:
                numbers = self._walk_tensor(read_message(value))[1]
            elif number in {6, 11}:
                self._walk_graph(read_message(value), depth + 1)
            elif number in {22, 23}:
                raise ValueError("it has sparse tensors, which a few bytes can make enormous")
        return text if name in POINTERS else "", numbers

    def _walk_tensor(self, message: memoryview) -> tuple[str, list[int]]:
        """The name of a tensor, and its integers where they are few."""
        name, elements, kind, external, raw = "", 1, 0, False, None
        numbers: list[int] = []
        for number, value in read_fields(message):
            if number == 1:
                for length in read_integers(value):
                    elements *= length
            elif number == 2 and isinstance(value, int):
                kind = value
            elif number in {5, 7} and len(message) < 1024:
                numbers += read_integers(value)
            elif number == 8:
                name = read_text(value)
            elif number == 9:
                raw = read_message(value)
            elif number == 13:
                external = True
                self.summary.files |= set(_read_locations(read_message(value)))
            elif number == 14:
                external = external or value == 1
        if elements < 0 or (not external and elements > 2 * len(message)):
            raise ValueError(f"its tensor {name[:80]!r} says that it has {elements:,} numbers, and has them not")
        if raw is not None and kind in {6, 7} and len(raw) <= 512:
            size = 8 if kind == 7 else 4
            spans = range(0, len(raw) - size + 1, size)
            numbers = [int.from_bytes(raw[start : start + size], "little", signed=True) for start in spans]
        return name, numbers


def _read_locations(message: memoryview) -> Iterator[str]:
    entry = {number: read_text(value) for number, value in read_fields(message)}
    if entry.get(1) == "location":
        yield entry.get(2, "")


def _read_value_info(message: memoryview) -> tuple[str, Shape]:
    """The name of an input or output, and its shape."""
    name, shape = "", []
    for number, value in read_fields(message):
        if number == 1:
            name = read_text(value)
        elif number == 2:
            for tensor in _children(read_message(value), 1):
                for dimensions in _children(tensor, 2):
                    shape += [_read_length(dimension) for dimension in _children(dimensions, 1)]
    return name, tuple(shape)


def _children(message: memoryview, wanted: int) -> Iterator[memoryview]:
    return (read_message(value) for number, value in read_fields(message) if number == wanted)


def _read_length(message: memoryview) -> int | None:
    lengths: list[Value] = [value for number, value in read_fields(message) if number == 1]
    return lengths[-1] if lengths and isinstance(lengths[-1], int) else None
