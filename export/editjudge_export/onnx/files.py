"""ONNX files: one file for a model, or two where it has more than the 2 GB that a protobuf can hold."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx.external_data_helper import ExternalDataInfo, uses_external_data

LIMIT = 2**31 - 2**20
"""Bytes of weights from which they go into a file of their own; the graph beside them needs some room too."""


def save(model: onnx.ModelProto, path: Path) -> list[Path]:
    """Writes a model and returns what was written: `path`, and where its weights do not fit in there `path`.data."""
    external = sum(weight.ByteSize() for weight in model.graph.initializer) >= LIMIT
    data = path.with_name(f"{path.name}.data")
    data.unlink(missing_ok=True)  # onnx would append to it
    onnx.save(
        model,
        path,
        save_as_external_data=external,
        all_tensors_to_one_file=True,
        location=data.name,
        size_threshold=1024,
    )
    if external:
        # Saving took the weights out of the model.
        onnx.load_external_data_for_model(model, str(path.parent))
    return [path, data] if external else [path]


def load(path: Path) -> onnx.ModelProto:
    """Reads a model whole, the weights from beside it too.

    Their file may have several hard links, as what some package managers install has; `onnx.load` takes that for an
    attack. Raises ValueError for weights that are said to be in another folder, or are not all there.
    """
    model = onnx.load(path, load_external_data=False)
    for weight in model.graph.initializer:
        if uses_external_data(weight):
            weight.raw_data = _read_weight(weight, path)
            weight.data_location = onnx.TensorProto.DEFAULT
            del weight.external_data[:]
    return model


def _read_weight(weight: onnx.TensorProto, graph: Path) -> bytes:
    info = ExternalDataInfo(weight)
    if Path(info.location).name != info.location:
        raise ValueError(f"{graph} has weights in {info.location}, which is not a file beside it")
    with graph.with_name(info.location).open("rb") as stream:
        stream.seek(info.offset or 0)
        data = stream.read(-1 if info.length is None else info.length)
    if info.length is not None and len(data) < info.length:
        raise ValueError(f"{info.location} ends within {weight.name}; export {graph.name} anew")
    return data
