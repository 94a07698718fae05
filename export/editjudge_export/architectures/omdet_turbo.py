"""OmDet-Turbo as two graphs: the texts' side, whose features are kept by phrase, and the detector, which takes them.

transformers keeps the features of texts in the model itself, and tracing would keep those of one text for good; here
whoever runs the graphs keeps them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import OmDetTurboForObjectDetection

from editjudge.bundles.roles import name_window_role
from editjudge.errors import InputError
from editjudge_export.architectures.grounding_dino_proposals import Proposals
from editjudge_export.architectures.grounding_dino_text import substitute
from editjudge_export.architectures.omdet_turbo_model import OmDetTurboModel
from editjudge_export.architectures.omdet_turbo_size import crop_anchors, give_size, see_window, trace_batch_size
from editjudge_export.architectures.omdet_turbo_text import Texts, draw_texts, encode_texts
from editjudge_export.checkpoints.checkpoint import (
    check_vocabulary,
    load_model,
    load_tokenizer,
)
from editjudge_export.checkpoints.preprocessing import normalization, read_processor
from editjudge_export.checkpoints.processors import omdet_processor
from editjudge_export.onnx.export import ExportedFile, export_graphs, export_tokenizer
from editjudge_export.onnx.graph import SHORTFALL, Graph, NamedTensors
from editjudge_export.onnx.precision import Precision
from editjudge_export.verification.photographs import photographs

MODEL = OmDetTurboModel

PHRASES = (1, 2, 4)
"""Per picture in the comparison with PyTorch."""
PHOTOGRAPHS = ("coffee", "astronaut")
GATE = 1e-3
"""Of scores and of fractions of the picture, as for Grounding DINO, whose decoder this is."""
KEEP = ("bbox_head", "query_position_head", "sampling_offsets", "reference_points")
"""What is too coarse in half precision: coordinates."""


class OmDetTurboDetector(nn.Module):
    """pixel_values, class_embeds, task_embeds, task_mask -> logits float32[B, Q, C], pred_boxes float32[B, Q, 4].

    pixel_values float32[B, 3, H, W]; class_embeds float32[B, C, D], of what is looked for; task_embeds
    float32[B, T, D], the tokens of the sentence that asks for it; task_mask int64[B, T], 1 where they are. Boxes:
    centre, width and height in fractions of the picture. A third output, proposals int64[B, Q], gives the places of the
    feature maps that the queries started from, for the comparison with PyTorch.

    Args:
        run: `run_model`, or what does the same for windows.
        model: Of the size of the pictures.
    """

    def __init__(self, run: Callable[..., NamedTensors], model: OmDetTurboForObjectDetection) -> None:
        super().__init__()
        self.run, self.model = run, model

    def forward(
        self, pixel_values: Tensor, class_embeds: Tensor, task_embeds: Tensor, task_mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        with trace_batch_size(), Proposals() as proposals:
            output = self.run(self.model, pixel_values, class_embeds, task_embeds, task_mask)
        return output["logits"], output["pred_boxes"], proposals.chosen


def run_model(
    model: OmDetTurboForObjectDetection,
    pixel_values: Tensor,
    class_embeds: Tensor,
    task_embeds: Tensor,
    task_mask: Tensor,
) -> NamedTensors:
    """Runs the model with the features of texts that are there already; tensors as of `OmDetTurboDetector`."""

    def give_features(*_: Any) -> tuple[Tensor, Tensor, Tensor]:
        return class_embeds.transpose(0, 1), task_embeds.transpose(0, 1), task_mask

    with substitute("get_language_embedding", give_features, model):
        output = model(pixel_values, *[None] * 5)
    return {"logits": output.decoder_class_logits, "pred_boxes": output.decoder_coord_logits}


def export(
    checkpoint: Path,
    folder: Path,
    precision: Precision = "fp32",
    *,
    height: int,
    width: int,
    text_length: int,
    windows: Sequence[int] = (),
) -> list[ExportedFile]:
    """Writes detector.onnx, that for each size of windows, detector_text.onnx and detector_tokenizer.json.

    Raises InputError or GateError.

    Args:
        checkpoint: The checkpoint folder.
        folder: Where the files go.
        precision: Of the graphs.
        height, width: Of the input, in pixels, multiples of 32; pictures are stretched to it.
        text_length: Tokens of a text at the most.
        windows: Pixels of a side of the squares that are taken as well, multiples of 32, the largest first.
    """
    model, tokenizer = load_model(checkpoint, OmDetTurboModel), load_tokenizer(checkpoint)
    sizes = {"height": height, "width": width, "text_length": text_length, "windows": windows}
    exported = export_graphs(model, lambda copy: make_graphs(copy, tokenizer, **sizes), folder, precision)
    return [*exported, export_tokenizer(checkpoint, folder, "detector_tokenizer")]


def config_settings(checkpoint: Path) -> dict[str, Any]:
    return {}


def processor_settings(checkpoint: Path) -> dict[str, Any]:
    """Without the size, which is the recipe's to choose. Many files have mean and deviation of pixels from 0 to 255."""
    processor = read_processor(checkpoint)
    if processor.get("do_rescale", True):
        return normalization(processor)
    scaled = {key: [round(value / 255, 9) for value in processor[key]] for key in ("image_mean", "image_std")}
    return normalization({**processor, **scaled, "do_rescale": True, "rescale_factor": 1 / 255})


