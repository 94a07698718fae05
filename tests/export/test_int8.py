"""Weights of 8 bits: which products have them, how far they are scaled, and that no CPU overflows with the default."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("optimum.onnxruntime")
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from editjudge.backends.onnx import session
from editjudge_export.onnx.calibration import TEXTS, draw_samples
from editjudge_export.onnx.convert import convert
from editjudge_export.onnx.graph import Graph
from editjudge_export.onnx.precision import EIGHT_BITS, EightBits
from editjudge_export.verification.numeric_gate import draw_inputs
from editjudge_export.verification.photographs import photographs

pytestmark = pytest.mark.export

WIDE, NARROW = 127, 64
"""The largest weight in 8 bits and in 7."""
RNG = np.random.default_rng(0)
WEIGHT = RNG.standard_normal((64, 64)).astype(np.float32)
BIAS = RNG.standard_normal(64).astype(np.float32)
LAST = RNG.standard_normal((64, 64)).astype(np.float32)
SAMPLE = np.linspace(-2.0, 1.5, 4 * 64, dtype=np.float32).reshape(4, 64)


def model() -> onnx.ModelProto:
    """x float32[n, 64] -> y: a product, a Gemm with its weight turned, one that is kept, and those of activations."""
    nodes = [
        helper.make_node("MatMul", ["x", "weight"], ["a"], name="layer/product"),
        helper.make_node("Gemm", ["x", "turned", "bias"], ["b"], name="layer/gemm", transB=1),
        helper.make_node("MatMul", ["x", "last"], ["c"], name="head/product"),
        helper.make_node("Transpose", ["b"], ["d"], name="turn"),
        helper.make_node("MatMul", ["a", "d"], ["e"], name="attention"),
        helper.make_node("MatMul", ["e", "c"], ["f"], name="attention/values"),
        helper.make_node("Concat", ["a", "b", "c", "f"], ["y"], name="all", axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 256])],
        [
            numpy_helper.from_array(WEIGHT, "weight"),
            numpy_helper.from_array(np.ascontiguousarray(WEIGHT.T), "turned"),
            numpy_helper.from_array(BIAS, "bias"),
            numpy_helper.from_array(LAST, "last"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def quantize(precision: EightBits) -> onnx.ModelProto:
    samples = [{"x": SAMPLE[row : row + 1]} for row in range(len(SAMPLE))]
    converted = convert(model(), precision, ("head",), samples)
    onnx.checker.check_model(converted, full_check=True)
    return converted


def run(converted: onnx.ModelProto, x: np.ndarray, folder: Path) -> np.ndarray:
    onnx.save(converted, folder / "converted.onnx")
    return session.open_session(folder / "converted.onnx", "cpu").run({"x": x})["y"]


def small_weights(converted: onnx.ModelProto) -> list[np.ndarray]:
    """The matrices in 8 bits."""
    arrays = [numpy_helper.to_array(weight) for weight in converted.graph.initializer]
    return [array for array in arrays if array.dtype == np.int8 and array.ndim == 2]


@pytest.mark.parametrize(("precision", "largest"), [("int8", NARROW), ("int8-vnni", WIDE), ("int8-static", WIDE)])
def test_products_with_a_weight_are_converted_and_no_others(precision: EightBits, largest: int, tmp_path: Path) -> None:
    converted = quantize(precision)
    product, gemm = small_weights(converted)
    if precision == "int8-static":
        gemm = gemm.T  # it is a Gemm still
    for matrix in (product, gemm):  # every output has a scale of its own
        assert set(np.abs(matrix.astype(int)).max(axis=0)) == {largest}
    names = {node.name for node in converted.graph.node if node.op_type == "MatMul"}
    assert {"head/product", "attention", "attention/values"} <= names
    got, product_by_hand = run(converted, SAMPLE, tmp_path), SAMPLE @ WEIGHT
    np.testing.assert_allclose(got[:, 128:192], SAMPLE @ LAST, atol=1e-4)
    # A number is off by half a step at most: one of 254 from -2 to 2; of a weight, one of `largest` up to its peak.
    off, weight_off = 2.0 / 254, np.abs(WEIGHT).max(axis=0) / largest / 2
    bound = (off * np.abs(WEIGHT).sum(axis=0) + np.abs(SAMPLE).sum(axis=1, keepdims=True) * weight_off) * 1.05
    assert np.abs(got[:, :64] - product_by_hand).max() > 1e-3
    for wanted, part in ((product_by_hand, got[:, :64]), (product_by_hand + BIAS, got[:, 64:128])):
        assert (np.abs(part - wanted) < bound).all()


def test_no_two_products_of_the_default_overflow_16_bits() -> None:
    """AVX2 and AVX-512 without VNNI add two products of an unsigned and a signed byte in int16, and saturate."""
    for matrix in small_weights(quantize("int8")):
        assert 2 * 255 * np.abs(matrix.astype(int)).max() <= np.iinfo(np.int16).max
    assert np.iinfo(np.int16).max < 2 * 255 * WIDE


@pytest.mark.parametrize("precision", EIGHT_BITS)
def test_the_largest_products_are_right_on_every_cpu(
    precision: EightBits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 63 ones by weights of 1, as where VNNI is not known: in 16 bits any two such products would overflow."""
    monkeypatch.setattr(session, "CPUINFO", tmp_path / "missing")
    x = np.ones((2, 64), np.float32)
    x[:, -1] = 0.0
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "ones"], ["y"], name="product")],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 32])],
        [numpy_helper.from_array(np.ones((64, 32), np.float32), "ones")],
    )
    whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    converted = convert(whole, precision, samples=[{"x": x}])
    assert [matrix.max() for matrix in small_weights(converted)] == [NARROW if precision == "int8" else WIDE]
    np.testing.assert_allclose(run(converted, x, tmp_path), np.full((2, 32), 63.0), rtol=1e-4)


