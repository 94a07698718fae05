"""Grounding DINO with the text's masks and position ids as inputs.

transformers derives both from the token ids in a Python loop, of which tracing would keep the run for one caption. Here
whoever runs the graph computes them (`grounding_dino_text.caption_inputs` is the reference for that).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import GroundingDinoForObjectDetection

from editjudge.errors import InputError
from editjudge_export.architectures.grounding_dino_attention import rearrange_attention
from editjudge_export.architectures.grounding_dino_proposals import Proposals
from editjudge_export.architectures.grounding_dino_text import (
    TEXT_INPUTS,
    caption_inputs,
    separator_ids,
    substitute,
)
from editjudge_export.checkpoints.checkpoint import check_vocabulary, find_tokenizer, load_model, load_tokenizer
from editjudge_export.checkpoints.preprocessing import normalization, read_processor
from editjudge_export.checkpoints.processors import detector_processor
from editjudge_export.onnx.export import ExportedFile, copy_file, export_graphs
from editjudge_export.onnx.graph import SHORTFALL, Graph, NamedTensors
from editjudge_export.onnx.precision import Precision
from editjudge_export.verification.photographs import photographs

MODEL = GroundingDinoForObjectDetection

PHRASES = (1, 2, 4)
"""Phrases per caption in the comparison with PyTorch."""
PHOTOGRAPHS = ("coffee", "astronaut")

GATE = 1e-3
"""Of scores and of fractions of the picture. At 800 x 800 a few of 43,000 scores move by up to 5e-4, and by 1e-6 on
average: where a layer looks depends on the one before it. PyTorch's own float32 is up to 8e-5 from its float64."""
KEEP = ("fusion_layer", "bbox_embed", "sampling_offsets", "reference_points")
"""Where half precision overflows (attention between picture and text) or is too coarse (coordinates)."""


