"""Measures the studio's CLIP on held-out seeds and backgrounds.

PYTHONPATH=models python -m studio.clip.evaluate runs/clip
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPModel

from studio.clip.crops import RULES, Batch, add_scene
from studio.clip.losses import normalise
from studio.clip.phrases import PHRASES, name_of, phrase_id, phrase_tokens
from studio.renderer.world import COLOURS, NAMES

HELD_OUT_SEED = 10**9
WHOLE = ("style", "content")
"""The kinds of edits of a whole picture."""
REACH = 0.05
"""How far the edges of a detector's boxes are off, as a share of the side."""


def held_out_batch(scenes: int) -> Batch:
    """Crops and whole pictures of held-out scenes, with their edits."""
    rng = np.random.default_rng(HELD_OUT_SEED)
    batch = Batch()
    for _ in range(scenes):
        add_scene(rng, batch, replace(RULES, held_out=True), wholes=True, reach=REACH)
    return batch


@torch.no_grad()
def embed_images(model: CLIPModel, images: list[NDArray[np.uint8]]) -> Tensor:
    """float32[N, D], not normalised, of uint8[S, S, 3] pictures."""
    model.eval()
    parts = [images[start : start + 128] for start in range(0, len(images), 128)]
    return torch.cat([model.get_image_features(normalise(np.stack(part))) for part in parts])


@torch.no_grad()
def embed_phrases(model: CLIPModel) -> Tensor:
    """float32[len(PHRASES) + 1, D], not normalised; the last row is zero, as NOTHING is the index -1."""
    model.eval()
    texts = torch.cat([model.get_text_features(part) for part in torch.from_numpy(phrase_tokens()[0]).split(512)])
    return torch.cat([texts, torch.zeros_like(texts[:1])])


def cosine(moved: Tensor, texts: Tensor, directions: list[tuple[int, int]]) -> list[float]:
    """The cosines of one image direction with several text directions."""
    changes = torch.stack([texts[target] - texts[source] for source, target in directions])
    return F.cosine_similarity(moved[None], changes, dim=-1).tolist()


def evaluate(model: CLIPModel, scenes: int) -> dict[str, float]:
    """Shares of right answers, and mean cosines with right and wrong directions by kind of edit."""
    batch, rng = held_out_batch(scenes), np.random.default_rng(HELD_OUT_SEED)
    images, texts = embed_images(model, batch.images), embed_phrases(model)
    labels, pairs = np.array(batch.labels), list(zip(batch.pairs, batch.kinds, strict=True))
    # Objects as they are in the scene; what they are turned into is painted far more often.
    crops = np.array([after if kind == "add" else before for (before, after), kind in pairs if kind not in WHOLE])
    guessed = (F.normalize(images[crops], dim=-1) @ F.normalize(texts[: len(NAMES)], dim=-1).T).argmax(-1).numpy()
    named = guessed == name_of(labels[crops])
    painted = labels[crops] >= len(NAMES)
    right, wrong = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
    first, coloured, moves = defaultdict[str, list[bool]](list), list[bool](), defaultdict[str, list[float]](list)
    for (before, after), kind, choices in zip(batch.pairs, batch.kinds, batch.choices, strict=True):
        moved = images[after] - images[before]
        cosines = cosine(moved, texts, choices)
        moves[kind].append(float(moved.norm() / images[before].norm()))
        if kind in ("still", "content"):
            wrong[kind] += cosines
            continue
        right[kind].append(cosines[0])
        wrong[kind] += cosines[1:]
        first[kind].append(cosines[0] > max(cosines[1:]))
        if kind == "color":
            source, target = choices[0]
            now, name = PHRASES[target].split()[0], NAMES[name_of(target)]
            others = rng.choice([colour for colour in COLOURS if colour != now], 5, replace=False)
            coloured.append(
                max(cosine(moved, texts, [(source, phrase_id(name, other)) for other in others])) < cosines[0]
            )
    figures = {
        "named": named.mean(), "named_plain": named[~painted].mean(), "named_painted": named[painted].mean(),
        "recoloured": np.mean(coloured),
    }  # fmt: skip
    for kind in right:
        figures |= {f"{kind}_first": np.mean(first[kind]), f"{kind}_right": np.mean(right[kind])}
    figures |= {f"{kind}_wrong": np.mean(values) for kind, values in wrong.items()}
    figures |= {f"{kind}_moved": np.mean(values) for kind, values in moves.items()}
    return {name: float(value) for name, value in figures.items()}


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    command_line.add_argument("--scenes", type=int, default=1000)
    options = command_line.parse_args()
    torch.set_num_threads(1)
    print(json.dumps(evaluate(CLIPModel.from_pretrained(options.folder), options.scenes), indent=2))


if __name__ == "__main__":
    main()