def make_graphs(
    model: OmDetTurboForObjectDetection,
    tokenizer: Tokenizer,
    *,
    height: int,
    width: int,
    text_length: int,
    windows: Sequence[int] = (),
) -> list[Graph]:
    """The graphs `detector`, `detector_text` and those for windows; settings as in `export`. Raises InputError."""
    text = model.config.text_config
    check_vocabulary(tokenizer, text.vocab_size)
    longest, end = text.max_position_embeddings, max(tokenizer.get_vocab().values())
    if not 4 <= text_length <= longest:
        raise InputError(f"the text length is {text_length} tokens; this OmDet-Turbo takes 4 to {longest}")
    if tokenizer.encode("").ids[-1:] != [end]:
        raise InputError(
            f"the tokenizer ends no text with its last id, {end}, by which OmDet-Turbo knows the end of one"
        )
    for side in windows:
        if side >= min(height, width):
            raise InputError(f"a window of the detector has a side of {side} pixels; the whole has {height} x {width}")
    whole = make_graph(model, height, width, text_length)
    others = [
        replace(make_graph(model, side, side, text_length, (height, width)), role=name_window_role("detector", place))
        for place, side in enumerate(windows)
    ]
    return [whole, *others, make_text_graph(model, text_length)]


def make_text_graph(model: OmDetTurboForObjectDetection, text_length: int) -> Graph:
    """The graph of the texts' side, for texts of up to `text_length` tokens."""
    text = model.config.text_config

    def draw_inputs(generator: torch.Generator, batch: int) -> Iterator[NamedTensors]:
        for length in (text_length, 4):
            yield {"input_ids": draw_texts(generator, batch, text, length)}

    return Graph(
        role="detector_text",
        module=Texts(model),
        inputs={"input_ids": {0: "n", 1: "tokens"}},
        outputs={"class_embeds": {0: "n"}, "token_embeds": {0: "n", 1: "tokens"}},
        examples=draw_inputs,
        reference=lambda inputs: encode_texts(model, inputs["input_ids"]),
    )


def make_graph(
    model: OmDetTurboForObjectDetection,
    height: int,
    width: int,
    text_length: int,
    whole: tuple[int, int] | None = None,
) -> Graph:
    """The graph of the detector for pictures of one size, or for windows of pictures. Raises InputError.

    Args:
        model: Of any size.
        height, width: Pixels of the input.
        text_length: Tokens of a text at the most.
        whole: Of the input for whole pictures, (height, width), where this is for windows; boxes are fractions of it.
    """
    text, sized = model.config.text_config, give_size(model, height, width)
    anchors = None if whole is None else crop_anchors(sized, whole, height)

    def run(*arguments: Any) -> NamedTensors:
        with nullcontext() if anchors is None or whole is None else see_window(anchors, whole, height):
            return run_model(*arguments)

    names = ("pixel_values", "class_embeds", "task_embeds", "task_mask")

    def draw_features(generator: torch.Generator, batch: int, phrases: int) -> NamedTensors:
        """Those of random texts; the last sentence of a batch is padded."""
        classes = encode_texts(model, draw_texts(generator, batch * phrases, text, text_length))["class_embeds"]
        tasks = encode_texts(model, draw_texts(generator, batch, text, 3 + phrases))["token_embeds"]
        mask = torch.ones(tasks.shape[:2], dtype=torch.int64)
        mask[-1, 1 + tasks.shape[1] // 2 :] = 0
        return {"class_embeds": classes.view(batch, phrases, -1), "task_embeds": tasks, "task_mask": mask}

    def draw_inputs(generator: torch.Generator, batch: int) -> Iterator[NamedTensors]:
        for phrases in PHRASES:
            pixels = torch.randn(batch, 3, height, width, generator=generator)
            yield {"pixel_values": pixels, **draw_features(generator, batch, phrases)}

    def photograph_inputs(photographed: Sequence[str]) -> Iterator[NamedTensors]:
        pixels = omdet_processor(height, width)(photographs(photographed), return_tensors="pt")["pixel_values"]
        yield {"pixel_values": pixels, **draw_features(torch.Generator().manual_seed(0), len(pixels), 2)}

    def run_reference(inputs: NamedTensors) -> NamedTensors:
        with Proposals(inputs.get("proposals")) as proposals:
            output = run(sized, *(inputs[name] for name in names))
        return {**output, SHORTFALL: proposals.shortfall}

    return Graph(
        role="detector",
        module=OmDetTurboDetector(run, sized),
        inputs={
            "pixel_values": {0: "batch"},
            "class_embeds": {0: "batch", 1: "phrases"},
            "task_embeds": {0: "batch", 1: "tokens"},
            "task_mask": {0: "batch", 1: "tokens"},
        },
        outputs={"logits": {0: "batch", 2: "phrases"}, "pred_boxes": {0: "batch"}},
        examples=draw_inputs,
        reference=run_reference,
        transforms={"logits": torch.sigmoid},
        choices={"proposals": {0: "batch"}},
        photograph_inputs=photograph_inputs,
        photographs=PHOTOGRAPHS,
        keep=KEEP,
        gate=GATE,
    )
