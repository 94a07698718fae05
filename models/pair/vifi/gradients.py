"""The contrastive loss over a batch of clips, and its gradients where the batch does not fit into memory at once.

Every clip is told from all others of the batch, so the loss of a part is not a part of the loss. All are embedded
without gradients first; the loss gives the gradient of every embedding; then each part is embedded again and those are
propagated through it. The gradients are those of the whole batch, for a third more work (GradCache, Gao et al. 2021).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from transformers import CLIPModel

from editjudge_export.checkpoints.processors import IMAGENET


@dataclass(frozen=True, eq=False)
class ClipBatch:
    """B clips and their captions.

    Attributes:
        frames: uint8[B, FRAMES, 3, S, S].
        input_ids, attention_mask: int64[B, L].
    """

    frames: Tensor
    input_ids: Tensor
    attention_mask: Tensor

    def __len__(self) -> int:
        return len(self.frames)

    def split(self, size: int) -> list[ClipBatch]:
        """Parts of at most `size` clips."""
        return [
            ClipBatch(*arrays) for arrays in zip(*(array.split(size) for array in vars(self).values()), strict=True)
        ]


def embed_clips(model: CLIPModel, batch: ClipBatch, precision: torch.dtype) -> tuple[Tensor, Tensor]:
    """float32[B, D] of length 1, of the clips and of their captions; the encoders compute in `precision`.

    A clip's frames are averaged before they are normalised.
    """
    device = model.device
    mean, std = (torch.tensor(IMAGENET[name], device=device).view(3, 1, 1) for name in ("image_mean", "image_std"))
    pixels = (batch.frames.to(device).flatten(0, 1) / 255 - mean) / std
    with torch.autocast(device.type, precision, enabled=precision != torch.float32):
        frames = model.get_image_features(pixels)
        texts = model.get_text_features(batch.input_ids.to(device), batch.attention_mask.to(device))
    clips = frames.float().unflatten(0, batch.frames.shape[:2]).mean(dim=1)
    return F.normalize(clips, dim=-1), F.normalize(texts.float(), dim=-1)


def contrast(clips: Tensor, texts: Tensor, scale: Tensor, input_ids: Tensor) -> Tensor:
    """The mean of the losses of finding the caption of a clip and the clip of a caption.

    Two clips with one and the same caption are no wrong answers for each other.

    Args:
        clips, texts: float32[B, D], of length 1.
        scale: What cosines are multiplied by.
        input_ids: int64[B, L], the captions' tokens.
    """
    same = (input_ids[:, None] == input_ids[None]).all(dim=-1).fill_diagonal_(False)
    logits = (scale * clips @ texts.T).masked_fill(same.to(clips.device), -torch.inf)
    right = torch.arange(len(clips), device=clips.device)
    return (F.cross_entropy(logits, right) + F.cross_entropy(logits.T, right)) / 2


def backpropagate(model: CLIPModel, batch: ClipBatch, part: int, precision: torch.dtype) -> float:
    """Adds the gradients of the loss over a batch to the model's, with at most `part` clips at a time; the loss.

    The model must be in eval mode: a clip has to be embedded twice in the same way.
    """
    parts = batch.split(part)
    with torch.no_grad():
        embedded = [embed_clips(model, some, precision) for some in parts]
    clips, texts = (torch.cat(some).requires_grad_() for some in zip(*embedded, strict=True))
    loss = contrast(clips, texts, model.logit_scale.exp(), batch.input_ids)
    loss.backward()
    for some, *gradients in zip(parts, clips.grad.split(part), texts.grad.split(part), strict=True):
        torch.autograd.backward(embed_clips(model, some, precision), gradients)
    return loss.item()
