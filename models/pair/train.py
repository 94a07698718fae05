"""Trains the embedding of edits on the features of a bundle's CLIP.

    PYTHONPATH=models:export python -m pair.train runs/pair/joined --data runs/pair/studio --form joined --epochs 12

Run it again to resume: the model, the optimiser and the step are kept in the folder. It takes a GPU where there is one.
"""

from __future__ import annotations

import argparse
import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from tokenizers import Tokenizer
from transformers import CLIPModel

from editjudge_export.architectures.edit_network import FORMS, SHARPEST, EditClipConfig, EditClipModel
from editjudge_export.checkpoints.checkpoint import load_model
from pair.batches import Batches
from pair.clip_tokenizer import open_tokenizer
from pair.commands.log import log_into
from pair.commands.options import exit_with_reason, read_count, read_natural, read_pairs, read_positive
from pair.commands.settings import keep_settings
from pair.commands.state import load_state, save_state, write_files
from pair.examples import Examples, PairTensors
from pair.loss import NOT_AT_ALL, EmbeddedBatch, compute_losses
from pair.tokenizer import CONTEXT, pair_tokenizer

BATCH = 256
"""Edits of a batch."""
RATE, DECAY, WARM_UP = 1.5e-3, 0.02, 100
TEXT_RATE = 8e-6
"""Of a text tower that has learnt from elsewhere already; ViFi-CLIP's."""
WEIGHTS = {"find_edit": 1.0, "find_text": 0.5, "direction": 1.0, "half_right": 0.3}
SAVE_EVERY, LOG_EVERY = 100, 25
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


def start_from_clip(features: int, form: str, sees_places: bool, clip: CLIPModel) -> EditClipModel:
    """A model with the text tower of a CLIP, whose projection is learnt anew; the rest has random weights."""
    told = clip.config.text_config.to_diff_dict()
    text = {name: value for name, value in told.items() if name != "projection_dim"}
    model = EditClipModel(EditClipConfig(features, form, sees_places=sees_places, text=text))
    model.text.text_model.load_state_dict(clip.text_model.state_dict())
    return model


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


def save(folder: Path, model: EditClipModel, tokenizer: Tokenizer, optimiser: torch.optim.Optimizer, step: int) -> None:
    """Keeps the state, then writes the checkpoint of the same weights, which the export takes, beside it."""
    save_state(folder, model, optimiser, step)
    with write_files(folder) as fresh:
        model.save_pretrained(fresh)
        tokenizer.save(str(fresh / "tokenizer.json"))


def make_optimiser(model: EditClipModel, text_rate: float) -> torch.optim.AdamW:
    """AdamW, whose groups know their own highest rate: the text tower's, but for its projection, is `text_rate`."""
    tower = list(model.text.text_model.parameters())
    known = set(map(id, tower))
    rest = [parameter for parameter in model.parameters() if id(parameter) not in known]
    groups = [{"params": rest, "highest": RATE}, {"params": tower, "highest": text_rate}]
    return torch.optim.AdamW(groups, lr=RATE, weight_decay=DECAY, betas=(0.9, 0.98))


def train(
    folder: Path, batches: Batches, epochs: float, start: Callable[[], EditClipModel], *, text_rate: float = RATE
) -> None:
    """Trains, or resumes, for so many epochs.

    Args:
        folder: That of the state and the checkpoint, which is made.
        batches: What is trained on.
        epochs: How often each edit is seen.
        start: Makes the model that a new training begins with.
        text_rate: The highest learning rate of the text tower.

    Raises InputError where the state cannot be read or written.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(batches.seed)
    folder.mkdir(parents=True, exist_ok=True)
    model = start().to(device).train()
    optimiser = make_optimiser(model, text_rate)
    step, steps = load_state(folder, model, optimiser), round(epochs * batches.steps_per_epoch())
    log.info("%d parameters, %d edits, from step %d of %d", model.num_parameters(), len(batches.examples), step, steps)
    means: defaultdict[str, float] = defaultdict(float)
    started = time.monotonic()
    while step < steps:
        for group in optimiser.param_groups:
            group["lr"] = group["highest"] * rate_at(step, steps)
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
        if step % LOG_EVERY == 0:
            told = " ".join(f"{name} {value / LOG_EVERY:.3f}" for name, value in means.items())
            log.info("step %d, %.2f s a step: %s", step, (time.monotonic() - started) / LOG_EVERY, told)
            means.clear()
            started = time.monotonic()
        if step % SAVE_EVERY == 0 and step < steps:
            save(folder, model, batches.tokenizer, optimiser, step)
    save(folder, model, batches.tokenizer, optimiser, step)


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    command_line.add_argument("--data", type=Path, nargs="+", required=True, help="folders of shards")
    command_line.add_argument("--form", choices=FORMS, default="joined")
    command_line.add_argument("--whole", action="store_true", help="look at the whole pictures only")
    command_line.add_argument("--text", type=Path, metavar="CLIP", help="a checkpoint whose text tower is trained on")
    command_line.add_argument("--text-rate", type=read_positive, default=TEXT_RATE, help="of that tower, the highest")
    command_line.add_argument("--epochs", type=read_positive, default=12.0)
    command_line.add_argument("--shards", type=read_count, help="how many of each folder")
    command_line.add_argument("--batch", type=read_pairs, default=BATCH)
    command_line.add_argument("--seed", type=read_natural, default=1)
    command_line.add_argument("--threads", type=read_count, default=2)
    options = command_line.parse_args()
    torch.set_num_threads(options.threads)
    with exit_with_reason(command_line):
        run(options)


def run(options: argparse.Namespace) -> None:
    """Trains as the options say. Raises InputError for bad data, and for a folder that was begun in another way."""
    examples = Examples.load(options.data, options.shards)
    if options.text is None:
        tokenizer, text_rate = pair_tokenizer(), RATE
        start = partial(new_model, examples.width, options.form, not options.whole, tokenizer)
    else:
        clip, text_rate = load_model(options.text, CLIPModel), options.text_rate
        tokenizer = open_tokenizer(options.text, clip.config.text_config)
        start = partial(start_from_clip, examples.width, options.form, not options.whole, clip)
    settings = {name: str(getattr(options, name)) for name in ("form", "whole", "text", "epochs", "batch", "seed")}
    origin = {"data": " ".join(map(str, options.data)), "shards": examples.shards, "clip": str(examples.clip)}
    keep_settings(options.folder, {**settings, **origin, "text_rate": text_rate})
    batches = Batches(examples, tokenizer, options.seed, min(options.batch, len(examples)))
    with log_into(options.folder):
        train(options.folder, batches, options.epochs, start, text_rate=text_rate)


if __name__ == "__main__":
    main()
