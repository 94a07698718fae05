"""What the embedding of edits learns: to find its instruction among others, and the other way round.

Every instruction is told from the other edits of the batch, and from its own hard ones: the well done edit reversed, a
pair in which nothing changed, and what else was done to the same picture, some of it half right.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

HALF_RIGHT, NOT_AT_ALL, NONE = 1, 0, -1
"""Tiers of what is not well done, and that of no pair."""
FAR = -1e4


@dataclass(frozen=True, eq=False)
class EmbeddedBatch:
    """Embeddings of length 1 of B edits.

    Attributes:
        texts, edits: float32[B, D], of instructions and of the edits that do well what they ask for.
        hard: float32[B, H, D], of pairs of the same original that do not.
        reversed: float32[B, D], of the edits with their pictures exchanged; they are among the hard ones too.
        tier: int64[B, H], how well those do.
        same: bool[B, B], of which instructions ask for the same.
    """

    texts: Tensor
    edits: Tensor
    hard: Tensor
    reversed: Tensor
    tier: Tensor
    same: Tensor


def compute_losses(batch: EmbeddedBatch, scale: Tensor) -> dict[str, Tensor]:
    """The parts of the loss; scale: what cosines are multiplied by."""
    count = len(batch.texts)
    among = scale * batch.texts @ batch.edits.T
    others = batch.same & ~torch.eye(count, dtype=torch.bool, device=among.device)
    among = among.masked_fill(others, FAR)
    own = scale * torch.einsum("bd,bhd->bh", batch.texts, batch.hard)
    own = own.masked_fill(batch.tier == NONE, FAR)
    right = torch.arange(count, device=among.device)
    # The well done edit and the half right ones, each against what does not at all.
    wrong = own.masked_fill(batch.tier != NOT_AT_ALL, FAR)
    half = torch.where(batch.tier == HALF_RIGHT, own - torch.logaddexp(own, wrong.logsumexp(1, keepdim=True)), 0.0)
    forward, backward = (scale * (batch.texts * edits).sum(dim=1) for edits in (batch.edits, batch.reversed))
    return {
        "find_edit": F.cross_entropy(torch.cat([among, own], dim=1), right),
        "find_text": F.cross_entropy(among.T, right),
        "direction": F.softplus(backward - forward).mean(),
        "half_right": -half.sum() / (batch.tier == HALF_RIGHT).sum().clamp(min=1),
    }
