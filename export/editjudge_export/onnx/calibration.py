"""What int8-static is calibrated on: photographs, as the model's own processor prepares them."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from editjudge_export.onnx.graph import Graph
from editjudge_export.onnx.int8 import CalibrationInputs
from editjudge_export.verification.photographs import CALIBRATION

SEED = 2
"""None of the numeric gate's."""
TEXTS = 16


def draw_samples(graph: Graph) -> Iterator[CalibrationInputs]:
    """Inputs of one picture each: photographs that the numeric gate does not see. Of a graph without any, texts that
    are drawn.
    """
    batches = [inputs for pair in CALIBRATION for inputs in graph.photograph_inputs(pair)]
    if not batches:
        generator = torch.Generator().manual_seed(SEED)
        batches = [inputs for _ in range(TEXTS) for inputs in graph.examples(generator, 1)]
    for batch in batches:
        for row in range(len(next(iter(batch.values())))):
            yield {name: tensor[row : row + 1].numpy() for name, tensor in batch.items()}
