"""transformers' OmDet-Turbo, which reads the published checkpoint, whose backbone is timm's Swin, without timm."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isqrt
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import OmDetTurboConfig, OmDetTurboForObjectDetection, SwinConfig
from transformers.models.swin.modeling_swin import SwinSelfAttention

from editjudge_export.architectures.timm_swin import TimmSwinConfig
from editjudge_export.checkpoints.weights import read_weights

BACKBONE = "vision_backbone.vision_backbone."
TIMM = f"{BACKBONE}_backbone."

RENAMED = (
    (r"patch_embed\.proj", "embeddings.patch_embeddings.projection"),
    (r"patch_embed\.norm", "embeddings.norm"),
    (r"layers_(\d+)\.blocks", r"encoder.layers.\1.blocks"),
    (r"\.norm1\.", ".layernorm_before."),
    (r"\.norm2\.", ".layernorm_after."),
    (r"\.attn\.proj\.", ".attention.output.dense."),
    (r"\.attn\.", ".attention.self."),
    (r"\.mlp\.fc1\.", ".intermediate.dense."),
    (r"\.mlp\.fc2\.", ".output.dense."),
)
"""Patterns of timm's names and what stands in their place in transformers' names."""

BUFFERS = ("relative_position_index", "attn_mask")
"""What old versions of timm saved as well and nobody needs: it follows from the sizes."""


class OmDetTurboModel(OmDetTurboForObjectDetection):
    """As transformers', but a backbone of timm becomes one of transformers when it is loaded."""

    @classmethod
    def from_pretrained(cls, folder: Path, **settings: Any) -> Any:
        """As transformers'. Raises ValueError where the backbone is one of timm, but no Swin that is known here."""
        config = OmDetTurboConfig.from_pretrained(folder, local_files_only=True)
        if not config.use_timm_backbone:
            return super().from_pretrained(folder, **settings)
        weights = read_weights(folder, safe=settings.get("use_safetensors", True))
        swin = read_swin_config(config, weights)
        config.use_timm_backbone, config.backbone, config.backbone_kwargs = False, None, None
        config.backbone_config = swin
        return super().from_pretrained(None, config=config, state_dict=rename_weights(weights), **settings)


def read_swin_config(config: OmDetTurboConfig, weights: Mapping[str, Tensor]) -> TimmSwinConfig:
    """The sizes of a Swin of timm, which are those of its weights.

    Args:
        config: Of the model, with a backbone of timm.
        weights: By timm's names, with the prefix `TIMM`.

    Raises ValueError where it is none, or has windows of several sizes.
    """
    patches = weights.get(f"{TIMM}patch_embed.proj.weight")
    suffix = ".attn.relative_position_bias_table"
    tables = {name: table for name, table in weights.items() if name.startswith(TIMM) and name.endswith(suffix)}
    windows = {(isqrt(len(table)) + 1) // 2 for table in tables.values()}
    if patches is None or len(windows) != 1:
        raise ValueError(f"its backbone {config.backbone} is none of timm's Swin Transformers with windows of one size")
    stages = [
        [table.shape[1] for name, table in tables.items() if name.startswith(f"{TIMM}layers_{stage}.")]
        for stage in range(1 + max(int(name.removeprefix(f"{TIMM}layers_").split(".")[0]) for name in tables))
    ]
    return TimmSwinConfig(
        image_size=config.image_size,
        patch_size=patches.shape[-1],
        num_channels=patches.shape[1],
        embed_dim=patches.shape[0],
        depths=[len(heads) for heads in stages],
        num_heads=[heads[0] for heads in stages],
        window_size=windows.pop(),
        mlp_ratio=weights[f"{TIMM}layers_0.blocks.0.mlp.fc1.weight"].shape[0] / patches.shape[0],
        qkv_bias=f"{TIMM}layers_0.blocks.0.attn.qkv.bias" in weights,
        out_indices=[1 + index for index in config.backbone_kwargs["out_indices"]],  # transformers counts the stem
    )


def rename_weights(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights by transformers' names, those outside the backbone as they are.

    Args:
        weights: By timm's names, with the prefix `TIMM`.
    """
    renamed: dict[str, Tensor] = {}
    for name, value in weights.items():
        if not name.startswith(TIMM):
            renamed[name] = value
        elif not name.endswith(BUFFERS):
            renamed |= {f"{BACKBONE}{new}": part for new, part in _rename(name.removeprefix(TIMM), value).items()}
    return renamed


def _rename(name: str, value: Tensor) -> dict[str, Tensor]:
    # timm halves the map before a stage, transformers after the one before it.
    name = re.sub(r"layers_(\d+)\.downsample", lambda found: f"encoder.layers.{int(found[1]) - 1}.downsample", name)
    for pattern, new in RENAMED:
        name = re.sub(pattern, new, name)
    if ".qkv." in name:
        parts = zip(("query", "key", "value"), value.chunk(3), strict=True)
        return {name.replace(".qkv.", f".{part}."): rows.clone() for part, rows in parts}
    if not name.endswith("relative_position_bias_table"):
        return {name: value}
    window = (isqrt(len(value)) + 1) // 2
    places = SwinSelfAttention(SwinConfig(), 1, 1, window).relative_position_index
    return {name: value, name.replace("bias_table", "index"): places}
