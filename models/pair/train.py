"""Trains the embedding of edits on the features of a bundle's CLIP.

    PYTHONPATH=models:export python -m pair.train runs/pair/joined --data runs/pair/studio --form joined --epochs 12

Run it again to resume: the model, the optimiser and the step are kept in the folder. It takes a GPU where there is one.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from tokenizers import Tokenizer
from transformers import CLIPTextModel

from editjudge_export.architectures.edit_network import FORMS, SHARPEST, EditClipConfig, EditClipModel
from pair.examples import Examples, PairTensors
from pair.loss import NONE, NOT_AT_ALL, EmbeddedBatch, compute_losses
from pair.run_settings import keep_settings
from pair.tokenizer import CONTEXT, load_tokenizer, pair_tokenizer
from pair.wording import can_mirror, meaning, mirror, word

BATCH, HARD = 384, 2
"""Edits of a batch, and how many of the other pairs of each are in it besides the reversed and the unchanged."""
RATE, DECAY, WARM_UP = 1.5e-3, 0.02, 100
DROPPED = 0.15
"""How often a place is hidden, so that the whole pictures count too."""
WEIGHTS = {"find_edit": 1.0, "find_text": 0.5, "direction": 1.0, "half_right": 0.3}
SAVE_EVERY = 100
"""Steps."""
log = logging.getLogger("pair")


def new_model(features: int, form: str, sees_places: bool, tokenizer: Tokenizer) -> EditClipModel:
    """A model with random weights, and a small text tower."""
    text = {
        "vocab_size": tokenizer.get_vocab_size(), "hidden_size": 160, "intermediate_size": 480, "num_hidden_layers": 3,
        "num_attention_heads": 4, "hidden_act": "gelu", "max_position_embeddings": CONTEXT,
        "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3,
    }  # fmt: skip
    return EditClipModel(EditClipConfig(features, form, sees_places=sees_places, text=text))


def start_from_clip(features: int, form: str, sees_places: bool, checkpoint: Path) -> EditClipModel:
    """A model with the text tower of a CLIP, whose projection is learnt anew; the rest has random weights."""
    tower = CLIPTextModel.from_pretrained(checkpoint)
    text = {name: value for name, value in tower.config.to_diff_dict().items() if name != "projection_dim"}
    model = EditClipModel(EditClipConfig(features, form, sees_places=sees_places, text=text))
    model.text.text_model.load_state_dict(tower.text_model.state_dict())
    return model


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


def embed_batch(model: EditClipModel, batches: Batches, step: int, device: torch.device) -> EmbeddedBatch:
    """The embeddings of a batch, with the well done edits reversed and unchanged among the hard ones."""
    tokens, pairs, tiers, same = batches.draw(step)
    count = len(same)
    best = PairTensors(*(array[:count] for array in vars(pairs).values()))
    parts = [pairs, best.reversed(), best.unchanged()]
    inputs = [torch.cat(arrays).to(device) for arrays in zip(*(vars(part).values() for part in parts), strict=True)]
    edits = F.normalize(model(*inputs).float(), dim=-1).view(-1, count, model.config.projection)
    texts = F.normalize(model.embed_texts(**{name: ids.to(device) for name, ids in tokens.items()}).float(), dim=-1)
    tiers = torch.cat([tiers, torch.full((count, 2), NOT_AT_ALL)], dim=1)
    hard, reverse = edits[1:].swapaxes(0, 1), edits[-2]
    return EmbeddedBatch(texts, edits[0], hard, reverse, tiers.to(device), same.to(device))


def rate_at(step: int, steps: int) -> float:
    """What the learning rate is multiplied by: a warm-up, then a cosine."""
    return min(1.0, (step + 1) / WARM_UP) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(step / steps, 1.0))))


def save(folder: Path, model: EditClipModel, tokenizer: Tokenizer, state: dict[str, object]) -> None:
    """Writes the model in Hugging Face's layout and the training state; every file is replaced at once."""
    fresh = folder / "fresh"
    model.save_pretrained(fresh)
    tokenizer.save(str(fresh / "tokenizer.json"))
    torch.save(state, fresh / "state.pt")
    for path in fresh.iterdir():
        os.replace(path, folder / path.name)


def train(folder: Path, batches: Batches, epochs: float, start: Callable[[], EditClipModel]) -> None:
    """Trains, or resumes, for so many epochs; start: makes the model that a new training begins with."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(batches.seed)
    examples, tokenizer = batches.examples, batches.tokenizer
    if (folder / "state.pt").exists():
        model, state = EditClipModel.from_pretrained(folder), torch.load(folder / "state.pt", weights_only=True)
    else:
        model, state = start(), {}
    model.to(device).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY, betas=(0.9, 0.98))
    if state:
        optimiser.load_state_dict(state["optimiser"])
    step, steps = int(state.get("step", 0)), round(epochs * batches.steps_per_epoch())
    log.info("%d parameters, %d edits, from step %d of %d", model.num_parameters(), len(examples), step, steps)
    means: defaultdict[str, float] = defaultdict(float)
    started = time.monotonic()
    while step < steps:
        for group in optimiser.param_groups:
            group["lr"] = RATE * rate_at(step, steps)
        with torch.autocast(device.type, torch.bfloat16):
            batch = embed_batch(model, batches, step, device)
        parts = compute_losses(batch, model.logit_scale.exp().clamp(max=SHARPEST))
        model.zero_grad()
        torch.stack([WEIGHTS[name] * part for name, part in parts.items()]).sum().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        for name, part in parts.items():
            means[name] += float(part.detach())
        if step % 25 == 0:
            told = " ".join(f"{name} {value / 25:.3f}" for name, value in means.items())
            log.info("step %d, %.2f s a step: %s", step, (time.monotonic() - started) / 25, told)
            means.clear()
            started = time.monotonic()
        if step % SAVE_EVERY == 0 or step == steps:
            save(folder, model, tokenizer, {"optimiser": optimiser.state_dict(), "step": step})


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    command_line.add_argument("--data", type=Path, nargs="+", required=True, help="folders of shards")
    command_line.add_argument("--form", choices=FORMS, default="joined")
    command_line.add_argument("--whole", action="store_true", help="look at the whole pictures only")
    command_line.add_argument("--text", type=Path, metavar="CLIP", help="a checkpoint whose text tower is trained on")
    command_line.add_argument("--epochs", type=float, default=12.0)
    command_line.add_argument("--shards", type=int, help="how many of each folder")
    command_line.add_argument("--batch", type=int, default=BATCH)
    command_line.add_argument("--seed", type=int, default=1)
    command_line.add_argument("--threads", type=int, default=2)
    options = command_line.parse_args()
    kept = "form", "whole", "text", "epochs", "shards", "batch", "seed"
    settings = {name: str(getattr(options, name)) for name in kept}
    keep_settings(options.folder, settings | {"data": " ".join(map(str, options.data))})
    handlers = [logging.StreamHandler(), logging.FileHandler(options.folder / "train.log")]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=handlers)
    torch.set_num_threads(options.threads)
    examples = Examples.load(options.data, options.shards)
    tokenizer = pair_tokenizer() if options.text is None else load_tokenizer(options.text)
    batches = Batches(examples, tokenizer, options.seed, min(options.batch, len(examples)))

    def start() -> EditClipModel:
        if options.text is None:
            return new_model(examples.width, options.form, not options.whole, tokenizer)
        return start_from_clip(examples.width, options.form, not options.whole, options.text)

    train(options.folder, batches, options.epochs, start)


if __name__ == "__main__":
    main()
