"""SAM at other sizes of its input: cut to windows of a picture, or with its positions interpolated to another size."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from transformers import SamConfig, SamModel

from editjudge.errors import InputError


def check_sizes(config: SamConfig, size: int, windows: Sequence[int]) -> None:
    """Raises InputError for sides of the input, and of windows, that a SAM of this configuration cannot have."""
    patch = config.vision_config.patch_size
    wrong = next((side for side in (size, *windows) if side < 1 or side % patch), None)
    if wrong is not None:
        raise InputError(f"a side of SAM's input is {wrong} pixels; it must be a multiple of {patch}")
    if any(not smaller < larger for larger, smaller in pairwise((size, *windows))):
        raise InputError(f"the windows are {list(windows)}; they must fall, and be under {size}")


def cut_to_window(model: SamModel, side: int) -> SamModel:
    """The model for windows of `side` x `side` pixels of a picture, at the scale of the whole.

    A window is like a picture of which the rest was never there: patches lie where those of the whole's corner do, and
    as far apart, so the corner of the absolute positions is taken, and of the relative ones those in reach. Boxes are
    in pixels of the window; as the decoder sees them, they lie in the corner of a picture of the whole's size.
    """
    tokens = side // model.config.vision_config.patch_size
    window = _copy_structure(model)
    window.config.vision_config.image_size = side
    encoder = window.vision_encoder
    encoder.patch_embed.image_size = (side, side)
    if encoder.pos_embed is not None:
        encoder.pos_embed = _freeze(encoder.pos_embed[:, :tokens, :tokens])
    for attention in _list_global_attention(window):
        for name in ("rel_pos_h", "rel_pos_w"):
            table = getattr(attention, name)
            beyond = len(table) // 2 - (tokens - 1)  # of the distances on either side
            setattr(attention, name, _freeze(table[beyond : len(table) - beyond]))
    window.prompt_encoder.image_embedding_size = (tokens, tokens)
    positions = model.get_image_wide_positional_embeddings()[:, :, :tokens, :tokens]
    window.get_image_wide_positional_embeddings = lambda: positions
    return window


def resize_positions(model: SamModel, size: int) -> SamModel:
    """The model for pictures of `size` x `size` pixels, its positions interpolated from those of its own size.

    The absolute ones bicubically, as transformers does for vision transformers; the relative ones of layers that see
    the whole picture linearly, as SAM does itself. The decoder's are frequencies, which know no size.
    """
    vision, prompt = model.config.vision_config, model.config.prompt_encoder_config
    if size == vision.image_size:
        return model
    tokens = size // vision.patch_size
    resized = _copy_structure(model)
    resized.config.vision_config.image_size = resized.config.prompt_encoder_config.image_size = size
    resized.config.prompt_encoder_config.image_embedding_size = size // prompt.patch_size
    encoder = resized.vision_encoder
    encoder.patch_embed.image_size = (size, size)
    if encoder.pos_embed is not None:
        grid = interpolate(encoder.pos_embed.permute(0, 3, 1, 2), (tokens, tokens), mode="bicubic")
        encoder.pos_embed = _freeze(grid.permute(0, 2, 3, 1))
    for attention in _list_global_attention(resized):
        for name in ("rel_pos_h", "rel_pos_w"):
            row = interpolate(getattr(attention, name).T[None], 2 * tokens - 1, mode="linear")
            setattr(attention, name, _freeze(row[0].T))
    resized.prompt_encoder.image_embedding_size = (tokens, tokens)
    resized.prompt_encoder.input_image_size = size
    return resized


def _copy_structure(model: SamModel) -> SamModel:
    """A copy with parameters of the model itself, not copies of them."""
    return copy.deepcopy(model, {id(parameter): parameter for parameter in model.parameters()})


def _list_global_attention(model: SamModel) -> list[nn.Module]:
    """The attention of the layers that see the whole picture, where they have relative positions."""
    layers = [layer for layer in model.vision_encoder.layers if layer.window_size == 0]
    return [layer.attn for layer in layers if layer.attn.use_rel_pos]


def _freeze(values: Tensor) -> nn.Parameter:
    with torch.no_grad():
        return nn.Parameter(values.clone(memory_format=torch.contiguous_format), requires_grad=False)
