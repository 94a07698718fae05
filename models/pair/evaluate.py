"""Measures embeddings of edits on examples that they were not trained on, to choose among forms.

PYTHONPATH=models:export python -m pair.evaluate runs/pair/validation runs/pair/framed runs/pair/joined
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from tokenizers import Tokenizer

from editjudge.errors import InputError
from editjudge.evaluation.experiments.retrieval import label_instructions
from editjudge.evaluation.statistics.retrieval import DEPTHS, rank_right
from editjudge_export.architectures.edit_network import EditClipModel
from editjudge_export.checkpoints.checkpoint import load_model
from pair.clip_tokenizer import open_tokenizer
from pair.commands.options import exit_with_reason
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


def evaluate(model: EditClipModel, tokenizer: Tokenizer, examples: Examples) -> dict[str, float | None]:
    """Ranks among COUNT edits, how often the edit fits better than its reversal, and how often a better one does.

    Where every edit is asked for as an intent, also by its kind. Null is what these examples do not tell.
    """
    model.eval()
    rng = np.random.default_rng(0)
    count = min(COUNT, len(examples))
    texts = [word(rng, asked) for asked in examples.asked]
    words = embed_words(model, tokenizer, texts)
    best = np.array([rows[0] for rows in examples.pairs])
    forward, backward = (embed_pairs(model, examples, best, reverse=reverse) for reverse in (False, True))
    label, _ = label_instructions(texts[:count])
    queries, items = words[:count].numpy(), forward[:count].numpy()
    ranks = {"text": rank_right(queries, items, label), "edit": rank_right(items, queries, label)}
    figures: dict[str, float | None] = {}
    for name, found in ranks.items():
        figures |= {f"{name}_mean": float(found.mean()), f"{name}_median": float(np.median(found))}
        figures |= {f"{name}_R@{depth}": _share(found <= depth) for depth in DEPTHS}
    right_way = ((words * forward).sum(-1) > (words * backward).sum(-1)).numpy()
    figures["reversed"] = _share(right_way)
    if not any(isinstance(asked, str) for asked in examples.asked):
        kinds = np.array([asked["edit_type"] for asked in examples.asked])
        figures |= {f"reversed_{kind}": _share(right_way[kinds == kind]) for kind in np.unique(kinds)}
        figures |= {f"R@1_{kind}": _share((ranks["edit"] <= 1)[kinds[:count] == kind]) for kind in np.unique(kinds)}
    return figures | {"order": _share(_compare_tiers(model, examples, words))}


def measure(data: Path, folders: Sequence[Path]) -> dict[str, dict[str, float | None]]:
    """The figures of the models in some folders, by folder. Raises InputError for what is no model or no examples."""
    examples = Examples.load([data])
    figures = {}
    for folder in folders:
        model = load_model(folder, EditClipModel)
        if model.config.features != examples.width:
            raise InputError(
                f"{folder} is for features of {model.config.features} numbers, and those in {data} have "
                f"{examples.width}; measure it on shards of its own bundle"
            )
        figures[str(folder)] = evaluate(model, open_tokenizer(folder, model.text.config), examples)
    return figures


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("data", type=Path)
    command_line.add_argument("folders", type=Path, nargs="+")
    options = command_line.parse_args()
    torch.set_num_threads(1)
    with exit_with_reason(command_line):
        print(json.dumps(measure(options.data, options.folders), indent=2, allow_nan=False))


def _compare_tiers(model: EditClipModel, examples: Examples, words: torch.Tensor) -> list[bool]:
    """Of each two pairs of an edit of which one does better what was asked for, whether it fits better."""
    return [
        bool(one > other)
        for index, rows in enumerate(examples.pairs)
        if len(rows) > 1
        for scores in [(embed_pairs(model, examples, rows) @ words[index]).numpy()]
        for tiers in [examples.arrays["tier"][rows]]
        for one, first in zip(scores, tiers, strict=True)
        for other, second in zip(scores, tiers, strict=True)
        if first > second
    ]


def _share(held: Sequence[bool] | NDArray[np.bool_]) -> float | None:
    return float(np.mean(held)) if len(held) else None


if __name__ == "__main__":
    main()
