"""The batches that the embedding of edits is trained on."""

from __future__ import annotations

import numpy as np
import torch
from tokenizers import Tokenizer

from pair.examples import Examples, PairTensors
from pair.loss import NONE
from pair.wording import can_mirror, meaning, mirror, word

HARD = 2
"""How many of the other pairs of each edit are in a batch besides the reversed and the unchanged."""
DROPPED = 0.15
"""How often a place is hidden, so that the whole pictures count too."""


class Batches:
    """The batches of a training, the same for the same seed and step."""

    def __init__(self, examples: Examples, tokenizer: Tokenizer, seed: int, size: int) -> None:
        self.examples, self.tokenizer, self.seed, self.size = examples, tokenizer, seed, size

    def steps_per_epoch(self) -> int:
        return max(1, len(self.examples) // self.size)

    def draw(self, step: int) -> tuple[dict[str, torch.Tensor], PairTensors, torch.Tensor, torch.Tensor]:
        """The tokens of B instructions; the pairs of B edits, then of their HARD others; their tiers; and the same."""
        epoch, place = divmod(step, self.steps_per_epoch())
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.examples))
        rng = np.random.default_rng([self.seed, epoch, place])
        chosen = order[place * self.size : (place + 1) * self.size]
        rows, tiers = [], []
        for edit in chosen:
            best, others = int(self.examples.pairs[edit][0]), self.examples.find_others(int(edit))
            picked = [others[place] for place in rng.permutation(len(others))[:HARD]]
            picked += [(best, NONE)] * (HARD - len(picked))
            rows.append([best, *(row for row, _ in picked)])
            tiers.append([tier for _, tier in picked])
        flipped = rng.random(len(chosen)) < 0.5
        asked = [self.examples.asked[edit] for edit in chosen]
        flipped &= [can_mirror(one) for one in asked]
        asked = [mirror(one) if flip else one for one, flip in zip(asked, flipped, strict=True)]
        coded = self.tokenizer.encode_batch([word(rng, one) for one in asked])
        tokens = {
            "input_ids": torch.tensor([text.ids for text in coded]),
            "attention_mask": torch.tensor([text.attention_mask for text in coded]),
        }
        meanings = np.array([meaning(one) for one in asked])
        same = torch.from_numpy(meanings[:, None] == meanings[None])
        pairs = self.examples.take(np.array(rows).T.ravel()).mirrored(torch.from_numpy(np.tile(flipped, 1 + HARD)))
        hidden = torch.from_numpy(rng.random(pairs.seen.shape) < DROPPED)
        hidden[:, 0] = False
        pairs.seen[hidden] = 0.0
        return tokens, pairs, torch.tensor(tiers), same
