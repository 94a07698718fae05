"""OpenAI's CLIP as its authors wrote it down, in a few lines: weights by their names, and what they compute.

It is what ViFi-CLIP's checkpoints are compared with; it knows nothing of transformers.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

Weights = dict[str, Tensor]
IMAGE, TEXT = "image_encoder", "text_encoder"
"""What ViFi-CLIP calls the two towers."""


def draw_weights(
    *, width: int = 32, layers: int = 2, patch: int = 8, size: int = 32, context: int = 12, projection: int = 16
) -> Weights:
    """Random ones, both towers of one width."""
    generator = torch.Generator().manual_seed(7)

    def draw(*shape: int) -> Tensor:
        return 0.1 * torch.randn(*shape, generator=generator)

    weights = {
        f"{IMAGE}.class_embedding": draw(width),
        f"{IMAGE}.conv1.weight": draw(width, 3, patch, patch),
        f"{IMAGE}.positional_embedding": draw((size // patch) ** 2 + 1, width),
        f"{IMAGE}.proj": draw(width, projection),
        f"{TEXT}.positional_embedding": draw(context, width),
        f"{TEXT}.text_projection": draw(width, projection),
        "logit_scale": torch.tensor(4.6),
    }
    norms = [f"{IMAGE}.ln_pre", f"{IMAGE}.ln_post", f"{TEXT}.ln_final"]
    for tower in (IMAGE, TEXT):
        for index in range(layers):
            block = f"{tower}.transformer.resblocks.{index}"
            norms += [f"{block}.ln_1", f"{block}.ln_2"]
            sizes = {"mlp.c_fc": (2 * width, width), "mlp.c_proj": (width, 2 * width), "attn.out_proj": (width, width)}
            for name, shape in sizes.items():
                weights |= {f"{block}.{name}.weight": draw(*shape), f"{block}.{name}.bias": draw(shape[0])}
            weights |= {
                f"{block}.attn.in_proj_weight": draw(3 * width, width),
                f"{block}.attn.in_proj_bias": draw(3 * width),
            }
    for name in norms:
        weights |= {f"{name}.weight": 1 + draw(width), f"{name}.bias": draw(width)}
    return weights


def embed_pictures(weights: Weights, pixels: Tensor, heads: int = 2) -> Tensor:
    """float32[N, projection] of float32[N, 3, S, S]."""
    kernel = weights[f"{IMAGE}.conv1.weight"]
    patches = F.conv2d(pixels, kernel, stride=kernel.shape[-1]).flatten(2).transpose(1, 2)
    first = weights[f"{IMAGE}.class_embedding"].expand(len(pixels), 1, -1)
    tokens = torch.cat([first, patches], dim=1) + weights[f"{IMAGE}.positional_embedding"]
    tokens = _transform(weights, IMAGE, _norm(weights, f"{IMAGE}.ln_pre", tokens), heads, None)
    return _norm(weights, f"{IMAGE}.ln_post", tokens[:, 0]) @ weights[f"{IMAGE}.proj"]


def embed_text(weights: Weights, embedded: Tensor, end: int, heads: int = 2) -> Tensor:
    """float32[projection] of the embeddings of a text's tokens float32[context, width], whose last one is at `end`."""
    length = len(embedded)
    mask = torch.full((length, length), float("-inf")).triu(1)
    tokens = (embedded + weights[f"{TEXT}.positional_embedding"])[None]
    tokens = _norm(weights, f"{TEXT}.ln_final", _transform(weights, TEXT, tokens, heads, mask))
    return tokens[0, end] @ weights[f"{TEXT}.text_projection"]


def _transform(weights: Weights, tower: str, tokens: Tensor, heads: int, mask: Tensor | None) -> Tensor:
    index, width = 0, tokens.shape[-1]
    while f"{tower}.transformer.resblocks.{index}.ln_1.weight" in weights:
        block = f"{tower}.transformer.resblocks.{index}"
        attention = nn.MultiheadAttention(width, heads, batch_first=True)
        own = {
            name.removeprefix(f"{block}.attn."): value for name, value in weights.items() if f"{block}.attn." in name
        }
        attention.load_state_dict(own)
        seen = _norm(weights, f"{block}.ln_1", tokens)
        tokens = tokens + attention(seen, seen, seen, need_weights=False, attn_mask=mask)[0]
        hidden = _layer(weights, f"{block}.mlp.c_fc", _norm(weights, f"{block}.ln_2", tokens))
        tokens = tokens + _layer(weights, f"{block}.mlp.c_proj", hidden * torch.sigmoid(1.702 * hidden))
        index += 1
    return tokens


def _layer(weights: Weights, name: str, values: Tensor) -> Tensor:
    return F.linear(values, weights[f"{name}.weight"], weights[f"{name}.bias"])


def _norm(weights: Weights, name: str, values: Tensor) -> Tensor:
    return F.layer_norm(values, values.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"])
