"""The models that both export, with random weights, at the sizes of light bundles; and how optimum exports each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch.nn.functional import normalize
from transformers import (
    CLIPModel,
    Dinov2Config,
    Dinov2Model,
    GroundingDinoForObjectDetection,
    PreTrainedModel,
    SamModel,
    ViTConfig,
    ViTModel,
)

from benchmarks.common.random_checkpoints import draw_weights, save
from benchmarks.export_tools.optimum_exports import OptimumExport
from editjudge_export.architectures import clip, grounding_dino, sam
from editjudge_export.architectures.sam_sizes import resize_positions
from editjudge_export.architectures.vit_features import make_graph
from editjudge_export.checkpoints.checkpoint import load_model, load_tokenizer
from editjudge_export.checkpoints.processors import dino_processor
from editjudge_export.onnx.graph import Graph, NamedTensors

DETECTOR = {"height": 320, "width": 320, "text_length": 32, "fit": "stretch"}
SAM_SIZE = 512
SMALL = {"hidden_size": 384, "num_attention_heads": 6, "num_hidden_layers": 12}
"""Of ViT-S."""


@dataclass(frozen=True)
class ExportCase:
    """A graph that both tools export.

    Attributes:
        graph: Ours.
        optimum: How optimum exports it.
        used: Which of them a build uses, and why.
    """

    graph: Graph
    optimum: OptimumExport
    used: str


def make_clip(folder: Path) -> ExportCase:
    """The side for pictures."""
    model = load_model(_draw("clip-vit-base-patch32", folder), CLIPModel)

    def add_text(inputs: NamedTensors) -> NamedTensors:
        ids = torch.full((1, 4), model.config.text_config.eos_token_id)
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}

    # Optimum's embeddings have a length of 1; so have ours for the comparison.
    graph = replace(clip.make_graphs(model)[0], transforms={"image_embeds": partial(normalize, dim=-1)})
    way = OptimumExport(model, "clip", more=add_text, sizes={"height": 224, "width": 224})
    return ExportCase(graph, way, "ours: optimum's is one graph, which runs pictures and texts")


def make_vit(folder: Path) -> ExportCase:
    """DINO's ViT."""
    return _make_features("dino", ViTModel(ViTConfig(**SMALL, intermediate_size=1536, patch_size=16)), "vit")


def make_dinov2(folder: Path) -> ExportCase:
    model = Dinov2Model(Dinov2Config(**SMALL, image_size=518, patch_size=14))
    processor = folder / "dinov2-processor"  # optimum looks for one where the model is from
    dino_processor(224).save_pretrained(processor)
    model.config.name_or_path = str(processor)
    return _make_features("dinov2", model, "dinov2")


def make_sam(folder: Path) -> ExportCase:
    """The encoder of a light SAM."""
    model = resize_positions(load_model(_draw("SlimSAM-uniform-77", folder), SamModel), SAM_SIZE)
    sizes = {"height": SAM_SIZE, "width": SAM_SIZE}
    way = OptimumExport(model, "sam", settings={"variant": "split", "vision_encoder": True}, sizes=sizes)
    return ExportCase(sam.make_graphs(model)[0], way, "ours: optimum's decoder takes points, not boxes")


def make_detector(folder: Path) -> ExportCase:
    """Grounding DINO, which optimum has no configuration for."""
    checkpoint = _draw("grounding-dino-tiny", folder)
    model = load_model(checkpoint, GroundingDinoForObjectDetection)
    graph = grounding_dino.make_graphs(model, load_tokenizer(checkpoint), **DETECTOR)[0]
    graph.module.config = model.config
    return ExportCase(graph, OptimumExport(graph.module, None), "ours: optimum has no configuration of its own")


CASES: dict[str, Callable[[Path], ExportCase]] = {
    "CLIP ViT-B/32, pictures": make_clip,
    "DINO ViT-S/16": make_vit,
    "DINOv2 ViT-S/14": make_dinov2,
    "SlimSAM's encoder at 512": make_sam,
    "Grounding DINO tiny at 320": make_detector,
}


def _make_features(role: str, model: PreTrainedModel, kind: str) -> ExportCase:
    draw_weights(model)
    way = OptimumExport(model, kind, _take_class_token, sizes={"height": 224, "width": 224})
    used = "ours: its positions are interpolated once, not on each run, and it returns the feature alone"
    return ExportCase(make_graph(model.eval(), role, 224), way, used)


def _take_class_token(outputs: NamedTensors) -> NamedTensors:
    return {"features": outputs["last_hidden_state"][:, 0]}


def _draw(name: str, folder: Path) -> Path:
    """The folder of a random checkpoint, drawn unless it is there."""
    return folder / name if (folder / name).is_dir() else save(name, folder)
