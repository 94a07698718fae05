"""What the network is to say of each cell, and how wrong it is."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from editjudge_export.architectures.difference_network import KINDS, STRIDE

INNER, CORE = 0.7, 0.3
"""Shares of a box about its centre: within the first those cells learn it that changed, within the second all do."""
ALPHA, GAMMA = 0.3, 2.0
"""Of the focal loss: the weight of what is there, and how fast what is easy loses weight."""
WEIGHTS = {"kind": 1.0, "choice": 0.25, "box": 2.0, "quality": 0.5, "mask": 0.5, "dice": 0.5}


@dataclass(frozen=True, eq=False)
class PairBatch:
    """B pairs.

    Attributes:
        original, edited: float32[B, 3, 256, 256], 0 to 1.
        boxes: float32[B, N, 4] in pixels.
        kinds: int64[B, N]; -1 where a pair has fewer differences.
        mask: float32[B, 1, 64, 64], 0 to 1: the share of each cell that changed.
    """

    original: Tensor
    edited: Tensor
    boxes: Tensor
    kinds: Tensor
    mask: Tensor


@dataclass(frozen=True, eq=False)
class Assignment:
    """What B x C cells learn.

    Attributes:
        owner: int64[B, C]: the index of a cell's difference; -1: none.
        ignored: bool[B, C]: cells of a difference that are too far from its centre to be told what they are.
        weight: float32[B, C]: of the cells of a difference; each is heard, however few cells it has.
    """

    owner: Tensor
    ignored: Tensor
    weight: Tensor


def assign(batch: PairBatch) -> Assignment:
    """Gives each cell the smallest difference whose middle it lies in."""
    cells = batch.mask.shape[-1]
    place = (torch.arange(cells) + 0.5) * STRIDE
    x, y = place.repeat(cells)[None, None], place.repeat_interleave(cells)[None, None]
    changed = batch.mask.flatten(1)[:, None] >= 0.5
    touched = batch.mask.flatten(1)[:, None] > 0.02
    low, high = batch.boxes[..., :2], batch.boxes[..., 2:]
    centre, half = ((low + high) / 2)[..., None], ((high - low) / 2)[..., None]
    away_x, away_y = (x - centre[:, :, 0]).abs(), (y - centre[:, :, 1]).abs()
    there = (batch.kinds >= 0)[..., None]

    def within(share: float) -> Tensor:
        return there & (away_x <= share * half[:, :, 0]) & (away_y <= share * half[:, :, 1])

    nearest = there & (away_x <= STRIDE / 2) & (away_y <= STRIDE / 2)
    learns = (within(INNER) & changed) | within(CORE) | nearest
    area = (half[:, :, 0] * half[:, :, 1]).expand_as(learns).masked_fill(~learns, float("inf"))
    smallest, owner = area.min(dim=1)
    owner = owner.masked_fill(smallest.isinf(), -1)
    counts = torch.stack([(owner == index).sum(dim=1) for index in range(batch.kinds.shape[1])], dim=1)
    weight = counts.clamp(min=1).float().rsqrt().gather(1, owner.clamp(min=0)).masked_fill(owner < 0, 0.0)
    ignored = (within(1.0) & touched).any(dim=1) & (owner < 0)
    return Assignment(owner, ignored, weight / (weight.sum() / (owner >= 0).sum().clamp(min=1)).clamp(min=1e-6))


def losses(outputs: tuple[Tensor, Tensor, Tensor, Tensor], batch: PairBatch) -> dict[str, Tensor]:
    """The parts of the loss, by the names in WEIGHTS, of what the network gave, in float32."""
    kind, distances, quality, mask = outputs
    assignment = assign(batch)
    found = assignment.owner >= 0
    count = found.sum().clamp(min=1)
    owner = assignment.owner.clamp(min=0)
    true_kind = F.one_hot(batch.kinds.clamp(min=0).gather(1, owner), KINDS).float() * found[..., None]
    weight = torch.where(found, assignment.weight, (~assignment.ignored).float())
    focal = _focal(kind.flatten(2).transpose(1, 2), true_kind)
    boxes = _boxes(distances)[found]
    true_boxes = batch.boxes.gather(1, owner[..., None].expand(-1, -1, 4))[found]
    overlap, generalised = _overlaps(boxes, true_boxes)
    cell_weight = assignment.weight[found]
    right = F.binary_cross_entropy_with_logits(
        quality.flatten(1)[found], overlap.detach(), weight=cell_weight, reduction="sum"
    )
    share = torch.sigmoid(mask)
    shared = (share * batch.mask).sum(dim=(1, 2, 3))
    dice = 1 - (2 * shared + 1) / (share.sum(dim=(1, 2, 3)) + batch.mask.sum(dim=(1, 2, 3)) + 1)
    choice = F.cross_entropy(kind.flatten(2).transpose(1, 2)[found], true_kind[found], reduction="none")
    return {
        "kind": (focal * weight[..., None]).sum() / count,
        "choice": (choice * cell_weight).sum() / count,
        "box": ((1 - generalised) * cell_weight).sum() / count,
        "quality": right / count,
        "mask": F.binary_cross_entropy_with_logits(mask, batch.mask),
        "dice": dice.mean(),
    }


def _focal(logits: Tensor, truth: Tensor) -> Tensor:
    """Lin et al. 2017."""
    entropy = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    surprise = torch.where(truth > 0, 1 - torch.sigmoid(logits), torch.sigmoid(logits))
    return torch.where(truth > 0, ALPHA, 1 - ALPHA) * surprise**GAMMA * entropy


def _boxes(distances: Tensor) -> Tensor:
    """float32[B, C, 4]: the boxes that the cells speak of, in pixels."""
    cells = distances.shape[-1]
    place = (torch.arange(cells) + 0.5) * STRIDE
    x, y = place.repeat(cells), place.repeat_interleave(cells)
    left, top, right, bottom = distances.flatten(2).unbind(1)
    return torch.stack([x - left, y - top, x + right, y + bottom], dim=-1)


def _overlaps(boxes: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """float32[N] twice: the IoU of each box with its other, and the generalised one (Rezatofighi et al. 2019)."""
    shared = (
        (torch.minimum(boxes[:, 2:], others[:, 2:]) - torch.maximum(boxes[:, :2], others[:, :2])).clamp(min=0).prod(1)
    )
    hull = (
        (torch.maximum(boxes[:, 2:], others[:, 2:]) - torch.minimum(boxes[:, :2], others[:, :2])).clamp(min=0).prod(1)
    )
    union = _area(boxes) + _area(others) - shared
    overlap = shared / union.clamp(min=1e-6)
    return overlap, overlap - (hull - union) / hull.clamp(min=1e-6)


def _area(boxes: Tensor) -> Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).prod(1)
