"""Weights of 8 bits: which products have them, how far they are scaled, and that no CPU overflows with the default."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("optimum.onnxruntime")
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from editjudge_export.onnx.calibration import TEXTS, draw_samples
from editjudge_export.onnx.convert import convert
from editjudge_export.onnx.graph import Graph
from editjudge_export.onnx.precision import EightBits

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


def run(converted: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    return ort.InferenceSession(converted.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"x": x})[
        0
    ]


def small_weights(converted: onnx.ModelProto) -> list[np.ndarray]:
    """The matrices in 8 bits."""
    arrays = [numpy_helper.to_array(weight) for weight in converted.graph.initializer]
    return [array for array in arrays if array.dtype == np.int8 and array.ndim == 2]


@pytest.mark.parametrize(("precision", "largest"), [("int8", NARROW), ("int8-vnni", WIDE), ("int8-static", WIDE)])
def test_products_with_a_weight_are_converted_and_no_others(precision: EightBits, largest: int) -> None:
    converted = quantize(precision)
    product, gemm = small_weights(converted)
    if precision == "int8-static":
        gemm = gemm.T  # it is a Gemm still
    for matrix in (product, gemm):  # every output has a scale of its own
        assert set(np.abs(matrix.astype(int)).max(axis=0)) == {largest}
    names = {node.name for node in converted.graph.node if node.op_type == "MatMul"}
    assert {"head/product", "attention", "attention/values"} <= names
    got, product_by_hand = run(converted, SAMPLE), SAMPLE @ WEIGHT
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


def graph(*, photographs: bool) -> Graph:
    def draw(generator: torch.Generator, batch: int) -> object:
        yield {"x": torch.rand(batch, 3, generator=generator)}

    pictures = {"photograph_inputs": lambda: iter([{"x": torch.arange(6.0).reshape(2, 3)}])} if photographs else {}
    return Graph("clip_text", nn.Identity(), {"x": {0: "n"}}, {"y": {0: "n"}}, draw, lambda inputs: inputs, **pictures)


def test_what_static_scales_are_calibrated_on() -> None:
    rows = [sample["x"].tolist() for sample in draw_samples(graph(photographs=True))]
    assert rows == [[[0.0, 1.0, 2.0]], [[3.0, 4.0, 5.0]]]
    drawn = [sample["x"] for sample in draw_samples(graph(photographs=False))]
    assert [array.shape for array in drawn] == [(1, 3)] * TEXTS
    assert len({array.tobytes() for array in drawn}) == TEXTS
