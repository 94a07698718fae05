"""Trains the parser's adapter for the quantised model that it will run with.

    python -m parser.train ../runs/parser [--steps 2000] [--adapter FILE.gguf] [--model FILE.gguf] [--compile]

Run it again to resume; it uses a GPU where there is one. The base model's weights are those of the GGUF, dequantised;
only the adapter is trained. The loss is that of the choices that the parser makes: the likelihood of the right token
among those that may come next.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from torch import Tensor
from transformers import AutoModelForCausalLM

from editjudge.bundles.bundle import Bundle
from parser.adapter import RANK, SCALE, read
from parser.examples import TrainingExample, batches, example, speller
from parser.generate import pairs

RATE, WARM_UP = 1e-3, 60
BATCH = 64
LOG_EVERY, CHECK_EVERY, CHECKED = 20, 100, 640
PLACES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def load(model: Path) -> PeftModel:
    """The dequantised model in bfloat16, with a fresh adapter in float32."""
    base = AutoModelForCausalLM.from_pretrained(
        model.parent, gguf_file=model.name, dtype=torch.bfloat16, attn_implementation="eager"
    )
    base.config.use_cache = False
    config = LoraConfig(r=RANK, lora_alpha=RANK * SCALE, target_modules=list(PLACES), lora_dropout=0.0)
    return get_peft_model(base, config).to("cuda" if torch.cuda.is_available() else "cpu")


def scores(model: PeftModel, examples: Sequence[TrainingExample]) -> tuple[Tensor, Tensor]:
    """Logits float32[choices, most], -inf beyond the tokens of a choice, and int64[choices], which one is right."""
    base = model.get_base_model()
    longest = max(len(sample.tokens) for sample in examples)
    tokens = torch.zeros(len(examples), longest, dtype=torch.long)
    for row, sample in enumerate(examples):
        tokens[row, : len(sample.tokens)] = torch.tensor(sample.tokens)
    # Padding follows the text, and no token attends to what comes after it, so no mask is needed.
    with torch.autocast(base.device.type, torch.bfloat16):
        hidden = base.model(input_ids=tokens.to(base.device)).last_hidden_state
    choices = [(row, *choice) for row, sample in enumerate(examples) for choice in sample.choices]
    most = max(len(options) for _, _, options, _ in choices)
    possible = torch.zeros(len(choices), most, dtype=torch.long)
    allowed = torch.zeros(len(choices), most, dtype=torch.bool)
    for index, (_, _, options, _) in enumerate(choices):
        possible[index, : len(options)] = torch.tensor(options)
        allowed[index, : len(options)] = True
    at_choices = hidden[[row for row, *_ in choices], [position for _, position, *_ in choices]].float()
    embeddings = base.get_input_embeddings().weight[possible.to(base.device)].float()
    logits = torch.einsum("nd,ncd->nc", at_choices, embeddings)
    right = torch.tensor([right for *_, right in choices], device=base.device)
    return logits.masked_fill(~allowed.to(base.device), -math.inf), right


@torch.no_grad()
def check(model: PeftModel, examples: Sequence[TrainingExample]) -> tuple[float, float]:
    """The loss, and the share of the lines that the most likely choices would write."""
    losses, exact = [], []
    for start in range(0, len(examples), BATCH):
        part = examples[start : start + BATCH]
        logits, right = scores(model, part)
        losses.append(F.cross_entropy(logits, right, reduction="none"))
        hits = (logits.argmax(1) == right).split([len(sample.choices) for sample in part])
        exact += [bool(hit.all()) for hit in hits]
    return float(torch.cat(losses).mean()), sum(exact) / len(exact)


class Training:
    """The model and the state of its training, which are kept in a folder."""

    def __init__(self, folder: Path, model: PeftModel) -> None:
        self.model = model
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        self.optimizer = torch.optim.AdamW(self.weights, lr=RATE, weight_decay=0.01, betas=(0.9, 0.98))
        self.step = 0
        self._state = folder / "state.pt"
        if self._state.exists():
            kept = torch.load(self._state, map_location=model.device, weights_only=True)
            set_peft_model_state_dict(model, kept["adapter"])
            self.optimizer.load_state_dict(kept["optimizer"])
            self.step = kept["step"]

    def learn(self, examples: Sequence[TrainingExample], rate: float) -> float:
        """Takes one step, and returns the loss before it."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = F.cross_entropy(*scores(self.model, examples))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        return loss.item()

    def save(self) -> None:
        adapter = get_peft_model_state_dict(self.model, save_embedding_layers=False)
        fresh = self._state.with_suffix(".part")
        torch.save({"adapter": adapter, "optimizer": self.optimizer.state_dict(), "step": self.step}, fresh)
        os.replace(fresh, self._state)


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    command_line.add_argument("--steps", type=int, default=2000)
    command_line.add_argument("--seed", type=int, default=0)
    command_line.add_argument("--rate", type=float, default=RATE, help="the highest; 5e-4 to go on from an adapter")
    command_line.add_argument("--adapter", type=Path, help="the GGUF file of an adapter to begin with")
    command_line.add_argument("--model", type=Path, help="by default the studio bundle's parser")
    command_line.add_argument(
        "--compile", action="store_true", help="torch.compile: after some minutes a step takes a third less time"
    )
    options = command_line.parse_args()
    base = options.model or Bundle.load("studio").file("parser")
    options.folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    log = logging.getLogger("parser")
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    log.setLevel(logging.INFO)
    log.addHandler(logging.FileHandler(options.folder / "log.txt"))

    spell = speller(base)
    model = load(base)
    if options.adapter:
        set_peft_model_state_dict(model, read(options.adapter))
    if options.compile:
        inner = model.get_base_model().model
        inner.forward = torch.compile(inner.forward, dynamic=True)
    training = Training(options.folder, model)
    first = int(model.config.bos_token_id)
    unseen = [example(pair, spell, first) for pair in islice(pairs(options.seed, held_out=True), CHECKED)]
    unseen.sort(key=lambda sample: len(sample.tokens))
    # A resumed run goes on with other pairs, as the seed depends on the step at which it began.
    source = batches(pairs(options.seed + 1 + training.step), BATCH, spell, first)
    losses: list[float] = []
    started, began = time.monotonic(), training.step
    while training.step < options.steps:
        step = training.step + 1
        rate = options.rate * min(step / WARM_UP, 0.5 * (1 + math.cos(math.pi * step / options.steps)))
        losses.append(training.learn(next(source), rate))
        if step % LOG_EVERY == 0:
            pace = (time.monotonic() - started) / (step - began)
            log.info("step %d loss %.4f, %.2f s a step", step, sum(losses) / len(losses), pace)
            losses.clear()
        if step % CHECK_EVERY == 0 or step == options.steps:
            training.save()
            log.info("step %d unseen nouns: loss %.4f, exact %.3f", step, *check(model, unseen))


if __name__ == "__main__":
    main()