def test_static_scales_are_those_of_the_samples() -> None:
    """TensorRT takes zero points of zero alone; -2 is the farthest of the samples from it."""
    converted = quantize("int8-static")
    constants = {weight.name: numpy_helper.to_array(weight) for weight in converted.graph.initializer}
    entries = [node for node in converted.graph.node if node.op_type == "QuantizeLinear" and node.input[0] == "x"]
    assert entries
    for node in converted.graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            assert not constants[node.input[2]].any()
            assert constants[node.input[2]].dtype == np.int8
    for node in entries:
        assert float(constants[node.input[1]]) == pytest.approx(2.0 / WIDE, rel=1e-5)


def test_a_model_whose_products_are_all_kept_stays_as_it_is() -> None:
    whole = model()
    assert convert(whole, "int8", ("",)) is whole


def make_graph(*, seeing: bool) -> Graph:
    """x float32[n, 3] -> itself: of photographs their mean colours."""

    def draw(generator: torch.Generator, batch: int) -> Iterator[dict[str, torch.Tensor]]:
        yield {"x": torch.rand(batch, 3, generator=generator)}

    def see(names: Sequence[str]) -> Iterator[dict[str, torch.Tensor]]:
        yield {"x": torch.from_numpy(np.stack([picture.mean(axis=(0, 1)) for picture in photographs(names)]))}

    pictures = {"photograph_inputs": see} if seeing else {}
    return Graph("clip_text", nn.Identity(), {"x": {0: "n"}}, {"y": {0: "n"}}, draw, lambda inputs: inputs, **pictures)


def test_static_scales_are_calibrated_on_photographs_that_the_gate_does_not_see() -> None:
    graph = make_graph(seeing=True)
    *_, measured = draw_inputs(graph)
    samples = [sample["x"] for sample in draw_samples(graph)]
    assert [array.shape for array in samples] == [(1, 3)] * 6
    colours = {tuple(array[0]) for array in samples}
    assert len(colours) == 6
    seen = {tuple(row) for row in measured["x"].numpy()}
    assert len(seen) == 4
    assert not colours & seen


def test_static_scales_of_a_graph_without_pictures_are_calibrated_on_texts() -> None:
    drawn = [sample["x"] for sample in draw_samples(make_graph(seeing=False))]
    assert [array.shape for array in drawn] == [(1, 3)] * TEXTS
    assert len({array.tobytes() for array in drawn}) == TEXTS
