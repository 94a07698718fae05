"""CLIP: vision and text apart, each up to the projected embedding, not normalised."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import CLIPModel

from editjudge.errors import InputError

from .checkpoint import load_model, load_tokenizer, tokenizer_path
from .export import Exported, copy_file, export_graphs
from .graph import Graph, Tensors
from .photographs import photographs
from .precision import Precision
from .processors import clip_processor


class Vision(nn.Module):
    """pixel_values float32[N, 3, S, S] -> image_embeds float32[N, D]."""

    def __init__(self, model: CLIPModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixel_values: Tensor) -> Tensor:
        return self.model.get_image_features(pixel_values)


class Text(nn.Module):
    """input_ids, attention_mask int64[N, L] -> text_embeds float32[N, D]."""

    def __init__(self, model: CLIPModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.model.get_text_features(input_ids, attention_mask)


def export(checkpoint: Path, folder: Path, precision: Precision = "fp32", context: int | None = None) -> list[Exported]:
    """Writes clip_vision.onnx, clip_text.onnx and clip_tokenizer.json. Raises InputError or GateError."""
    model, tokenizer = load_model(checkpoint, CLIPModel), load_tokenizer(checkpoint)
    highest, known = max(tokenizer.get_vocab().values()), model.config.text_config.vocab_size
    if highest >= known:
        raise InputError(f"The tokenizer has an id {highest}, and the model only {known} ids.")
    exported = export_graphs(model, lambda each: graphs(each, context), folder, precision)
    return [*exported, copy_file(tokenizer_path(checkpoint), folder, "clip_tokenizer")]


def graphs(model: CLIPModel, context: int | None = None) -> list[Graph]:
    """clip_vision and clip_text; texts are `context` tokens long, by default the most that the model takes."""
    size, text = model.config.vision_config.image_size, model.config.text_config
    longest = text.max_position_embeddings
    context = context or longest
    if not 2 <= context <= longest:
        raise InputError(f"The context is {context} tokens; this CLIP takes 2 to {longest}.")

    def pictures(generator: torch.Generator, batch: int) -> Iterator[Tensors]:
        yield {"pixel_values": torch.randn(batch, 3, size, size, generator=generator)}

    def photos() -> Iterator[Tensors]:
        yield dict(clip_processor(size)(photographs(), return_tensors="pt"))

    def texts(generator: torch.Generator, batch: int) -> Iterator[Tensors]:
        ids = torch.randint(text.vocab_size, (batch, context), generator=generator)
        ends = torch.randint(1, context, (batch, 1), generator=generator)
        place = torch.arange(context)
        # Which token a text is pooled at hangs on where its end token comes first, so it comes just once.
        ids = torch.where(ids == text.eos_token_id, (ids + 1) % text.vocab_size, ids)
        ids = torch.where(place == ends, text.eos_token_id, ids)
        ids = torch.where(place > ends, text.pad_token_id or 0, ids)
        yield {"input_ids": ids, "attention_mask": (place <= ends).long()}

    return [
        Graph(
            role="clip_vision",
            module=Vision(model),
            inputs={"pixel_values": {0: "n"}},
            outputs={"image_embeds": {0: "n"}},
            examples=pictures,
            reference=lambda inputs: {"image_embeds": model.get_image_features(**inputs)},
            pictures=photos,
        ),
        Graph(
            role="clip_text",
            module=Text(model),
            inputs={"input_ids": {0: "n"}, "attention_mask": {0: "n"}},
            outputs={"text_embeds": {0: "n"}},
            examples=texts,
            reference=lambda inputs: {"text_embeds": model.get_text_features(**inputs)},
        ),
    ]
