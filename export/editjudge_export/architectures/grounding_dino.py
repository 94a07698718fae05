"""Grounding DINO with the text's masks and position ids as inputs.

transformers derives both from the token ids in a Python loop, of which tracing would keep the run for one caption. Here
whoever runs the graph computes them (`grounding_dino_text.caption_inputs` is the reference for that).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import GroundingDinoForObjectDetection

from editjudge.bundles.roles import name_window_role
from editjudge.errors import InputError
from editjudge_export.architectures.grounding_dino_attention import rearrange_attention
from editjudge_export.architectures.grounding_dino_proposals import Proposals
from editjudge_export.architectures.grounding_dino_text import (
    TEXT_INPUTS,
    caption_inputs,
    separator_ids,
    substitute,
)
from editjudge_export.architectures.grounding_dino_window import WholePicture, check_window, see_window
from editjudge_export.checkpoints.checkpoint import check_vocabulary, load_model, load_tokenizer
from editjudge_export.checkpoints.preprocessing import normalization, read_processor
from editjudge_export.checkpoints.processors import detector_processor
from editjudge_export.onnx.export import ExportedFile, export_graphs, export_tokenizer
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
    text_self_attention_mask bool[B, T, T], true inside each phrase; for windows whole_size float32[B, 2], the (height,
    width) of the whole pictures in the input that those would have, whose coordinates boxes then have, as if windows
    lay in their upper left corners; for padded pictures pixel_mask int64[B, H, W], 1
    where the picture is. Boxes: centre, width and height in fractions of the picture. A third output, proposals
    int64[B, Q], gives the places of the feature maps that the queries started from, for the comparison with PyTorch.
    """

    def __init__(self, model: GroundingDinoForObjectDetection, whole: WholePicture | None = None) -> None:
        super().__init__()
        self.model = model
        self.whole = whole

    def forward(  # noqa: PLR0917  (the exporter binds the graph's inputs by position)
        self,
        pixel_values: Tensor,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor,
        position_ids: Tensor,
        text_self_attention_mask: Tensor,
        *others: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        size = others[0] if self.whole else None
        pixel_mask = others[-1] if len(others) > (self.whole is not None) else None

        def give_masks(_: Tensor) -> tuple[Tensor, Tensor]:
            return text_self_attention_mask, position_ids

        masks = substitute("generate_masks_with_special_tokens_and_transfer_map", give_masks)
        with masks, rearrange_attention(), self._see(pixel_values, size), Proposals() as proposals:
            output = self.model(
                pixel_values=pixel_values,
                input_ids=input_ids,
                attention_mask=attention_mask,
                token_type_ids=token_type_ids,
                pixel_mask=pixel_mask,
            )
        return output.logits[..., : input_ids.shape[1]], output.pred_boxes, proposals.chosen

    def _see(self, pixels: Tensor, size: Tensor | None) -> AbstractContextManager[None]:
        if self.whole is None or size is None:
            return nullcontext()
        return see_window(self.whole, pixels.shape[-1], size)


def export(
    checkpoint: Path,
    folder: Path,
    precision: Precision = "fp32",
    *,
    height: int,
    width: int,
    text_length: int,
    fit: Literal["stretch", "pad"] = "stretch",
    windows: Sequence[int] = (),
) -> list[ExportedFile]:
    """Writes detector.onnx, that for each size of windows, and detector_tokenizer.json. Raises InputError or GateError.

    Args:
        checkpoint: The checkpoint folder.
        folder: Where the files go.
        precision: Of the graph.
        height, width: Of its input, in pixels.
        text_length: Tokens that a caption is padded to.
        fit: Whether pictures are stretched to the input, or scaled to fit into it and padded; then there is a
            pixel_mask among the inputs.
        windows: Pixels of a side of the squares that are taken as well, the largest first.
    """
    model, tokenizer = load_model(checkpoint, GroundingDinoForObjectDetection), load_tokenizer(checkpoint)
    sizes = {"height": height, "width": width, "text_length": text_length, "windows": windows}
    exported = export_graphs(model, lambda copy: make_graphs(copy, tokenizer, **sizes, fit=fit), folder, precision)
    return [*exported, export_tokenizer(checkpoint, folder, "detector_tokenizer")]


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
    windows: Sequence[int] = (),
) -> list[Graph]:
    """`detector`, and the graphs for windows; settings as in `export`. Raises InputError."""
    config = model.config
    check_vocabulary(tokenizer, config.text_config.vocab_size)
    longest = min(config.max_text_len, config.text_config.max_position_embeddings)
    if not 4 <= text_length <= longest:
        raise InputError(f"The text length is {text_length} tokens; this Grounding DINO takes 4 to {longest}.")
    config.disable_custom_kernels = True
    for module in model.modules():
        if hasattr(module, "disable_custom_kernels"):
            module.disable_custom_kernels = True
    whole = make_graph(model, tokenizer, height=height, width=width, text_length=text_length, fit=fit)
    for side in windows:
        check_window(config, side, min(height, width))
    seen = WholePicture.of(config, height, width)
    sizes = (
        make_graph(model, tokenizer, height=side, width=side, text_length=text_length, fit=fit, whole=seen)
        for side in windows
    )
    return [whole, *(replace(graph, role=name_window_role("detector", place)) for place, graph in enumerate(sizes))]


