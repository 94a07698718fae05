"""ONNX files: one file, or over 2 GB, which a protobuf cannot hold, two."""

from __future__ import annotations

from pathlib import Path

import onnx

LIMIT = 2**31 - 2**20
"""Bytes, some of which the graph beside its weights needs."""


def save(model: onnx.ModelProto, path: Path) -> list[Path]:
    """Writes a model, where it has to be with its weights in a second file `path`.data; returns what was written."""
    external = sum(weight.ByteSize() for weight in model.graph.initializer) >= LIMIT
    data = path.with_name(f"{path.name}.data")
    data.unlink(missing_ok=True)  # what is there would be added to
    onnx.save(
        model,
        path,
        save_as_external_data=external,
        all_tensors_to_one_file=True,
        location=data.name,
        size_threshold=1024,
    )
    if external:
        # What was saved outside is no longer in the model.
        onnx.load_external_data_for_model(model, str(path.parent))
    return [path, data] if external else [path]
