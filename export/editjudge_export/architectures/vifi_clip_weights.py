"""ViFi-CLIP's own checkpoints: pickles of PyTorch, whose weights have the names of OpenAI's CLIP.

They lack the embeddings of the tokens, which ViFi-CLIP leaves as they were. So such a pickle lies in the checkpoint
folder of the CLIP that it was trained from, beside its config, tokenizer and weights.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPModel

from editjudge.errors import InputError
from editjudge_export.architectures.registry import ARCHITECTURES
from editjudge_export.checkpoints.checkpoint import LOADING_ERRORS, load_model, load_tokenizer

PREPROCESSING: Mapping[str, Any] = {
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
    "fit": "center_crop",
    "shorter": 256,
}
"""How ViFi-CLIP was trained to see pictures: not as CLIP."""

TOKENS = "text_model.embeddings.token_embedding.weight"
SENTENCES = "prompt_learner.complete_text_embeddings"
"""The token embeddings of the names of the classes that it was trained on, float32[classes, context, width]: no weight,
but it shows whether the embeddings of the folder's CLIP are those."""
NEAR = 0.01
"""How far these may lie apart, as a share of the largest number: ViFi-CLIP holds them in half precision."""

WHOLE = {
    "image_encoder.class_embedding": "vision_model.embeddings.class_embedding",
    "image_encoder.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "image_encoder.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "text_encoder.positional_embedding": "text_model.embeddings.position_embedding.weight",
    "logit_scale": "logit_scale",
}
TURNED = {
    "image_encoder.proj": "visual_projection.weight",
    "text_encoder.text_projection": "text_projection.weight",
}
"""Matrices that OpenAI multiplies from the right."""
LAYERS = {
    "image_encoder.ln_pre": "vision_model.pre_layrnorm",
    "image_encoder.ln_post": "vision_model.post_layernorm",
    "text_encoder.ln_final": "text_model.final_layer_norm",
}
BLOCKS = {
    "image_encoder.transformer.resblocks": "vision_model.encoder.layers",
    "text_encoder.transformer.resblocks": "text_model.encoder.layers",
}
PARTS = {
    "attn.out_proj": "self_attn.out_proj",
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}
"""Of a block; each has a weight and a bias."""
STACKED = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
"""What OpenAI keeps in one matrix, attn.in_proj_weight, one above the other."""


def load_vifi_clip(folder: Path) -> CLIPModel:
    """The CLIP of a checkpoint folder with the weights of the pickle in it; only tensors are unpickled.

    Raises InputError where the pickle is none of ViFi-CLIP, or of one that was trained from another CLIP.
    """
    pickle = ARCHITECTURES["vifi_clip"].find_pickle(folder)
    assert pickle is not None
    model = load_model(folder, CLIPModel, allow_pickle=True)
    weights = _read(pickle)
    sentences = weights.pop(SENTENCES, None)
    converted = dict(_convert(pickle, weights))
    wanted = {name: value.shape for name, value in model.state_dict().items() if name != TOKENS}
    missing, unknown = sorted(wanted.keys() - converted), sorted(converted.keys() - wanted)
    if missing or unknown:
        what = f"lacks {missing[0]}" if missing else f"has {unknown[0]}, which the CLIP of its folder lacks"
        raise InputError(f"{pickle} {what}; put it into the folder of the CLIP that it was trained from")
    for name, shape in wanted.items():
        if converted[name].shape != shape:
            raise InputError(
                f"{pickle} is of another size than the CLIP of its folder: {name} is {list(converted[name].shape)} and "
                f"there {list(shape)}; put it into the folder of the CLIP that it was trained from"
            )
    if sentences is not None and sentences.ndim == 3 and len(sentences):
        _check_tokens(pickle, sentences, model)
    model.load_state_dict({**model.state_dict(), **converted})
    return model


def _read(pickle: Path) -> dict[str, Tensor]:
    """The weights by OpenAI's names."""
    # Its configuration, which nobody needs, is of a class of the package yacs: here it becomes a dictionary.
    harmless: list[Any] = [(OrderedDict, "yacs.config.CfgNode")]
    try:
        with torch.serialization.safe_globals(harmless):
            content = torch.load(pickle, map_location="cpu", weights_only=True, mmap=True)
    except (*LOADING_ERRORS, EOFError) as error:
        raise InputError(
            f"{pickle} is half-downloaded, damaged, or holds more than weights; fetch it again, or save its entry "
            '"model" alone, as {"model": ...}'
        ) from error
    weights = content.get("model") if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        raise InputError(f'{pickle} is no checkpoint of ViFi-CLIP: it has no weights under the key "model"')
    return {str(name).removeprefix("module."): value for name, value in weights.items()}


def _convert(pickle: Path, weights: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """The weights in float32 by transformers' names. Raises InputError for one that ViFi-CLIP has not."""
    for name, value in weights.items():
        whole = value.float()
        stem, _, kind = name.rpartition(".")
        block = next((block for block in BLOCKS if stem.startswith(f"{block}.")), None)
        if name in WHOLE:
            yield WHOLE[name], whole
        elif name in TURNED:
            yield TURNED[name], whole.T
        elif stem in LAYERS and kind in ("weight", "bias"):
            yield f"{LAYERS[stem]}.{kind}", whole
        elif block is not None:
            number, _, part = name.removeprefix(f"{block}.").partition(".")
            yield from _convert_part(f"{BLOCKS[block]}.{number}", part, whole, f"{pickle} has {name}")
        else:
            raise InputError(f"{pickle} has {name}, which ViFi-CLIP on a ViT has not; it is another model's")


def _convert_part(layer: str, part: str, value: Tensor, what: str) -> Iterator[tuple[str, Tensor]]:
    stem, _, kind = part.rpartition(".")
    if stem in PARTS and kind in ("weight", "bias"):
        yield f"{layer}.{PARTS[stem]}.{kind}", value
    elif part in ("attn.in_proj_weight", "attn.in_proj_bias"):
        yield from zip((f"{layer}.{name}.{part.rpartition('_')[2]}" for name in STACKED), value.chunk(3), strict=False)
    else:
        raise InputError(f"{what}, which ViFi-CLIP without prompts has not; it is another model's")


def _check_tokens(pickle: Path, sentences: Tensor, model: CLIPModel) -> None:
    """Raises InputError where the first token of a text has another embedding than the one it was trained with."""
    start = load_tokenizer(pickle.parent).encode("").ids[0]
    own = model.state_dict()[TOKENS][start]
    given = sentences[0, 0].float()
    if given.shape != own.shape or float((given - own).abs().max()) > NEAR * float(own.abs().max()):
        raise InputError(
            f"{pickle} was trained from another CLIP than that of its folder: the embeddings of the tokens differ; "
            "put it into the folder of the CLIP that it was trained from"
        )