class MaskedGroundingDino(nn.Module):
    """Six or seven tensors -> logits float32[B, Q, T] (padding: -inf), pred_boxes float32[B, Q, 4].

    pixel_values float32[B, 3, H, W]; input_ids, attention_mask, token_type_ids, position_ids int64[B, T];
    text_self_attention_mask bool[B, T, T], true inside each phrase; for padded pictures pixel_mask int64[B, H, W], 1
    where the picture is. Boxes: centre, width and height in fractions of the picture. A third output, proposals
    int64[B, Q], gives the places of the feature maps that the queries started from, for the comparison with PyTorch.
    """

    def __init__(self, model: GroundingDinoForObjectDetection) -> None:
        super().__init__()
        self.model = model

    def forward(  # noqa: PLR0917  (the exporter binds the graph's inputs by position)
        self,
        pixel_values: Tensor,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor,
        position_ids: Tensor,
        text_self_attention_mask: Tensor,
        pixel_mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        def give_masks(_: Tensor) -> tuple[Tensor, Tensor]:
            return text_self_attention_mask, position_ids

        masks = substitute("generate_masks_with_special_tokens_and_transfer_map", give_masks)
        with masks, rearrange_attention(), Proposals() as proposals:
            output = self.model(
                pixel_values=pixel_values,
                input_ids=input_ids,
                attention_mask=attention_mask,
                token_type_ids=token_type_ids,
                pixel_mask=pixel_mask,
            )
        return output.logits[..., : input_ids.shape[1]], output.pred_boxes, proposals.chosen


def export(
    checkpoint: Path,
    folder: Path,
    precision: Precision = "fp32",
    *,
    height: int,
    width: int,
    text_length: int,
    fit: Literal["stretch", "pad"] = "stretch",
) -> list[ExportedFile]:
    """Writes detector.onnx and detector_tokenizer.json. Raises InputError or GateError.

    Args:
        checkpoint: The checkpoint folder.
        folder: Where the files go.
        precision: Of the graph.
        height, width: Of its input, in pixels.
        text_length: Tokens that a caption is padded to.
        fit: Whether pictures are stretched to the input, or scaled to fit into it and padded; then there is a
            pixel_mask among the inputs.
    """
    model, tokenizer = load_model(checkpoint, GroundingDinoForObjectDetection), load_tokenizer(checkpoint)
    sizes = {"height": height, "width": width, "text_length": text_length}
    exported = export_graphs(model, lambda copy: make_graphs(copy, tokenizer, **sizes, fit=fit), folder, precision)
    return [*exported, copy_file(find_tokenizer(checkpoint), folder, "detector_tokenizer")]


def config_settings(checkpoint: Path) -> dict[str, Any]:
    return {}


def processor_settings(checkpoint: Path) -> dict[str, Any]:
    """Without the size: the model takes pictures of any size, so it is the recipe's to choose."""
    return normalization(read_processor(checkpoint))


def make_graphs(
    model: GroundingDinoForObjectDetection,
    tokenizer: Tokenizer,
    *,
    height: int,
    width: int,
    text_length: int,
    fit: Literal["stretch", "pad"] = "stretch",
) -> list[Graph]:
    """The one graph, `detector`; settings as in `export`. Raises InputError."""
    config = model.config
    check_vocabulary(tokenizer, config.text_config.vocab_size)
    longest = min(config.max_text_len, config.text_config.max_position_embeddings)
    if not 4 <= text_length <= longest:
        raise InputError(f"The text length is {text_length} tokens; this Grounding DINO takes 4 to {longest}.")
    config.disable_custom_kernels = True
    for module in model.modules():
        if hasattr(module, "disable_custom_kernels"):
            module.disable_custom_kernels = True
    separators = separator_ids(tokenizer)
    words = sorted(token for token in tokenizer.get_vocab() if token.isascii() and token.isalpha() and token.islower())
    names = ["pixel_values", *TEXT_INPUTS, *(["pixel_mask"] if fit == "pad" else [])]

    def draw_phrase(generator: torch.Generator, longest: int) -> str:
        count = int(torch.randint(1, longest + 1, (), generator=generator))
        return " ".join(words[place] for place in torch.randint(len(words), (count,), generator=generator).tolist())

    def pad(pixels: Tensor, generator: torch.Generator) -> NamedTensors:
        """Cuts pictures to shapes other than the input's, padded as by the processor."""
        mask = torch.zeros(len(pixels), height, width, dtype=torch.int64)
        for row, picture in zip(mask, pixels, strict=True):
            used = torch.randint(min(height, width) // 2, min(height, width) + 1, (), generator=generator)
            row[:used] = 1
            picture[:, used:] = 0
        return {"pixel_values": pixels, "pixel_mask": mask}

    def draw_inputs(generator: torch.Generator, batch: int) -> Iterator[NamedTensors]:
        for phrases in PHRASES:
            room = min(3, (text_length - 2) // phrases - 1)  # words of a phrase beside its separator, [CLS] and [SEP]
            if room < 1:
                continue
            pixels = torch.randn(batch, 3, height, width, generator=generator)
            captions = [" . ".join(draw_phrase(generator, room) for _ in range(phrases)) + " ." for _ in range(batch)]
            pictures = pad(pixels, generator) if fit == "pad" else {"pixel_values": pixels}
            yield {**pictures, **caption_inputs(captions, tokenizer, text_length)}

    def photograph_inputs() -> Iterator[NamedTensors]:
        pictures = detector_processor(height, width, fit)(photographs(PHOTOGRAPHS), return_tensors="pt")
        captions = caption_inputs([f"{words[0]} .", f"{words[1]} {words[2]} . {words[3]} ."], tokenizer, text_length)
        yield {name: tensor for name, tensor in {**pictures, **captions}.items() if name in names}

    def run_reference(inputs: NamedTensors) -> NamedTensors:
        used = ("pixel_values", "input_ids", "attention_mask", "token_type_ids", "pixel_mask")
        with substitute("SPECIAL_TOKENS", separators), Proposals(inputs.get("proposals")) as proposals:
            output = model(**{name: inputs[name] for name in used if name in inputs})
        logits = output.logits[..., :text_length]
        return {"logits": logits, "pred_boxes": output.pred_boxes, SHORTFALL: proposals.shortfall}

    return [
        Graph(
            role="detector",
            module=MaskedGroundingDino(model),
            inputs={name: {0: "batch"} for name in names},
            outputs={"logits": {0: "batch"}, "pred_boxes": {0: "batch"}},
            examples=draw_inputs,
            reference=run_reference,
            transforms={"logits": torch.sigmoid},
            choices={"proposals": {0: "batch"}},
            photograph_inputs=photograph_inputs,
            keep=KEEP,
            gate=GATE,
        )
    ]
