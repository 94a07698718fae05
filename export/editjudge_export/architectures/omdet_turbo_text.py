"""The texts' side of OmDet-Turbo: a CLIP, of which a phrase needs the end and a sentence every token."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import CLIPTextConfig, OmDetTurboForObjectDetection

from editjudge_export.onnx.graph import NamedTensors


class Texts(nn.Module):
    """input_ids int64[N, L] -> class_embeds float32[N, D], token_embeds float32[N, L, D].

    The first are of the texts as phrases to look for, the second of their tokens as sentences that ask for them. A
    token sees those before it only, so whatever fills up a text after its end changes nothing.
    """

    def __init__(self, model: OmDetTurboForObjectDetection) -> None:
        super().__init__()
        self.language = model.language_backbone

    def forward(self, input_ids: Tensor) -> tuple[Tensor, Tensor]:
        tokens = self.language.model(input_ids)[0]
        ends = input_ids.argmax(dim=-1)  # the end has the highest id; of several this is the first
        places = torch.arange(input_ids.shape[0])
        return tokens[places, ends] @ self.language.text_projection, tokens


def encode_texts(model: OmDetTurboForObjectDetection, input_ids: Tensor) -> NamedTensors:
    """As `Texts`, by the model's own methods."""
    language = model.language_backbone
    tokens, _ = language(input_ids, mask=torch.ones_like(input_ids), encode_type="task")
    return {"class_embeds": language(input_ids, encode_type="class"), "token_embeds": tokens.transpose(0, 1)}


def draw_texts(generator: torch.Generator, count: int, config: CLIPTextConfig, length: int) -> Tensor:
    """int64[count, length] of random tokens, each text with one end, the highest of all ids, and filled up after it."""
    highest = config.vocab_size - 1
    ids = torch.randint(highest, (count, length), generator=generator)
    ends = torch.randint(1, length, (count, 1), generator=generator)
    place = torch.arange(length)
    return torch.where(place == ends, highest, torch.where(place > ends, 0, ids))
