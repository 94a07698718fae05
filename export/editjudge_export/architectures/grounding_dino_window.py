"""Windows of pictures for Grounding DINO: where things are, and how large, is told in fractions of the whole picture.

The model knows lengths only as fractions of its picture: those of its proposals, of its boxes, and of the places where
attention looks. A window that it took for a picture would have everything in it too large. So a window has the whole
picture's coordinates, as if it lay in its upper left corner and nothing else of it were seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers.models.grounding_dino import modeling_grounding_dino as modeling

from editjudge.errors import InputError
from editjudge_export.architectures.grounding_dino_text import substitute

FIRST_SIZE = 0.05
"""The side of a proposal of the finest level, as a fraction of the picture; each level doubles it."""
GRID = 32
"""Pixels of which a side of a window is a multiple: the stride of the backbone's last stage."""
INSIDE = 0.01
"""How far from the borders of the picture the middle of a proposal lies, at least, as a fraction of it."""


@dataclass(frozen=True)
class WholePicture:
    """The input of the model that takes whole pictures, in pixels.

    strides: of the levels that come from the backbone, and how many more there are, each of half the last one's size.
    """

    height: int
    width: int
    strides: tuple[int, ...]
    more: int

    def level_shapes(self, height: int, width: int) -> list[tuple[int, int]]:
        """The (height, width) of every level's feature map for an input of height x width pixels."""
        shapes = [(math.ceil(height / stride), math.ceil(width / stride)) for stride in self.strides]
        for _ in range(self.more):
            shapes.append((math.ceil(shapes[-1][0] / 2), math.ceil(shapes[-1][1] / 2)))
        return shapes

    @classmethod
    def of(cls, config: Any, height: int, width: int) -> WholePicture:
        """Of a Grounding DINO's configuration."""
        backbone = config.backbone_config
        strides = tuple(backbone.patch_size * 2 ** (stage - 1) for stage in backbone.out_indices)
        return cls(height, width, strides, config.num_feature_levels - len(strides))


def check_window(config: Any, side: int, whole: int) -> None:
    """Raises InputError where windows of `side` pixels are not smaller than the whole, or too small for the queries."""
    places = sum(math.prod(shape) for shape in WholePicture.of(config, side, side).level_shapes(side, side))
    if side >= whole or side % GRID or places < config.num_queries:
        raise InputError(
            f"a window of the detector has a side of {side} pixels, and {places} places in its feature maps; it must "
            f"be a multiple of {GRID} under {whole} with at least {config.num_queries} places"
        )


@contextmanager
def see_window(whole: WholePicture, side: int, size: Tensor) -> Iterator[None]:
    """Gives the model a window's coordinates while it is active.

    Args:
        whole: The input that the whole picture would have.
        side: Pixels of a side of the window's.
        size: float32[B, 2]: the (height, width) of the whole pictures in their input, without padding.
    """
    by_height = dict(zip(
        (shape[0] for shape in whole.level_shapes(side, side)), whole.level_shapes(whole.height, whole.width),
        strict=True,
    ))  # fmt: skip
    sides = torch.tensor([whole.height, whole.width], dtype=torch.float32)

    def measure(height: int) -> Tensor:
        """float32[B, 2]: how many rows and columns a whole picture has in the map of a level, by the window's."""
        return torch.ceil(size * torch.tensor(by_height[int(height)], dtype=torch.float32) / sides)

    def find_ratio(_: Any, mask: Tensor) -> Tensor:
        return (measure(mask.shape[1]) / torch.tensor(mask.shape[1:], dtype=torch.float32)).flip(1)

    def embed_places(module: Any, pixel_values: Tensor, pixel_mask: Tensor) -> Tensor:
        del pixel_values
        rows, columns = measure(pixel_mask.shape[1]).unbind(1)
        down = pixel_mask.cumsum(1, dtype=torch.float32) / rows[:, None, None] * module.scale
        along = pixel_mask.cumsum(2, dtype=torch.float32) / columns[:, None, None] * module.scale
        pair = torch.arange(module.embedding_dim, dtype=torch.float32) // 2
        period = module.temperature ** (2 * pair / module.embedding_dim)
        waves = [(place[..., None] / period).unflatten(-1, (-1, 2)) for place in (down, along)]
        parts = [torch.stack((wave[..., 0].sin(), wave[..., 1].cos()), dim=-1).flatten(-2) for wave in waves]
        return torch.cat(parts, dim=-1).permute(0, 3, 1, 2)

    def propose(module: Any, encoded: Tensor, padding: Tensor, shapes: Any) -> tuple[Tensor, Tensor]:
        proposals = []
        for level, (height, width) in enumerate(shapes):
            places = torch.meshgrid(
                torch.arange(int(height), dtype=torch.float32), torch.arange(int(width), dtype=torch.float32),
                indexing="ij",
            )  # fmt: skip
            middle = (torch.stack(places[::-1], dim=-1).flatten(0, 1)[None] + 0.5) / measure(height).flip(1)[:, None]
            proposals.append(torch.cat((middle, torch.full_like(middle, FIRST_SIZE * 2**level)), dim=-1))
        boxes = torch.cat(proposals, dim=1)
        usable = ((boxes > INSIDE) & (boxes < 1 - INSIDE)).all(-1, keepdim=True) & ~padding[..., None]
        queries = module.enc_output_norm(module.enc_output(encoded.masked_fill(~usable, 0.0)))
        return queries, torch.logit(boxes).masked_fill(~usable, torch.inf)

    with ExitStack() as stack:
        model = modeling.GroundingDinoModel
        stack.enter_context(substitute("get_valid_ratio", find_ratio, model))
        stack.enter_context(substitute("generate_encoder_output_proposals", propose, model))
        stack.enter_context(substitute("forward", embed_places, modeling.GroundingDinoSinePositionEmbedding))
        yield
