"""Wrappers of engines: what ONNX Runtime opens is a model of one EPContext node that points to the engine beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx
from onnx import helper

from editjudge.backends.onnx.providers import PROVIDERS

AxisRange = tuple[int, int, int]
"""The least, the usual and the largest size of a dynamic axis."""

HEADER = 64
"""Bytes at the start of a TensorRT-RTX engine in which its provider, too, reads what it was built for."""


def make_wrapper(
    model: onnx.ModelProto,
    engine: memoryview,
    *,
    graph: str,
    name: str,
    device: str,
    targets: Sequence[str],
    version: str,
    profile: Mapping[str, AxisRange],
) -> onnx.ModelProto:
    """Makes the wrapper of an engine, with the inputs and outputs of the model that the engine was compiled from.

    ONNX Runtime compares the device and the header with what it runs on; the rest is information.

    Args:
        model: What was compiled.
        engine: What it was compiled to.
        graph: The name of the model's file.
        name: The name of the engine's file, which must be in the folder of the wrapper.
        device: rtx or tensorrt.
        targets: The GPUs that the engine is for.
        version: Of the library that compiled it.
        profile: The sizes of the dynamic axes.
    """
    weights = {weight.name for weight in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    provider = PROVIDERS[device].name
    node = helper.make_node(
        "EPContext",
        [value.name for value in inputs],
        [value.name for value in model.graph.output],
        name=name,
        domain="com.microsoft",
        main_context=1,
        embed_mode=0,
        ep_cache_context=name,
        source=provider,
        ep_sdk_version=version,
        hardware_architecture=",".join(target.removeprefix("sm") for target in targets),
        onnx_model_filename=graph,  # where a weight-stripped engine gets its weights from
        partition_name=name,  # the name of the provider's own cache
        notes="; ".join(f"{axis}: {low} to {high}, usually {usual}" for axis, (low, usual, high) in profile.items()),
    )
    wrapper = helper.make_model(
        helper.make_graph([node], name, inputs, model.graph.output),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)],
        ir_version=10,
    )
    if device == "rtx":
        helper.set_model_props(wrapper, {f"ep_compatibility_info.{provider}": engine[:HEADER].hex()})
    onnx.checker.check_model(wrapper)
    return wrapper
