"""The network that fuses CLIP's features of a pair of pictures into one embedding of the edit, and its text tower.

An edit is seen as places: both whole pictures, and the windows in which they differ most. Every place has a feature of
either frame, a thumbnail of either, and a box. What a place says is a token, or two; a small transformer reads them.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModelWithProjection, PretrainedConfig, PreTrainedModel

from editjudge.models.pair.views import DETAIL, PLACES

Form = Literal["mean", "difference", "framed", "joined"]
"""How the two frames of a place meet: their mean, which does not know their order; the difference of the second and the
first; a token each with a learnt embedding of its frame; or both side by side through one layer."""
FORMS: tuple[str, ...] = get_args(Form)
FRAMES = 2
WAVES = 4
"""Of how many lengths the waves are that a box is told by: a network tells small steps by them sooner."""
SHARPEST = 60.0
"""What cosines are at most multiplied by."""


class EditClipConfig(PretrainedConfig):
    """The widths and depths of the network.

    Args:
        features: Numbers of a feature of the CLIP that it is for.
        form: How the two frames of a place meet.
        sees_places: Whether it looks at the places at all, or at the whole pictures only.
        width: Of the tokens.
        layers, heads: Of the transformer.
        projection: Numbers of an embedding.
        text: Of the text tower, as CLIPTextConfig takes it.
    """

    model_type = "editjudge-edit-clip"

    def __init__(
        self,
        features: int = 128,
        form: Form = "joined",
        *,
        sees_places: bool = True,
        width: int = 192,
        layers: int = 3,
        heads: int = 4,
        projection: int = 128,
        text: dict[str, Any] | None = None,
        **others: object,
    ) -> None:
        self.features, self.form, self.sees_places = features, form, sees_places
        self.width, self.layers, self.heads, self.projection = width, layers, heads, projection
        self.text = dict(text or {})
        super().__init__(**others)


class EditClipModel(PreTrainedModel):
    """Embeds edits and instructions, not normalised."""

    config_class = EditClipConfig

    def __init__(self, config: EditClipConfig) -> None:
        super().__init__(config)
        self.fusion = Fusion(config)
        self.text = CLIPTextModelWithProjection(CLIPTextConfig(**config.text, projection_dim=config.projection))
        self.logit_scale = nn.Parameter(torch.tensor(2.5))
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    def embed_texts(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """float32[N, projection] of token ids int64[N, length]."""
        return self.text(input_ids, attention_mask).text_embeds

    def forward(self, features: Tensor, details: Tensor, boxes: Tensor, seen: Tensor) -> Tensor:
        """float32[N, projection], of `editjudge.models.pair.views.PairInputs`."""
        return self.fusion(features, details, boxes, seen)


class Fusion(nn.Module):
    """Places of both frames -> one vector."""

    def __init__(self, config: EditClipConfig) -> None:
        super().__init__()
        width = config.width
        self.form, self.places = config.form, PLACES if config.sees_places else 1
        self.feature = nn.Linear(config.features, width)
        self.detail = nn.Sequential(nn.Linear(3 * DETAIL * DETAIL, width), nn.GELU(), nn.Linear(width, width))
        self.box = nn.Sequential(nn.Linear(6 * 2 * WAVES, width), nn.GELU(), nn.Linear(width, width))
        self.place = nn.Parameter(torch.zeros(PLACES, width))
        self.frame = nn.Parameter(torch.zeros(FRAMES, width))
        self.join = nn.Linear(FRAMES * width, width)
        self.summary = nn.Parameter(torch.zeros(width))
        self.blocks = nn.ModuleList(Block(width, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, config.projection, bias=False)
        for parameter in (self.place, self.frame, self.summary):
            nn.init.normal_(parameter, std=0.02)

    def forward(self, features: Tensor, details: Tensor, boxes: Tensor, seen: Tensor) -> Tensor:
        features, details, boxes, seen = (given[:, : self.places] for given in (features, details, boxes, seen))
        frames = self.feature(F.normalize(features, dim=-1) * 10) + self.detail(details.flatten(3))
        corner, end = boxes[..., :2], boxes[..., 2:]
        where = self.box(to_waves(torch.cat([corner, end, end - corner], dim=-1))) + self.place[: self.places]
        tokens, mask = self.meet(frames, where, seen)
        tokens = torch.cat([self.summary.expand(tokens.shape[0], 1, -1), tokens], dim=1)
        mask = torch.cat([torch.ones_like(mask[:, :1]), mask], dim=1)
        hidden = (mask[:, None, None] - 1) * 1e4
        for block in self.blocks:
            tokens = block(tokens, hidden)
        return self.out(self.norm(tokens[:, 0]))

    def meet(self, frames: Tensor, where: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """The tokens float32[N, T, width] and which of them there are, float32[N, T].

        Args:
            frames: float32[N, P, 2, width].
            where: float32[N, P, width].
            seen: float32[N, P].
        """
        if self.form == "mean":
            return frames.mean(dim=2) + where, seen
        if self.form == "difference":
            return frames[:, :, 1] - frames[:, :, 0] + where, seen
        if self.form == "joined":
            return self.join(frames.flatten(2)) + where, seen
        tokens = frames + self.frame + where[:, :, None]
        return tokens.flatten(1, 2), seen.repeat_interleave(FRAMES, dim=1)


def to_waves(shares: Tensor) -> Tensor:
    """float32[..., 2 * WAVES * K]: sines and cosines of float32[..., K] from 0 to 1, each twice as fast as the last."""
    angles = shares[..., None] * (torch.pi / 2 * 2.0 ** torch.arange(WAVES, device=shares.device))
    return torch.cat([angles.sin(), angles.cos()], dim=-1).flatten(-2)


class Block(nn.Module):
    """A layer of a transformer that normalises first."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attend, self.merge = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.think = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, tokens: Tensor, hidden: Tensor) -> Tensor:
        count, length, width = tokens.shape
        parts = self.attend(self.first(tokens)).view(count, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        weights = (query @ key.transpose(-1, -2) * (width // self.heads) ** -0.5 + hidden).softmax(dim=-1)
        tokens = tokens + self.merge((weights @ value).transpose(1, 2).reshape(count, length, width))
        return tokens + self.think(self.second(tokens))
