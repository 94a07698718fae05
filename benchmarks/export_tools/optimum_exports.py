"""Exports by optimum: by its own configuration of an architecture, or by one that we register for a graph of ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from optimum.exporters.onnx import export
from optimum.exporters.onnx.base import OnnxConfig
from optimum.exporters.tasks import TasksManager
from optimum.utils import NormalizedConfig
from torch import nn

from editjudge_export.onnx.graph import OPSET, Graph, NamedTensors

TASK = "feature-extraction"
KIND = "editjudge-graph"
"""What our configuration is registered as."""


@dataclass(frozen=True)
class OptimumExport:
    """How optimum exports what a graph of ours computes.

    Attributes:
        model: What is exported.
        kind: The architecture that optimum has a configuration for; None: ours is registered.
        read: Makes the outputs of our graph of optimum's.
        more: Inputs that it takes and our graph does not, by a batch of ours.
        settings: What its configuration takes.
        sizes: The sizes that it traces at, by its own names.
    """

    model: nn.Module
    kind: str | None
    read: Callable[[NamedTensors], NamedTensors] = lambda outputs: outputs
    more: Callable[[NamedTensors], NamedTensors] = lambda inputs: {}
    settings: dict[str, Any] | None = None
    sizes: dict[str, int] | None = None


@TasksManager.create_register("onnx")(KIND, TASK)
class GraphOnnxConfig(OnnxConfig):
    """The configuration of one graph of ours, for an architecture that optimum has none for."""

    NORMALIZED_CONFIG_CLASS = NormalizedConfig
    DEFAULT_ONNX_OPSET = OPSET

    def __init__(self, config: Any, task: str = TASK, graph: Graph | None = None, **rest: Any) -> None:
        super().__init__(config, task, **rest)
        assert graph is not None
        self.graph = graph

    @property
    def inputs(self) -> dict[str, dict[int, str]]:
        return {name: dict(axes) for name, axes in self.graph.inputs.items()}

    @property
    def outputs(self) -> dict[str, dict[int, str]]:
        both = {**self.graph.outputs, **self.graph.choices}
        return {name: dict(axes) for name, axes in both.items()}

    def generate_dummy_inputs(self, framework: str = "pt", **sizes: Any) -> NamedTensors:
        example = next(self.graph.examples(torch.Generator().manual_seed(0), 2))
        return {name: example[name] for name in self.graph.inputs}


def export_by_optimum(graph: Graph, way: OptimumExport, path: Path) -> None:
    """Writes the ONNX file of a graph, as optimum does by itself: it is not simplified."""
    model = way.model.eval()
    kind, settings = way.kind or KIND, way.settings or ({} if way.kind else {"graph": graph})
    make = TasksManager.get_exporter_config_constructor("onnx", model_type=kind, task=TASK, library_name="transformers")
    # Not as keywords of `make`, which it takes for its own.
    config = make(model.config, **settings)
    with torch.inference_mode():
        export(model, config, path, opset=OPSET, input_shapes=way.sizes)