def make_graph(
    model: GroundingDinoForObjectDetection,
    tokenizer: Tokenizer,
    *,
    height: int,
    width: int,
    text_length: int,
    fit: Literal["stretch", "pad"],
    whole: WholePicture | None = None,
) -> Graph:
    """The graph for pictures of one size; whole: what those would have of which these are windows."""
    separators = separator_ids(tokenizer)
    words = sorted(token for token in tokenizer.get_vocab() if token.isascii() and token.isalpha() and token.islower())
    added = [name for name, has_it in (("whole_size", whole), ("pixel_mask", fit == "pad")) if has_it]
    names = ["pixel_values", *TEXT_INPUTS, *added]

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

    def draw_sizes(generator: torch.Generator, batch: int) -> NamedTensors:
        """Of whole pictures, which fill the input if they are stretched, and else one side of it."""
        if whole is None:
            return {}
        sizes = torch.tensor([[float(whole.height), float(whole.width)]]).repeat(batch, 1)
        if fit == "pad":
            sizes[:, 1] = torch.randint(width, whole.width + 1, (batch,), generator=generator)
        return {"whole_size": sizes}

    def draw_inputs(generator: torch.Generator, batch: int) -> Iterator[NamedTensors]:
        for phrases in PHRASES:
            room = min(3, (text_length - 2) // phrases - 1)  # words of a phrase beside its separator, [CLS] and [SEP]
            if room < 1:
                continue
            pixels = torch.randn(batch, 3, height, width, generator=generator)
            captions = [" . ".join(draw_phrase(generator, room) for _ in range(phrases)) + " ." for _ in range(batch)]
            pictures = pad(pixels, generator) if fit == "pad" else {"pixel_values": pixels}
            sizes = draw_sizes(generator, batch)
            yield {**pictures, **caption_inputs(captions, tokenizer, text_length), **sizes}

    def photograph_inputs(photographed: Sequence[str]) -> Iterator[NamedTensors]:
        pictures = detector_processor(height, width, fit)(photographs(photographed), return_tensors="pt")
        captions = caption_inputs([f"{words[0]} .", f"{words[1]} {words[2]} . {words[3]} ."], tokenizer, text_length)
        sizes = draw_sizes(torch.Generator().manual_seed(0), len(photographed))
        yield {name: tensor for name, tensor in {**pictures, **captions, **sizes}.items() if name in names}

    def run_reference(inputs: NamedTensors) -> NamedTensors:
        used = ("pixel_values", "input_ids", "attention_mask", "token_type_ids", "pixel_mask")
        seen = see_window(whole, width, inputs["whole_size"]) if whole else nullcontext()
        with substitute("SPECIAL_TOKENS", separators), seen, Proposals(inputs.get("proposals")) as proposals:
            output = model(**{name: inputs[name] for name in used if name in inputs})
        logits = output.logits[..., :text_length]
        return {"logits": logits, "pred_boxes": output.pred_boxes, SHORTFALL: proposals.shortfall}

    return Graph(
        role="detector",
        module=MaskedGroundingDino(model, whole),
        inputs={name: {0: "batch"} for name in names},
        outputs={"logits": {0: "batch"}, "pred_boxes": {0: "batch"}},
        examples=draw_inputs,
        reference=run_reference,
        transforms={"logits": torch.sigmoid},
        choices={"proposals": {0: "batch"}},
        photograph_inputs=photograph_inputs,
        photographs=PHOTOGRAPHS,
        keep=KEEP,
        gate=GATE,
    )
