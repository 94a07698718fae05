"""Measures embeddings of edits on examples that they were not trained on, to choose among forms.

PYTHONPATH=models:export python -m pair.evaluate runs/pair/validation runs/pair/framed runs/pair/joined
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from tokenizers import Tokenizer

from editjudge_export.architectures.edit_network import EditClipModel
from pair.examples import Examples
from pair.wording import word

COUNT = 1128
"""Edits among which one is looked for."""
CHUNK = 512


@torch.no_grad()
def embed_pairs(model: EditClipModel, examples: Examples, rows: np.ndarray, *, reverse: bool = False) -> torch.Tensor:
    """float32[N, D], of length 1: the pairs of these rows, or their reversals."""
    parts = []
    for start in range(0, len(rows), CHUNK):
        pairs = examples.take(rows[start : start + CHUNK])
        parts.append(model(*vars(pairs.reversed() if reverse else pairs).values()))
    return F.normalize(torch.cat(parts), dim=-1)


@torch.no_grad()
def embed_words(model: EditClipModel, tokenizer: Tokenizer, texts: list[str]) -> torch.Tensor:
    """float32[N, D], of length 1."""
    parts = []
    for start in range(0, len(texts), CHUNK):
        coded = tokenizer.encode_batch(texts[start : start + CHUNK])
        ids, mask = (torch.tensor([getattr(text, name) for text in coded]) for name in ("ids", "attention_mask"))
        parts.append(model.embed_texts(ids, mask))
    return F.normalize(torch.cat(parts), dim=-1)


def evaluate(model: EditClipModel, tokenizer: Tokenizer, examples: Examples) -> dict[str, float]:
    """Ranks among COUNT edits, how often the edit fits better than its reversal, and how often a better one does."""
    model.eval()
    rng = np.random.default_rng(0)
    count = min(COUNT, len(examples))
    texts = [word(rng, asked) for asked in examples.asked]
    words = embed_words(model, tokenizer, texts)
    best = np.array([rows[0] for rows in examples.pairs])
    forward, backward = (embed_pairs(model, examples, best, reverse=reverse) for reverse in (False, True))
    figures = {}
    likeness = (words[:count] @ forward[:count].T).numpy()
    same = np.array([[one == other for other in texts[:count]] for one in texts[:count]])
    for name, table in (("text", likeness), ("edit", likeness.T)):
        right = np.where(same, table, -2.0).max(axis=1, keepdims=True)
        ranks = 1 + (table > right).sum(axis=1)
        figures |= {f"{name}_median": float(np.median(ranks))}
        figures |= {f"{name}_R@{k}": float((ranks <= k).mean()) for k in (1, 5, 10, 50)}
    own, reverse = ((words * side).sum(-1).numpy() for side in (forward, backward))
    kinds = np.array([asked if isinstance(asked, str) else asked["edit_type"] for asked in examples.asked])
    figures["reversed"] = float((own > reverse).mean())
    figures |= {f"reversed_{kind}": float((own > reverse)[kinds == kind].mean()) for kind in np.unique(kinds)}
    figures |= {f"R@1_{kind}": float((ranks <= 1)[kinds[:count] == kind].mean()) for kind in np.unique(kinds)}
    right_order = [
        bool(one > other)
        for index, rows in enumerate(examples.pairs)
        if len(rows) > 1
        for scores in [(embed_pairs(model, examples, rows) @ words[index]).numpy()]
        for tiers in [examples.arrays["tier"][rows]]
        for one, first in zip(scores, tiers, strict=True)
        for other, second in zip(scores, tiers, strict=True)
        if first > second
    ]
    return figures | {"order": float(np.mean(right_order))}


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("data", type=Path)
    command_line.add_argument("folders", type=Path, nargs="+")
    options = command_line.parse_args()
    torch.set_num_threads(1)
    examples = Examples.load([options.data])
    for folder in options.folders:
        model, tokenizer = EditClipModel.from_pretrained(folder), Tokenizer.from_file(str(folder / "tokenizer.json"))
        print(folder, json.dumps(evaluate(model, tokenizer, examples), indent=2))


if __name__ == "__main__":
    main()
