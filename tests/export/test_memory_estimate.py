"""The estimate of what a graph needs, against graphs worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("onnxslim")
import numpy as np
import onnx
from onnx import TensorProto, helper

import editjudge_models
from editjudge.errors import InputError
from editjudge_export.onnx.memory_estimate import MemoryEstimate, estimate_memory
from support.onnx_graphs import save_graph

pytestmark = pytest.mark.export


def test_worked_by_hand(tmp_path: Path) -> None:
    """n = 2; floats of 4 bytes:
    x[2, 4] is 32, w[4, 8] is 128, and h, r, s and y, [2, 8], are 64 each.
    h = x w             alive x h         96
    r = relu(h)         alive x h r      160
    s = r + h           alive x h r s    224, then h and r are done with
    y = sigmoid(s)      alive x s y      160
    """
    path = save_graph(
        tmp_path / "a.onnx",
        [
            helper.make_node("MatMul", ["x", "w"], ["h"]),
            helper.make_node("Relu", ["h"], ["r"]),
            helper.make_node("Add", ["r", "h"], ["s"]),
            helper.make_node("Sigmoid", ["s"], ["y"]),
        ],
        {"x": ["n", 4]},
        ["y"],
        {"w": np.ones((4, 8), np.float32)},
    )
    assert estimate_memory(path, {"n": 2}) == MemoryEstimate(weights=128, activations=224)
    assert estimate_memory(path, {"n": 20}) == MemoryEstimate(weights=128, activations=2240)
    assert estimate_memory(path, {"n": 2}).total == 352
    with pytest.raises(InputError, match=r"a\.onnx has an axis 'n'; say how large it is"):
        estimate_memory(path, {})


def test_a_view_takes_no_memory_and_keeps_what_it_shows_alive(tmp_path: Path) -> None:
    """x[4, 4] is 64, h likewise; v is h as [16], and y = relu(v), which is 64: alive x h y, 192."""
    path = save_graph(
        tmp_path / "a.onnx",
        [
            helper.make_node("Exp", ["x"], ["h"]),
            helper.make_node("Reshape", ["h", "shape"], ["v"]),
            helper.make_node("Relu", ["v"], ["y"]),
        ],
        {"x": [4, 4]},
        ["y"],
        {"shape": np.array([16])},
    )
    assert estimate_memory(path, {}).activations == 192


def test_weights_that_are_stored_in_half_count_as_they_are_used(tmp_path: Path) -> None:
    """w[64, 64] takes 8192 bytes in the file, and 16384 once it has been cast, on loading; x and y [1, 64] are 256."""
    path = save_graph(
        tmp_path / "a.onnx",
        [
            helper.make_node("Cast", ["half"], ["w"], to=TensorProto.FLOAT),
            helper.make_node("MatMul", ["x", "w"], ["y"]),
        ],
        {"x": [1, 64]},
        ["y"],
        {"half": np.ones((64, 64), np.float16)},
    )
    assert estimate_memory(path, {}) == MemoryEstimate(weights=16384, activations=512)


def test_weights_in_a_file_of_their_own_are_not_needed(tmp_path: Path) -> None:
    path = tmp_path / "clip_text.onnx"
    whole = editjudge_models.bundle_folder("studio") / path.name
    onnx.save(onnx.load(whole), path, save_as_external_data=True, location="data", size_threshold=1024)
    (tmp_path / "data").unlink()
    assert estimate_memory(path, {"n": 3}) == estimate_memory(whole, {"n": 3})


def test_a_shape_that_hangs_on_the_values_of_an_input_is_refused(tmp_path: Path) -> None:
    path = save_graph(tmp_path / "a.onnx", [helper.make_node("NonZero", ["x"], ["y"])], {"x": [4]}, ["y"], {})
    with pytest.raises(InputError, match=r"the shape of y in .*a\.onnx depends on more than the axes"):
        estimate_memory(path, {})
