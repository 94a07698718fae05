"""Matrix products with weights of 8 bits.

Of the products only those with a weight are converted (MatMul, Gemm). Those of two activations, as in attention, stay
in float32: converted too they take as long and add to the error. So does everything else: SAM's encoder gains nothing
from 8 bits, and norms, Softmax and coordinates need the digits.

What a weight is multiplied with is of 8 bits as well: unsigned and scaled as it comes ("int8", "int8-vnni"), by
optimum's ORTQuantizer; or signed and scaled as photographs have shown ("int8-static"), by ONNX Runtime itself, as
ORTQuantizer would round the results of products too, and give them biases that TensorRT refuses.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, quantize_static
from transformers import PretrainedConfig

from editjudge_export.onnx.files import save
from editjudge_export.onnx.precision import EightBits

PRODUCTS = ["MatMul", "Gemm"]

STATIC = {
    "ActivationSymmetric": True,  # TensorRT takes zero points of zero alone
    "WeightSymmetric": True,
    "DedicatedQDQPair": True,  # TensorRT fuses a pair with the one node that reads it
    "QuantizeBias": False,
    "OpTypesToExcludeOutputQuantization": PRODUCTS,
}

CalibrationInputs = Mapping[str, NDArray[np.generic]]
"""The inputs of one run, by name."""


def quantize(
    model: onnx.ModelProto, precision: EightBits, keep: Collection[str], samples: Iterable[CalibrationInputs] = ()
) -> onnx.ModelProto:
    """Converts the products of a float32 model that have a weight, but for those that are kept.

    Args:
        model: What it computes is left as it is.
        precision: What its products are to be in.
        keep: The names of nodes that stay in float32.
        samples: What int8-static is calibrated on.
    """
    weights = {weight.name for weight in model.graph.initializer}
    products = [
        node.name
        for node in model.graph.node
        if node.op_type in PRODUCTS and node.input[1] in weights and node.name not in keep
    ]
    if not products:
        return model
    with tempfile.TemporaryDirectory() as folder:
        whole, small = Path(folder) / "whole.onnx", Path(folder) / "whole_small.onnx"
        # Or ONNX Runtime would advise what was done when it was exported: shapes inferred, constants folded.
        onnx.helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
        save(model, whole)
        if precision == "int8-static":
            quantize_static(
                whole,
                small,
                _Reader(samples),
                op_types_to_quantize=PRODUCTS,
                nodes_to_quantize=products,
                per_channel=True,
                use_external_data_format=True,
                extra_options=STATIC,
            )
            return _spare_others(onnx.load(small), products)
        _quantize_dynamic(whole, precision, products)
        return onnx.load(small)


def _quantize_dynamic(whole: Path, precision: EightBits, products: Sequence[str]) -> None:
    """Writes `whole`_small.onnx beside it."""
    # Imported here, as it takes seconds, and other precisions do without it.
    from optimum.onnxruntime import ORTQuantizer  # noqa: PLC0415
    from optimum.onnxruntime.configuration import AutoQuantizationConfig  # noqa: PLC0415

    settings = {
        "is_static": False,
        "operators_to_quantize": [*PRODUCTS],
        "nodes_to_quantize": [*products, *(f"{name}_MatMul" for name in products)],  # what a Gemm is made first
    }
    if precision == "int8":
        # AVX2 and AVX-512 without VNNI add two products in 16 bits: with weights of 8 bits that overflows, with 7 it
        # cannot, and needs no slower way.
        config = AutoQuantizationConfig.avx512(reduce_range=True, **settings)
    else:
        config = AutoQuantizationConfig.avx512_vnni(**settings)  # that for arm64 is the same
    quantizer = ORTQuantizer(whole, PretrainedConfig())
    quantizer.quantize(config, whole.parent, file_suffix="small", use_external_data_format=True)


class _Reader(CalibrationDataReader):
    """Hands samples out one by one."""

    def __init__(self, samples: Iterable[CalibrationInputs]) -> None:
        self._samples = iter(samples)

    def get_next(self) -> dict[str, NDArray[np.generic]] | None:
        sample = next(self._samples, None)
        return None if sample is None else dict(sample)


def _spare_others(model: onnx.ModelProto, products: Collection[str]) -> onnx.ModelProto:
    """Lets whatever else reads what was rounded for a product read it as it was before."""
    makers = {name: node for node in model.graph.node for name in node.output}
    for node in model.graph.node:
        if node.name in products or node.op_type == "DequantizeLinear":
            continue
        for place, name in enumerate(node.input):
            back = makers.get(name)
            if back is not None and back.op_type == "DequantizeLinear" and back.input[0] in makers:
                node.input[place] = makers[back.input[0]].input[0]
    return model
