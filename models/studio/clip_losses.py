"""What the studio's CLIP learns: to name crops, and to move through its space as an edit moves through the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from studio.clip_phrases import NOTHING, PHOTOGRAPH_ID, name_of
from studio.crops import Batch
from studio.world import NAMES

WRONG_ONLY = ("still", "content")
TEMPERATURE = 0.08
SLACK = 0.03
MARGIN = 0.2

MEAN, SPREAD = 0.5, 0.25
"""Pixels 0..1 are normalised with these, the same in all channels."""


@dataclass(frozen=True)
class Tensors:
    """A batch as tensors. Phrases are numbered within the batch: phrases[i] is the number in PHRASES of the i-th.

    pixels: float32[N, 3, S, S]. phrases: int64[T], the plain names and PHOTOGRAPH first. crops: int64[C], images with a
    label. names: int64[C] in NAMES; labels: int64[C] and allowed: bool[C, T] within the batch's phrases. pairs:
    int64[P, 2], images. source, target: int64[P, K], T for nothing. right: bool[P], whether the first direction is
    right. still: bool[P], whether nothing was changed.
    wholes: int64[W]; contents: float32[W, len(NAMES) + 1], rows sum to 1.
    """

    pixels: Tensor
    phrases: Tensor
    crops: Tensor
    names: Tensor
    labels: Tensor
    allowed: Tensor
    pairs: Tensor
    source: Tensor
    target: Tensor
    right: Tensor
    still: Tensor
    wholes: Tensor
    contents: Tensor

    def flipped(self) -> Tensors:
        return replace(self, pixels=self.pixels.flip(-1))


def normalise(images: np.ndarray) -> Tensor:
    """float32[N, 3, S, S] from uint8[N, S, S, 3]."""
    return (torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255.0 - MEAN) / SPREAD


def tensors_of(batch: Batch) -> Tensors:
    labels, choices = np.array(batch.labels), np.array(batch.choices)
    crops = np.flatnonzero(labels != NOTHING)
    fixed = [*range(len(NAMES)), PHOTOGRAPH_ID]
    used = set(labels[crops].tolist()) | set(choices[choices != NOTHING].tolist())
    phrases = np.array([*fixed, *sorted(used - set(fixed))])
    place = {phrase: index for index, phrase in enumerate(phrases.tolist())} | {NOTHING: len(phrases)}
    relabelled = np.vectorize(place.__getitem__, otypes=[np.int64])
    label, of_object = labels[crops], phrases < PHOTOGRAPH_ID - 6
    # A blue apple is an apple too, and an apple as it grows may well be red: neither counts as wrong.
    related = (name_of(label)[:, None] == name_of(phrases)[None]) & (
        (label < len(NAMES))[:, None] | (phrases < len(NAMES))
    )
    allowed = of_object[None] & (~related | (label[:, None] == phrases[None]))
    contents = np.zeros((len(batch.contents), len(NAMES) + 1), np.float32)
    for row, (_, shown) in enumerate(batch.contents):
        contents[row, [min(phrase, len(NAMES)) for phrase in shown]] = 1.0 / len(shown)
    kinds = np.array(batch.kinds)
    return Tensors(
        pixels=normalise(np.stack(batch.images)),
        phrases=torch.from_numpy(phrases),
        crops=torch.from_numpy(crops),
        names=torch.from_numpy(name_of(label)),
        labels=torch.from_numpy(relabelled(label)),
        allowed=torch.from_numpy(allowed),
        pairs=torch.tensor(batch.pairs),
        source=torch.from_numpy(relabelled(choices[..., 0])),
        target=torch.from_numpy(relabelled(choices[..., 1])),
        right=torch.from_numpy(~np.isin(kinds, WRONG_ONLY)),
        still=torch.from_numpy(kinds == "still"),
        wholes=torch.tensor([index for index, _ in batch.contents]),
        contents=torch.from_numpy(contents),
    )


def direction_cosines(images: Tensor, texts: Tensor, batch: Tensors) -> Tensor:
    """float32[P, K]: the cosine of each pair's image direction with each text direction offered.

    SLACK, a share of the features' mean norm, keeps the gradient of tiny differences finite.
    """
    moved = images[batch.pairs[:, 1]] - images[batch.pairs[:, 0]]
    padded = torch.cat([texts, torch.zeros_like(texts[:1])])
    asked = padded[batch.target] - padded[batch.source]
    slack = SLACK * images.detach().norm(dim=-1).mean()
    length = (moved.square().sum(-1) + slack**2).sqrt()
    return (moved[:, None] * asked).sum(-1) / (length[:, None] * asked.norm(dim=-1).clamp(min=1e-3))


def losses(images: Tensor, texts: Tensor, scale: Tensor, batch: Tensors) -> dict[str, Tensor]:
    """The parts of the loss, of image features float32[N, D] and text features float32[T, D], neither normalised."""
    image, text = F.normalize(images, dim=-1), F.normalize(texts, dim=-1)
    named = scale.exp() * image[batch.crops] @ text.T
    cosines = direction_cosines(images, texts, batch)
    right = cosines[batch.right]
    wrong = torch.cat([right[:, 1:].flatten(), cosines[~batch.right].flatten()])
    still = batch.pairs[batch.still]
    shift = (images[still[:, 1]] - images[still[:, 0]]).norm(dim=-1) / images[still[:, 0]].norm(dim=-1)
    shown = 10.0 * image[batch.wholes] @ text[: len(NAMES) + 1].T
    return {
        "name": F.cross_entropy(named[:, : len(NAMES)], batch.names),
        "phrase": F.cross_entropy(named.masked_fill(~batch.allowed, -1e4), batch.labels),
        "direction": F.cross_entropy(right / TEMPERATURE, torch.zeros(len(right), dtype=torch.long)),
        "along": (1.0 - right[:, 0]).mean(),
        "against": F.relu(wrong - MARGIN).square().mean(),
        "still": shift.mean() if len(still) else shift.sum(),
        "whole": F.cross_entropy(shown, batch.contents),
        "domain": F.binary_cross_entropy_with_logits(1.5 * shown[:, -1] - 4.5, batch.contents[:, -1]),
    }
