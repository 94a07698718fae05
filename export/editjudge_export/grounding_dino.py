"""Grounding DINO with the text's masks and position ids as inputs.

transformers derives both from the token ids in a Python loop, which tracing would bake for the one caption it saw;
here they are computed by whoever runs the graph (`caption.caption_inputs` is the reference for that).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import GroundingDinoForObjectDetection

from editjudge.errors import InputError

from .attention import rearranged
from .caption import TEXT_INPUTS, caption_inputs, replaced, separator_ids
from .checkpoint import load_model, load_tokenizer, tokenizer_path
from .export import Exported, copy_file, export_graphs
from .graph import SHORTFALL, Graph, Tensors
from .photographs import photographs
from .precision import Precision
from .processors import detector_processor
from .proposals import Proposals

PHRASES = (1, 2, 4)
"""Phrases per caption in the comparison with PyTorch."""

PHOTOGRAPHS = ("coffee", "astronaut")
GATE = 1e-3
"""Of scores and of shares of the picture. At 800 x 800 a few of 43,000 scores move by up to 5e-4, and by 1e-6 on
average: every layer looks where the one before told it to. PyTorch's own float32 lies up to 8e-5 from its float64."""
KEEP = ("fusion_layer", "bbox_embed", "sampling_offsets", "reference_points")
"""Where half precision overflows (attention between picture and text) or is too coarse (coordinates)."""

Fit = Literal["stretch", "pad"]


class Detector(nn.Module):
    """Six or seven tensors -> logits float32[B, Q, T] (padding: -inf), pred_boxes float32[B, Q, 4].

    pixel_values float32[B, 3, H, W]; input_ids, attention_mask, token_type_ids, position_ids int64[B, T];
    text_self_attention_mask bool[B, T, T], true inside each phrase; pixel_mask int64[B, H, W], 1 where the picture is,
    for padded ones. Boxes: centre, width and height in fractions of the picture. A third output, proposals int64[B, Q],
    says which places of the feature maps the queries started from; it is there for the comparison with PyTorch alone.
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
        def given_masks(_: Tensor) -> tuple[Tensor, Tensor]:
            return text_self_attention_mask, position_ids

        masks = replaced("generate_masks_with_special_tokens_and_transfer_map", given_masks)
        with masks, rearranged(), Proposals() as proposals:
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
    fit: Fit = "stretch",
) -> list[Exported]:
    """Writes detector.onnx and detector_tokenizer.json. Raises InputError or GateError."""
    model, tokenizer = load_model(checkpoint, GroundingDinoForObjectDetection), load_tokenizer(checkpoint)
    sizes = {"height": height, "width": width, "text_length": text_length}
    exported = export_graphs(model, lambda each: graphs(each, tokenizer, **sizes, fit=fit), folder, precision)
    return [*exported, copy_file(tokenizer_path(checkpoint), folder, "detector_tokenizer")]


def graphs(
    model: GroundingDinoForObjectDetection,
    tokenizer: Tokenizer,
    *,
    height: int,
    width: int,
    text_length: int,
    fit: Fit = "stretch",
) -> list[Graph]:
    """The one graph, `detector`, for pictures of height x width and captions padded to text_length tokens."""
    config = model.config
    highest = max(tokenizer.get_vocab().values())
    if highest >= config.text_config.vocab_size:
        raise InputError(f"The tokenizer has an id {highest}, and the model only {config.text_config.vocab_size} ids.")
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

    def phrase(generator: torch.Generator, longest: int) -> str:
        count = int(torch.randint(1, longest + 1, (), generator=generator))
        return " ".join(words[place] for place in torch.randint(len(words), (count,), generator=generator).tolist())

    def padded(pixels: Tensor, generator: torch.Generator) -> Tensors:
        """Pictures of other shapes than the input, as the processor pads them."""
        mask = torch.zeros(len(pixels), height, width, dtype=torch.int64)
        for row, picture in zip(mask, pixels, strict=True):
            used = torch.randint(min(height, width) // 2, min(height, width) + 1, (), generator=generator)
            row[:used] = 1
            picture[:, used:] = 0
        return {"pixel_values": pixels, "pixel_mask": mask}

    def examples(generator: torch.Generator, batch: int) -> Iterator[Tensors]:
        for phrases in PHRASES:
            room = min(3, (text_length - 2) // phrases - 1)  # words beside the separator, [CLS] and [SEP] apart
            if room < 1:
                continue
            pixels = torch.randn(batch, 3, height, width, generator=generator)
            captions = [" . ".join(phrase(generator, room) for _ in range(phrases)) + " ." for _ in range(batch)]
            pictures = padded(pixels, generator) if fit == "pad" else {"pixel_values": pixels}
            yield {**pictures, **caption_inputs(captions, tokenizer, text_length)}

    def photos() -> Iterator[Tensors]:
        pictures = detector_processor(height, width, fit)(photographs(PHOTOGRAPHS), return_tensors="pt")
        captions = caption_inputs([f"{words[0]} .", f"{words[1]} {words[2]} . {words[3]} ."], tokenizer, text_length)
        yield {name: tensor for name, tensor in {**pictures, **captions}.items() if name in names}

    def reference(inputs: Tensors) -> Tensors:
        used = ("pixel_values", "input_ids", "attention_mask", "token_type_ids", "pixel_mask")
        with replaced("SPECIAL_TOKENS", separators), Proposals(inputs.get("proposals")) as proposals:
            output = model(**{name: inputs[name] for name in used if name in inputs})
        logits = output.logits[..., :text_length]
        return {"logits": logits, "pred_boxes": output.pred_boxes, SHORTFALL: proposals.shortfall}

    return [
        Graph(
            role="detector",
            module=Detector(model),
            inputs={name: {0: "batch"} for name in names},
            outputs={"logits": {0: "batch"}, "pred_boxes": {0: "batch"}},
            examples=examples,
            reference=reference,
            compared={"logits": torch.sigmoid},
            choices={"proposals": {0: "batch"}},
            pictures=photos,
            keep=KEEP,
            gate=GATE,
        )
    ]
