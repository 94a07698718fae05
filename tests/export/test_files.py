"""Models are read whole, however their weights came to lie beside them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch")
import onnx

import editjudge_models
from editjudge_export.onnx.files import load

STUDIO = editjudge_models.bundle_folder("studio")

pytestmark = pytest.mark.export


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    for name in ("detector.onnx", "detector.onnx.data"):
        shutil.copyfile(STUDIO / name, tmp_path / name)
    return tmp_path / "detector.onnx"


def test_weights_beside_a_model_are_read(graph: Path) -> None:
    assert load(graph) == onnx.load(graph)


def test_weights_with_two_links_are_read(graph: Path, tmp_path: Path) -> None:
    expected = onnx.load(graph)
    os.link(f"{graph}.data", tmp_path / "other")
    with pytest.raises(onnx.checker.ValidationError, match="hard link"):
        onnx.load(graph)
    assert load(graph) == expected


def test_a_file_that_is_cut_short_is_refused(graph: Path) -> None:
    data = Path(f"{graph}.data")
    os.truncate(data, data.stat().st_size - 1)
    with pytest.raises(ValueError, match=r"detector\.onnx\.data ends within .*; export detector\.onnx anew"):
        load(graph)


def test_weights_in_another_folder_are_refused(graph: Path) -> None:
    model = onnx.load(graph, load_external_data=False)
    weight = next(weight for weight in model.graph.initializer if weight.external_data)
    (location,) = (entry for entry in weight.external_data if entry.key == "location")
    location.value = "../secret"
    graph.write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match=r"has weights in \.\./secret, which is not a file beside it"):
        load(graph)
