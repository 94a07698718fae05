"""ONNX files: one file for a model, or two where it has more than the 2 GB that a protobuf can hold."""

from __future__ import annotations

from pathlib import Path

import onnx

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
