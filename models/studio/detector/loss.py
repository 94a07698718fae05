"""The loss that the detector is trained with.

transformers' own loss cannot train the proposals: it takes them detached, so their heads get no gradient. Here the
outputs of all encoder tokens are supervised directly: on every feature level the token at the centre of an object is
responsible for it. The decoder is matched one to one, as in DETR. Names are also learned by contrast with all names of
the world.
"""

from __future__ import annotations

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn import functional

from studio.detector.data import IGNORED, POSITIVE
from studio.detector.model import PIXELS

STRIDES = (16, 32)


def corners(boxes: Tensor) -> Tensor:
    centre, half = boxes[..., :2], boxes[..., 2:] / 2
    return torch.cat([centre - half, centre + half], dim=-1)


def giou(one: Tensor, other: Tensor) -> Tensor:
    """Generalised IoU of boxes (cx, cy, w, h) that broadcast against each other."""
    a, b = corners(one), corners(other)
    inner = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0).prod(-1)
    outer = (torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])).clamp(min=1e-6).prod(-1)
    union = one[..., 2:].prod(-1) + other[..., 2:].prod(-1) - inner
    return inner / union.clamp(min=1e-6) - (outer - union) / outer


def focal(logits: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
    """Sigmoid focal loss (gamma 2, alpha 0.4), summed where weight is not 0."""
    logits = logits.clamp(-30, 30)
    loss = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    right = torch.exp(-loss)
    alpha = 0.4 * targets + 0.6 * (1 - targets)
    return (alpha * (1 - right) ** 2 * loss * weight).sum()


def box_costs(predicted: Tensor, true: Tensor) -> Tensor:
    """float[...]: how far boxes [..., 4] lie from the true ones."""
    return 5.0 * (predicted - true).abs().sum(-1) + 2.0 * (1 - giou(predicted, true))


def _word_targets(targets: Tensor) -> tuple[Tensor, Tensor]:
    """int8[..., T] -> float targets and weights, [..., T] both."""
    return (targets == POSITIVE).float(), (targets != IGNORED).float()


def encoder_loss(logits: Tensor, coords: Tensor, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """(class, box) loss of the proposals, from logits[B, N, T] and coords[B, N, 4] before the sigmoid."""
    boxes, present, words = batch["boxes"], batch["names"] >= 0, batch["attention_mask"].float()
    positive, weight = _word_targets(batch["targets"])
    image, item = present.nonzero(as_tuple=True)
    true, unsaid = positive[image, item], ((positive > 0) | (weight == 0)).float()
    targets, weights, total = torch.zeros_like(logits), torch.zeros_like(logits), logits.new_zeros(())
    start = 0
    for stride in STRIDES:
        side = PIXELS // stride
        cells = slice(start, start + side * side)
        grid = (torch.arange(side) + 0.5) / side
        cell_x, cell_y = grid.repeat(side), grid.repeat_interleave(side)
        dx, dy = (cell_x - boxes[..., :1]).abs(), (cell_y - boxes[..., 1:2]).abs()
        reach = torch.maximum(dx / boxes[..., 2:3].clamp(min=1e-3), dy / boxes[..., 3:].clamp(min=1e-3))
        inside = ((reach < 0.35) & present[..., None]).float()
        nearest = torch.hypot(dx, dy).argmin(-1)[image, item]
        # Around its centre an object is neither wanted nor wrong.
        weights[:, cells] = words[:, None] * (inside.transpose(1, 2) @ unsaid == 0)
        centre = start + nearest
        weights[image, centre] = words[image] * weight[image, item]
        targets[image, centre] = torch.maximum(targets[image, centre], true)
        inside[image, item, nearest] += 1
        share = inside / inside.sum(-1, keepdim=True).clamp(min=1)
        at, of, cell = inside.nonzero(as_tuple=True)
        costs = box_costs(coords[at, start + cell].sigmoid(), boxes[at, of])
        total = total + (costs * share[at, of, cell]).sum()
        start += side * side
    count = max(len(image), 1)
    finite = torch.where(torch.isfinite(logits), logits, torch.full_like(logits, -30.0))
    return focal(finite, targets, weights) / count, total / (count * len(STRIDES))


def decoder_loss(logits: Tensor, boxes: Tensor, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """(class, box) loss of one decoder layer, from logits[B, Q, T] and boxes[B, Q, 4], matched one to one."""
    logits = torch.where(torch.isfinite(logits), logits, torch.full_like(logits, -30.0))
    targets = torch.zeros_like(logits)
    weights = batch["attention_mask"].float()[:, None, :].expand_as(logits).clone()
    total, count = logits.new_zeros(()), 0
    scores = logits.detach().sigmoid()
    for image in range(len(logits)):
        named_objects = (batch["targets"][image] == POSITIVE).any(-1).nonzero()[:, 0]
        if len(named_objects) == 0:
            continue
        true = batch["boxes"][image, named_objects]
        positive, weight = _word_targets(batch["targets"][image, named_objects])
        named = (scores[image] @ positive.T) / positive.sum(-1)
        apart = (boxes[image].detach()[:, None] - true[None]).abs().sum(-1)
        cost = -2.0 * named + 5.0 * apart - 2.0 * giou(boxes[image].detach()[:, None], true[None])
        rows, columns = linear_sum_assignment(cost.numpy())
        targets[image, rows] = positive[columns]
        weights[image, rows] *= weight[columns]
        total = total + box_costs(boxes[image, rows], true[columns]).sum()
        count += len(rows)
    return focal(logits, targets, weights) / max(count, 1), total / max(count, 1)


def naming_loss(queries: Tensor, names: Tensor, batch: dict[str, Tensor]) -> tuple[Tensor, float]:
    """Cross-entropy of the objects' centres against all names of the world, and the share that is named right.

    Args:
        queries: float[B, N, D], the encoder's proposals.
        names: float[V, D], the text features of the last words of all names.
        batch: The examples.
    """
    present = batch["names"] >= 0
    found, labels, start = [], [], 0
    for stride in STRIDES:
        side = PIXELS // stride
        cell = (batch["boxes"][..., :2] * side).long().clamp(0, side - 1)
        token = start + cell[..., 1] * side + cell[..., 0]
        found.append(torch.gather(queries, 1, token[..., None].expand(-1, -1, queries.shape[-1]))[present])
        labels.append(batch["names"][present])
        start += side * side
    logits, label = torch.cat(found) @ names.T, torch.cat(labels)
    return functional.cross_entropy(logits, label), float((logits.argmax(-1) == label).float().mean())
