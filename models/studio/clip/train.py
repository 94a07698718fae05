"""Trains the studio's CLIP, from scratch or on from the bundle that has it.

    PYTHONPATH=models python -m studio.clip.train runs/clip --minutes 60
    PYTHONPATH=models python -m studio.clip.train runs/clip --start models/editjudge_models/studio --rate 4e-4

Run it again to resume: the model, the optimisers and the time spent so far are kept in the folder.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from pathlib import Path

import cv2
import torch
import torch.nn.functional as F  # noqa: N812
from torch.utils.data import DataLoader, Dataset
from transformers import CLIPConfig, CLIPModel

from studio.clip.crops import SIDE, make_batch
from studio.clip.evaluate import evaluate
from studio.clip.losses import BatchTensors, losses, to_tensors
from studio.clip.phrases import WORDINGS, phrase_tokens
from studio.exported_weights import load_weights
from studio.vocabulary import clip_tokenizer

CONTEXT = 12
WEIGHTS = {
    "name": 2.0,
    "phrase": 1.0,
    "direction": 1.0,
    "along": 2.0,
    "against": 2.0,
    "still": 0.3,
    "whole": 0.3,
    "domain": 3.0,
}
RATE, WARM_UP = 1e-3, 120
SHARPEST = 60.0
"""What cosines are at most multiplied by."""
SMALL_SIDE, SMALL_UNTIL = 48, 0.7
"""Up to this share of the time pictures are smaller, and steps twice as fast."""
log = logging.getLogger("studio.clip")


def new_model() -> CLIPModel:
    """A CLIPModel of 1.7M parameters with random weights."""
    tokenizer = clip_tokenizer(CONTEXT)
    vision = {
        "image_size": SIDE, "patch_size": 8, "hidden_size": 160, "intermediate_size": 480, "num_hidden_layers": 5,
        "num_attention_heads": 4, "hidden_act": "gelu",
    }  # fmt: skip
    text = {
        "vocab_size": tokenizer.get_vocab_size(), "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2,
        "num_attention_heads": 4, "hidden_act": "gelu", "max_position_embeddings": CONTEXT,
        "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3,
    }  # fmt: skip
    # Narrower than the vision tower, so that what is no object can be projected to zero.
    return CLIPModel(CLIPConfig(vision_config=vision, text_config=text, projection_dim=128))


class ClipBatches(Dataset[BatchTensors]):
    """Training batches from `first` on, the same for the same index."""

    def __init__(self, seed: int, first: int) -> None:
        self.seed, self.first = seed, first

    def __len__(self) -> int:
        return 10**6

    def __getitem__(self, index: int) -> BatchTensors:
        return to_tensors(make_batch(self.seed, self.first + index, images=80, photographs=18))


def load_batches(seed: int, first: int) -> Iterator[BatchTensors]:
    """Batches that one worker process makes on one core."""
    return iter(
        DataLoader(
            ClipBatches(seed, first),
            batch_size=None,
            num_workers=1,
            prefetch_factor=6,
            worker_init_fn=lambda _: cv2.setNumThreads(1),
        )
    )


def rate_at(step: int, share: float) -> float:
    """What the learning rate is multiplied by after a share (0 to 1) of the time: a warm-up by steps, then a cosine."""
    return min(1.0, (step + 1) / WARM_UP) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(share, 1.0))))


def optimisers_of(model: CLIPModel, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of both encoders, which learn shapes several times faster with it; AdamW for the rest."""
    parameters = dict(model.named_parameters())
    matrices = {name for name, parameter in parameters.items() if ".layers." in name and parameter.ndim == 2}
    hidden = [parameter for name, parameter in parameters.items() if name in matrices]
    rest = [parameter for name, parameter in parameters.items() if name not in matrices]
    return [
        torch.optim.Muon(hidden, lr=2 * rate, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=rate, weight_decay=0.0, betas=(0.9, 0.98)),
    ]


def compute_losses(model: CLIPModel, batch: BatchTensors, tokens: torch.Tensor, side: int) -> dict[str, torch.Tensor]:
    """The parts of the loss on one batch, in bfloat16 up to the features.

    Args:
        model: The model.
        batch: The batch.
        tokens: int64[PHRASES, length], the token ids of all phrases.
        side: Pixels that the pictures are shrunk to.
    """
    pixels = batch.pixels
    if side < SIDE:
        pixels = F.interpolate(pixels, size=side, mode="bilinear", antialias=True)
    with torch.autocast("cpu", torch.bfloat16):
        images = model.get_image_features(pixels, interpolate_pos_encoding=side < SIDE)
        texts = model.get_text_features(tokens[batch.phrases])
    return losses(images.float(), texts.float(), model.logit_scale.clamp(max=math.log(SHARPEST)), batch)


