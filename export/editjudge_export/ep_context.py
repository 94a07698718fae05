"""What ONNX Runtime opens in place of a graph: a model of one EPContext node, which points to the engine beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx
from onnx import helper

from editjudge.providers import PROVIDERS

Range = tuple[int, int, int]

HEADER = 64
"""Bytes at the start of a TensorRT-RTX engine that say what it was built for, to its provider too."""


def wrapper_of(
    model: onnx.ModelProto,
    engine: memoryview,
    *,
    graph: str,
    name: str,
    device: str,
    targets: Sequence[str],
    version: str,
    profile: Mapping[str, Range],
) -> onnx.ModelProto:
    """The wrapper of an engine: its inputs and outputs are those of the model that the engine was compiled from.

    graph, name: the files of the model and of the engine; the latter must lie in the wrapper's folder. version: of the
    library. ONNX Runtime compares device and header with what it runs on; the rest is there to be read.
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
        onnx_model_filename=graph,  # where a weight-stripped engine gets its weights
        partition_name=name,  # what the provider calls its own cache
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
