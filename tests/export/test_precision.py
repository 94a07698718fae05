"""Lower precision: what it changes, what it spares, and that graphs keep their meaning; weights of over 2 GB."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper

from editjudge_export.architectures import clip, grounding_dino, sam
from editjudge_export.architectures.grounding_dino_proposals import Proposals
from editjudge_export.onnx import files
from editjudge_export.onnx.convert import convert
from editjudge_export.onnx.fp16 import convert_to_half
from editjudge_export.onnx.precision import EIGHT_BITS
from editjudge_export.onnx.simplify import remove_tiles, set_aside, simplify
from editjudge_export.verification.numeric_gate import GateError, open_graph

pytestmark = pytest.mark.export


def model_of(
    nodes: list[onnx.NodeProto], weights: dict[str, np.ndarray], kind: int = TensorProto.FLOAT
) -> onnx.ModelProto:
    """From x float32[n, 4] to y."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", kind, ["n", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", None])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    onnx.checker.check_model(model, full_check=True)
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]


def test_chosen_nodes_round_and_the_others_do_not(tmp_path: Path) -> None:
    """Worked by hand: 1 + 2^-11 is no float16, so a product in half precision rounds it to 1, and a sum does not."""
    fine = 1 + 2.0**-11
    nodes = [
        helper.make_node("MatMul", ["x", "identity"], ["product"], name="product"),
        helper.make_node("Add", ["x", "zero"], ["sum"], name="sum"),
        helper.make_node("Concat", ["product", "sum"], ["y"], name="both", axis=1),
    ]
    weights = {"identity": np.eye(4, dtype=np.float32), "zero": np.zeros(4, np.float32)}
    half = convert_to_half(model_of(nodes, weights), lambda node: node.op_type == "MatMul")
    onnx.save(half, tmp_path / "half.onnx")
    session = open_graph(tmp_path / "half.onnx", "mixed")
    (got,) = session.run(None, {"x": np.full((1, 4), fine, np.float32)})
    np.testing.assert_array_equal(got, [[1.0] * 4 + [fine] * 4])
    assert [path.name for path in tmp_path.iterdir()] == ["half.onnx"]
    kinds = {weight.name: weight.data_type for weight in half.graph.initializer}
    assert kinds == {"identity.half": TensorProto.FLOAT16, "zero": TensorProto.FLOAT}


def test_numbers_that_float16_lacks_become_its_largest() -> None:
    weights = {"mask": np.array([-3e38, -np.inf, 1e9, 1.0], np.float32)}
    half = convert_to_half(model_of([helper.make_node("Add", ["x", "mask"], ["y"])], weights), lambda _: True)
    np.testing.assert_array_equal(run(half, np.zeros((1, 4), np.float32)), [[-65504.0, -np.inf, 65504.0, 1.0]])


def test_a_value_read_in_both_kinds_is_cast_once() -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"]),
        helper.make_node("Softmax", ["a"], ["b"]),
        helper.make_node("Softmax", ["a"], ["c"], axis=0),
        helper.make_node("MatMul", ["b", "w"], ["d"]),
        helper.make_node("Add", ["d", "c"], ["y"]),
    ]
    half = convert_to_half(model_of(nodes, {"w": np.eye(4, dtype=np.float32)}), lambda node: node.op_type == "MatMul")
    casts = [node.output[0] for node in half.graph.node if node.op_type == "Cast"]
    assert sorted(casts) == ["a", "b.half", "d", "x.half"]


def test_large_weights_come_back_and_unread_ones_do_not() -> None:
    big = np.ones((4, 2**17), np.float32)
    nodes = [helper.make_node("MatMul", ["x", "big"], ["y"])]
    model = model_of(nodes, {"big": big, "unread": big})
    with set_aside(model) as weights:
        assert {weight.name for weight in weights} == {"big", "unread"}
        assert model.ByteSize() < 1000
    assert [weight.name for weight in simplify(model).graph.initializer] == ["big"]
    assert [value.name for value in model.graph.input] == ["x"]


