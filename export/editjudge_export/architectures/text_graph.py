"""The graph of a CLIP's side for texts, whichever model it belongs to."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from transformers import CLIPTextConfig

from editjudge.errors import InputError
from editjudge_export.onnx.graph import Graph, NamedTensors


class TextSide(nn.Module):
    """input_ids, attention_mask int64[N, L] -> text_embeds float32[N, D], by a method of a model."""

    def __init__(self, model: nn.Module, method: str) -> None:
        super().__init__()
        self.model, self.method = model, method

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return getattr(self.model, self.method)(input_ids, attention_mask)


def make_text_graph(role: str, module: TextSide, text: CLIPTextConfig, context: int | None) -> Graph:
    """The graph of a role for texts of `context` tokens, by default as many as the model takes. Raises InputError.

    Args:
        role: In a bundle.
        module: What it is the graph of.
        text: The configuration of the model.
        context: Tokens of a text.
    """
    longest = text.max_position_embeddings
    context = context or longest
    if not 2 <= context <= longest:
        raise InputError(f"the context is {context} tokens; this CLIP takes 2 to {longest}")

    def draw_texts(generator: torch.Generator, batch: int) -> Iterator[NamedTensors]:
        ids = torch.randint(text.vocab_size, (batch, context), generator=generator)
        ends = torch.randint(1, context, (batch, 1), generator=generator)
        place = torch.arange(context)
        # A text is pooled at its first end token, so there must be only one.
        ids = torch.where(ids == text.eos_token_id, (ids + 1) % text.vocab_size, ids)
        ids = torch.where(place == ends, text.eos_token_id, ids)
        ids = torch.where(place > ends, text.pad_token_id or 0, ids)
        yield {"input_ids": ids, "attention_mask": (place <= ends).long()}

    return Graph(
        role=role,
        module=module,
        inputs={"input_ids": {0: "n"}, "attention_mask": {0: "n"}},
        outputs={"text_embeds": {0: "n"}},
        examples=draw_texts,
        reference=lambda inputs: {"text_embeds": module(**inputs)},
    )
