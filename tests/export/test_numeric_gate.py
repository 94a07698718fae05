"""The numeric gate refuses what differs, and storage loses nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from transformers import CLIPModel

from editjudge_export.architectures import clip
from editjudge_export.checkpoints.checkpoint import load_model
from editjudge_export.onnx.export import export_graphs
from editjudge_export.onnx.fp16_weights import round_weights, store_half
from editjudge_export.verification import numeric_gate

pytestmark = pytest.mark.export


def test_a_graph_that_differs_from_pytorch_is_refused_and_leaves_no_file(clip_checkpoint: Path, tmp_path: Path) -> None:
    model, moved = (load_model(clip_checkpoint, CLIPModel) for _ in range(2))
    with torch.no_grad():
        moved.visual_projection.weight[0, 0] += 0.01

    def make_graphs(_: CLIPModel) -> list[numeric_gate.Graph]:
        return [replace(clip.make_graphs(model)[0], module=clip.Vision(moved))]

    with pytest.raises(numeric_gate.GateError, match=r"clip_vision differs from PyTorch by .*, over the gate of 1e-04"):
        export_graphs(model, make_graphs, tmp_path, "fp32")
    assert not list(tmp_path.iterdir())


def test_a_model_of_nan_is_refused(clip_checkpoint: Path, tmp_path: Path) -> None:
    model = load_model(clip_checkpoint, CLIPModel)
    with torch.no_grad():
        model.visual_projection.weight.fill_(torch.nan)
    with pytest.raises(numeric_gate.GateError, match="differs from PyTorch by nan"):
        export_graphs(model, clip.make_graphs, tmp_path, "fp32")


def test_every_seed_meets_every_batch_size(clip_checkpoint: Path) -> None:
    vision, text = clip.make_graphs(load_model(clip_checkpoint, CLIPModel))
    drawn = [inputs["pixel_values"] for inputs in numeric_gate.draw_inputs(vision)]
    assert [len(pixels) for pixels in drawn] == [1, 2, 1, 2, 4]
    assert not torch.equal(drawn[0], drawn[2])
    # The last are the photographs, normalised as CLIP's own processor does it.
    assert drawn[-1].shape == (4, 3, 32, 32)
    assert drawn[-1].min() < -1 < 1 < drawn[-1].max()
    for inputs in numeric_gate.draw_inputs(text):
        assert ((inputs["input_ids"] == 102).sum(dim=1) == 1).all()


def test_rounding_spares_small_tensors_and_those_that_would_overflow() -> None:
    module = nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(4, 4))
    with torch.no_grad():
        module[1].weight[0, 0] = 1e5
    half = round_weights(module)
    assert torch.equal(half[0].weight, module[0].weight.half().float())
    assert not torch.equal(half[0].weight, module[0].weight)
    assert torch.equal(half[1].weight, module[1].weight)
    assert torch.equal(half[2].weight, module[2].weight)
    assert torch.equal(half[0].bias, module[0].bias)


def test_storing_changes_no_bit_of_what_comes_out() -> None:
    rng = np.random.default_rng(0)
    exact = rng.normal(size=(64, 64)).astype(np.float16).astype(np.float32)
    inexact = rng.normal(size=(64, 64)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "exact"], ["h"]), helper.make_node("MatMul", ["h", "inexact"], ["y"])],
        "two",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 64])],
        [numpy_helper.from_array(exact, "exact"), numpy_helper.from_array(inexact, "inexact")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    x = rng.normal(size=(3, 64)).astype(np.float32)
    runs = []
    stored = store_half(onnx.ModelProto.FromString(model.SerializeToString()))
    for version in (model, stored):
        runs.append(ort.InferenceSession(version.SerializeToString()).run(None, {"x": x})[0])
    np.testing.assert_array_equal(*runs)
    assert [weight.data_type for weight in stored.graph.initializer] == [TensorProto.FLOAT16, TensorProto.FLOAT]