def save(folder: Path, model: CLIPModel, state: dict[str, object]) -> None:
    """Writes the model in Hugging Face's layout and the training state; every file is replaced at once."""
    fresh = folder / "fresh"
    model.save_pretrained(fresh)
    clip_tokenizer(CONTEXT).save(str(fresh / "tokenizer.json"))
    torch.save(state, fresh / "state.pt")
    for path in fresh.iterdir():
        os.replace(path, folder / path.name)


def start_model(bundle: Path | None) -> CLIPModel:
    """A model with random weights, or with those of a bundle."""
    model = new_model()
    if bundle is not None:
        load_weights(model, [bundle / "clip_vision.onnx", bundle / "clip_text.onnx"])
        model.logit_scale.data.fill_(math.log(SHARPEST))  # no graph has it
    return model


def train(
    folder: Path, minutes: float, *, seed: int, report_every: float, peak: float = RATE, start: Path | None = None
) -> None:
    """Trains, or resumes, until so many minutes were spent altogether; evaluates and saves every so many minutes."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    model, step, spent = start_model(start), 0, 0.0
    optimisers = optimisers_of(model, peak)
    if (folder / "state.pt").exists():
        state = torch.load(folder / "state.pt", weights_only=True)
        model = CLIPModel.from_pretrained(folder)
        optimisers = optimisers_of(model, peak)
        for optimiser, kept in zip(optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        step, spent = state["step"], state["spent"]
    model.train()
    log.info("%d parameters, from step %d, %.1f of %.1f minutes", model.num_parameters(), step, spent / 60, minutes)
    tables = torch.from_numpy(phrase_tokens())
    plain_length = int((tables[0] != 0).sum(-1).max())
    means: defaultdict[str, float] = defaultdict(float)
    steps, seen, reported, due = 0, 0, time.monotonic(), time.monotonic() + report_every * 60
    stream, recent = load_batches(seed, step // 2), deque[BatchTensors](maxlen=60)
    # Rendering costs as much as learning: every other step learns a recent batch again, mirrored.
    while spent < minutes * 60:
        started = time.monotonic()
        share = spent / (minutes * 60)
        rate = rate_at(step, share)
        for optimiser in optimisers:
            optimiser.param_groups[0]["lr"] = rate * optimiser.defaults["lr"]
        # Every sixth step rewords the phrases; in the others they are short, and the padding is cut off.
        wording = step // 6 % len(WORDINGS) if step % 6 == 0 else 0
        tokens = tables[wording] if wording else tables[0][:, :plain_length]
        batch = next(stream) if step % 2 == 0 or not recent else recent[int(torch.randint(len(recent), ()))].flipped()
        recent.append(batch)
        parts = compute_losses(model, batch, tokens, SMALL_SIDE if share < SMALL_UNTIL else SIDE)
        total = sum(WEIGHTS[name] * part for name, part in parts.items())
        model.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
        for name, part in parts.items():
            means[name] += float(part.detach())
        steps, seen, step, spent = steps + 1, seen + len(batch.pixels), step + 1, spent + time.monotonic() - started
        if step % 100 == 0:
            line = " ".join(f"{name} {value / steps:.3f}" for name, value in means.items())
            log.info(
                "step %d, %.1f min, %.0f images/s: %s", step, spent / 60, seen / (time.monotonic() - reported), line
            )
            means.clear()
            steps, seen, reported = 0, 0, time.monotonic()
        done = spent >= minutes * 60
        if done or time.monotonic() > due:
            states = [optimiser.state_dict() for optimiser in optimisers]
            save(folder, model, {"optimisers": states, "step": step, "spent": spent})
            figures = evaluate(model, scenes=500 if done else 60)
            log.info("step %d, evaluated: %s", step, " ".join(f"{name} {value:.3f}" for name, value in figures.items()))
            model.train()
            reported, due = time.monotonic(), time.monotonic() + report_every * 60


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    command_line.add_argument("--minutes", type=float, default=60.0)
    command_line.add_argument("--report-every", type=float, default=5.0, help="minutes between checkpoints")
    command_line.add_argument("--seed", type=int, default=1)
    command_line.add_argument("--rate", type=float, default=RATE, help="peak learning rate")
    command_line.add_argument("--start", type=Path, metavar="BUNDLE", help="a bundle whose CLIP is trained on")
    options = command_line.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    handlers = [logging.StreamHandler(), logging.FileHandler(options.folder / "train.log")]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=handlers)
    train(
        options.folder,
        options.minutes,
        seed=options.seed,
        report_every=options.report_every,
        peak=options.rate,
        start=options.start,
    )


if __name__ == "__main__":
    main()
