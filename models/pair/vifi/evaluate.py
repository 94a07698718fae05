"""How well held-out clips find their captions, and captions their clips."""

from __future__ import annotations

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import CLIPModel

from editjudge.evaluation.statistics.retrieval import DEPTHS, rank_right
from pair.vifi.clips import Clips
from pair.vifi.gradients import embed_clips
from pair.vifi.training import make_batch


@torch.no_grad()
def evaluate(
    model: CLIPModel, clips: Clips, tokenizer: Tokenizer, part: int, precision: torch.dtype
) -> dict[str, float]:
    """Figures of finding the caption of a clip, and the clip of a caption, of one clip or more, `part` at a time.

    Where a caption is repeated, each of them is right; what ties is ranked in the middle.
    """
    indices = np.arange(len(clips))
    batches = (
        make_batch(clips, tokenizer, some, np.zeros(len(some), bool))
        for some in np.array_split(indices, -(-len(clips) // part))
    )
    embedded = [embed_clips(model, batch, precision) for batch in batches]
    found, texts = (torch.cat(some).cpu().numpy() for some in zip(*embedded, strict=True))
    label = np.unique(clips.captions, return_inverse=True)[1]
    figures: dict[str, float] = {}
    for name, queries, items in (("text", found, texts), ("edit", texts, found)):
        ranks = rank_right(queries, items, label)
        figures |= {f"{name} mean rank": float(ranks.mean()), f"{name} median rank": float(np.median(ranks))}
        figures |= {f"{name} R@{most}": float((ranks <= most).mean()) for most in DEPTHS}
    return figures
