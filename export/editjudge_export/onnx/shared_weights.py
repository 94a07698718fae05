"""Graphs that read their weights from a file beside them: large ones, and those of one model at several sizes."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import onnx
from onnx import numpy_helper
from onnx.external_data_helper import set_external_data

from editjudge_export.onnx.files import load

SMALLEST = 1024
"""Bytes from which a weight goes into the file; what is smaller may be part of the computation of a shape."""
ALIGNMENT = 64
"""Bytes: what a cache line has, so that weights can be used where they are mapped."""


def share_weights(graphs: Sequence[Path], data: Path) -> None:
    """Moves the weights of graphs into one file, in which those of the same bytes stand once.

    Args:
        graphs: ONNX files, which are replaced; the weights of one may be outside already.
        data: The file of the weights, in their folder. It may be the one that a graph reads now.
    """
    with tempfile.TemporaryDirectory(dir=data.parent, prefix=f".{data.name}.") as folder:
        scratch = Path(folder)
        with (scratch / data.name).open("wb") as stream:
            places: dict[str, int] = {}
            for path in graphs:
                model = load(path)
                del model.graph.value_info[:]  # the shapes of what is between, which every reader infers for itself
                _move_weights(model, stream, data.name, places)
                (scratch / path.name).write_bytes(model.SerializeToString())
        for path in graphs:
            onnx.checker.check_model(str(scratch / path.name))
        for path in (data, *graphs):
            (scratch / path.name).replace(path)


def _move_weights(model: onnx.ModelProto, stream: BinaryIO, name: str, places: dict[str, int]) -> None:
    """Appends the weights that are not in the file yet. places: where it has which, by the hash; it is added to."""
    for weight in model.graph.initializer:
        if not weight.HasField("raw_data"):
            weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight), weight.name))
        size = len(weight.raw_data)
        if size < SMALLEST:
            continue
        digest = hashlib.sha256(weight.raw_data).hexdigest()
        if digest not in places:
            stream.write(bytes(-stream.tell() % ALIGNMENT))
            places[digest] = stream.tell()
            stream.write(weight.raw_data)
        set_external_data(weight, name, places[digest], size)
        weight.ClearField("raw_data")
        weight.data_location = onnx.TensorProto.EXTERNAL
