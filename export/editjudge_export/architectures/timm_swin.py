"""timm's Swin Transformer by the parts of transformers' own, as a backbone that needs no timm.

They differ in how a map of features that is no multiple of the windows is shifted: timm shifts it and pads it then,
transformers pads it first. timm's maps of features have their channels last and no norm.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoBackbone, AutoConfig, SwinBackbone, SwinConfig
from transformers.modeling_outputs import BackboneOutput
from transformers.models.swin import modeling_swin as modeling

from editjudge_export.architectures.grounding_dino_text import substitute


class TimmSwinConfig(SwinConfig):
    """As of transformers' Swin."""

    model_type = "editjudge-timm-swin"


class TimmSwinLayer(modeling.SwinLayer):
    """A layer that shifts its map before it pads it.

    Everything but the windows treats places alike, so that the whole layer can run on the shifted map.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.steps, self.shift_size = self.shift_size, 0

    def forward(self, hidden_states: Tensor, input_dimensions: tuple[int, int], *arguments: Any) -> tuple[Tensor, ...]:
        """float32[B, H * W, C], (H, W) -> (float32[B, H * W, C], ...)."""
        # The map may be smaller than the shift: ONNX's slices, of which a traced roll is made, do not go round twice.
        steps = [self.steps % int(size) for size in input_dimensions]
        shifted = _roll(hidden_states, input_dimensions, [-step for step in steps])
        output, *others = super().forward(shifted, input_dimensions, *arguments)
        return (_roll(output, input_dimensions, steps), *others)

    def get_attn_mask(self, *arguments: Any, **settings: Any) -> Tensor | None:
        """Keeps apart, in a window, what the shift brought together from opposite edges."""
        with substitute("shift_size", self.steps, self):
            return super().get_attn_mask(*arguments, **settings)


class TimmSwinBackbone(SwinBackbone):
    """pixel_values float32[B, 3, H, W] -> feature maps float32[B, H / s, W / s, C] of strides s, without norms."""

    config_class = TimmSwinConfig

    def __init__(self, config: TimmSwinConfig) -> None:
        with substitute("SwinLayer", TimmSwinLayer, modeling):
            super().__init__(config)
        self.hidden_states_norms = nn.ModuleDict({stage: nn.Identity() for stage in self.out_features})

    def forward(self, pixel_values: Tensor, **settings: Any) -> BackboneOutput:
        output = super().forward(pixel_values, **settings)
        return BackboneOutput(feature_maps=tuple(maps.permute(0, 2, 3, 1) for maps in output.feature_maps))


def _roll(states: Tensor, size: tuple[int, int], steps: list[int]) -> Tensor:
    """Moves a map float32[B, H * W, C] of (H, W) places down and right, round its edges."""
    if not any(steps):
        return states
    _, places, channels = states.shape
    rolled = torch.roll(states.reshape(-1, *size, channels), steps, dims=(1, 2))  # so that a batch may have any size
    return rolled.reshape(-1, places, channels)


AutoConfig.register(TimmSwinConfig.model_type, TimmSwinConfig, exist_ok=True)
AutoBackbone.register(TimmSwinConfig, TimmSwinBackbone, exist_ok=True)
