"""What the studio's CLIP learns: to name crops, and to let its features change the way an edit changes the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from studio.clip.crops import Batch
from studio.clip.phrases import NOTHING, PHOTOGRAPH_ID, name_of
from studio.renderer.world import NAMES

WRONG_ONLY = ("still", "content")
TEMPERATURE = 0.08
SLACK = 0.03
MARGIN = 0.2

MEAN, SPREAD = 0.5, 0.25
"""Pixels, 0 to 1, are normalised by these in all channels."""


@dataclass(frozen=True)
class BatchTensors:
    """A batch as tensors. Phrases are numbered within the batch.

    Attributes:
        pixels: float32[N, 3, S, S].
        phrases: int64[T], the numbers in PHRASES of the batch's phrases; the plain names and PHOTOGRAPH come first.
        crops: int64[C], the indices of images with a label.
        names: int64[C], the indices in NAMES of what they show.
        labels: int64[C], the phrases of what they show.
        allowed: bool[C, T], the phrases that they are to be told from, and their own.
        pairs: int64[P, 2], the indices of images.
        source, target: int64[P, K], the phrases of the directions to choose from; T for nothing.
        right: bool[P], whether the first direction is right.
        still: bool[P], whether nothing was changed.
        wholes: int64[W], the indices of whole pictures.
        contents: float32[W, len(NAMES) + 1], the shares of the names that they show; a row sums to 1.
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

    def flipped(self) -> BatchTensors:
        """The same with all pictures mirrored."""
        return replace(self, pixels=self.pixels.flip(-1))


def normalise(images: np.ndarray) -> Tensor:
    """float32[N, 3, S, S] from uint8[N, S, S, 3]."""
    return (torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255.0 - MEAN) / SPREAD


def to_tensors(batch: Batch) -> BatchTensors:
    labels, choices = np.array(batch.labels), np.array(batch.choices)
    crops = np.flatnonzero(labels != NOTHING)
    fixed = [*range(len(NAMES)), PHOTOGRAPH_ID]
    used = set(labels[crops].tolist()) | set(choices[choices != NOTHING].tolist())
    phrases = np.array([*fixed, *sorted(used - set(fixed))])
    place = {phrase: index for index, phrase in enumerate(phrases.tolist())} | {NOTHING: len(phrases)}
    relabelled = np.vectorize(place.__getitem__, otypes=[np.int64])
    label, of_object = labels[crops], phrases < PHOTOGRAPH_ID - 6
    # A blue apple is also an apple, and an apple in its own colour may well be red: neither counts as wrong.
    related = (name_of(label)[:, None] == name_of(phrases)[None]) & (
        (label < len(NAMES))[:, None] | (phrases < len(NAMES))
    )
    allowed = of_object[None] & (~related | (label[:, None] == phrases[None]))
    contents = np.zeros((len(batch.contents), len(NAMES) + 1), np.float32)
    for row, (_, visible) in enumerate(batch.contents):
        contents[row, [min(phrase, len(NAMES)) for phrase in visible]] = 1.0 / len(visible)
    kinds = np.array(batch.kinds)
    return BatchTensors(
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


def direction_cosines(images: Tensor, texts: Tensor, batch: BatchTensors) -> Tensor:
    """float32[P, K]: the cosines of the image direction of every pair with the text directions to choose from.

    SLACK, a share of the features' mean norm, keeps the gradients of tiny differences finite.
    """
    moved = images[batch.pairs[:, 1]] - images[batch.pairs[:, 0]]
    padded = torch.cat([texts, torch.zeros_like(texts[:1])])
    wanted = padded[batch.target] - padded[batch.source]
    slack = SLACK * images.detach().norm(dim=-1).mean()
    length = (moved.square().sum(-1) + slack**2).sqrt()
    return (moved[:, None] * wanted).sum(-1) / (length[:, None] * wanted.norm(dim=-1).clamp(min=1e-3))


def losses(images: Tensor, texts: Tensor, scale: Tensor, batch: BatchTensors) -> dict[str, Tensor]:
    """The parts of the loss, from image features float32[N, D] and text features float32[T, D], not normalised."""
    image, text = F.normalize(images, dim=-1), F.normalize(texts, dim=-1)
    named = scale.exp() * image[batch.crops] @ text.T
    cosines = direction_cosines(images, texts, batch)
    right = cosines[batch.right]
    wrong = torch.cat([right[:, 1:].flatten(), cosines[~batch.right].flatten()])
    still = batch.pairs[batch.still]
    shift = (images[still[:, 1]] - images[still[:, 0]]).norm(dim=-1) / images[still[:, 0]].norm(dim=-1)
    likeness = 10.0 * image[batch.wholes] @ text[: len(NAMES) + 1].T
    return {
        "name": F.cross_entropy(named[:, : len(NAMES)], batch.names),
        "phrase": F.cross_entropy(named.masked_fill(~batch.allowed, -1e4), batch.labels),
        "direction": F.cross_entropy(right / TEMPERATURE, torch.zeros(len(right), dtype=torch.long)),
        "along": (1.0 - right[:, 0]).mean(),
        "against": F.relu(wrong - MARGIN).square().mean(),
        "still": shift.mean() if len(still) else shift.sum(),
        "whole": F.cross_entropy(likeness, batch.contents),
        "domain": F.binary_cross_entropy_with_logits(1.5 * likeness[:, -1] - 4.5, batch.contents[:, -1]),
    }