@pytest.mark.parametrize(("last", "left"), [("Add", 0), ("Concat", 1)])
def test_a_mask_that_is_only_added_is_broadcast(last: str, left: int) -> None:
    nodes = [
        helper.make_node("Unsqueeze", ["x", "second"], ["row"]),
        helper.make_node("Tile", ["row", "thrice"], ["tiled"], name="tile"),
        helper.make_node("Cast", ["tiled"], ["number"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["number", "far"], ["mask"]),
        helper.make_node(last, ["mask", "scores"], ["sum"], **({"axis": 1} if last == "Concat" else {})),
        helper.make_node("Flatten", ["sum"], ["y"]),
    ]
    weights = {
        "second": np.array([1]),
        "thrice": np.array([1, 3, 1]),
        "far": np.array(-1e4, np.float32),
        "scores": np.arange(12, dtype=np.float32).reshape(1, 3, 4),
    }
    model = model_of(nodes, weights, TensorProto.BOOL)
    x = np.array([[True, False, False, True]])
    before = run(model, x)
    assert [node.op_type for node in remove_tiles(model).graph.node].count("Tile") == left
    np.testing.assert_array_equal(run(model, x), before)


def test_weights_too_large_for_one_file_go_into_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of([helper.make_node("MatMul", ["x", "w"], ["y"])], {"w": np.ones((4, 2**16), np.float32)})
    assert files.save(model, tmp_path / "one.onnx") == [tmp_path / "one.onnx"]
    monkeypatch.setattr(files, "LIMIT", 2**20)
    for _ in range(2):
        written = files.save(model, tmp_path / "two.onnx")
    assert written[1].stat().st_size < 1.1 * 4 * 4 * 2**16
    assert [path.name for path in written] == ["two.onnx", "two.onnx.data"]
    assert written[0].stat().st_size < 1000
    x = np.ones((1, 4), np.float32)
    session = ort.InferenceSession(str(written[0]), providers=["CPUExecutionProvider"])
    np.testing.assert_array_equal(session.run(None, {"x": x})[0], run(onnx.load(written[0]), x))
    assert model.graph.initializer[0].raw_data  # still whole in memory


@pytest.mark.parametrize("precision", ["fp16", "mixed", "int8", "int8-static"])
def test_every_model_in_every_precision(
    precision: str, clip_checkpoint: Path, detector_checkpoint: Path, sam_checkpoint: Path, tmp_path: Path
) -> None:
    sizes = {"height": 64, "width": 96, "text_length": 16}
    made = [
        *clip.export(clip_checkpoint, tmp_path, precision),
        *grounding_dino.export(detector_checkpoint, tmp_path, precision, **sizes, fit="pad"),
        *sam.export(sam_checkpoint, tmp_path, precision),
    ]
    graphs = {file.role: file for file in made if file.rounding is not None}
    assert set(graphs) == {"clip_vision", "clip_text", "detector", "sam_encoder", "sam_decoder"}
    for role, file in graphs.items():
        model = onnx.load(file.path)
        weights = {weight.data_type for weight in model.graph.initializer}
        eight = precision in EIGHT_BITS
        small = TensorProto.INT8 if eight else TensorProto.FLOAT16
        assert (small in weights) == (role != "sam_decoder"), role
        assert file.rounding.largest <= (0.3 if eight else 0.05), role
        assert file.rounding.mean <= (0.02 if eight else 2e-3), role
        assert [value.name for value in model.graph.output] != []
        assert "proposals" not in {value.name for value in model.graph.output}
    assert graphs["sam_decoder"].rounding.largest < 1e-3


def test_float32_is_left_as_it_is() -> None:
    model = model_of([helper.make_node("Softmax", ["x"], ["y"])], {})
    assert convert(model, "fp32") is model


def test_proposals_are_recorded_and_prescribed() -> None:
    scores = torch.tensor([[0.1, 3.0, 2.0, 1.0]])
    with Proposals() as recorded:
        torch.topk(scores, 2, dim=1)
    assert recorded.chosen.tolist() == [[1, 2]]
    tied = torch.tensor([[5.0, 5.0 - 1e-6, 1.0]])
    with Proposals(torch.tensor([[1, 0]])) as proposals:
        values, order = torch.topk(tied, 2, dim=1)
    assert order.tolist() == [[1, 0]]
    assert values.tolist() == tied[:, [1, 0]].tolist()
    assert proposals.shortfall < 1e-6
    with Proposals(None):
        assert torch.topk(tied, 2, dim=1)[1].tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("chosen", "shortfall"), [([[0, 2]], 0.0), ([[1, 2]], 0.25), ([[0, 3]], 0.5), ([[0, 0]], float("inf"))]
)
def test_a_worse_choice_of_proposals_is_an_error(chosen: list[list[int]], shortfall: float) -> None:
    with Proposals(torch.tensor(chosen)) as proposals:
        torch.topk(torch.tensor([[4.0, 3.0, 3.0, 1.0]]), 2, dim=1)
    assert float(proposals.shortfall) == shortfall


def test_a_graph_that_overflows_is_refused(
    clip_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overflowing(model: onnx.ModelProto, *_: object) -> onnx.ModelProto:
        weight = next(weight for weight in model.graph.initializer if weight.data_type == TensorProto.FLOAT)
        values = numpy_helper.to_array(weight)
        weight.CopyFrom(numpy_helper.from_array(np.full_like(values, np.inf), weight.name))
        return model

    monkeypatch.setattr("editjudge_export.onnx.export.convert", overflowing)
    with pytest.raises(GateError, match="overflows in fp16"):
        clip.export(clip_checkpoint, tmp_path, "fp16")
    assert not list(tmp_path.iterdir())
