"""Trains the parser's adapter against the quantised model it will run with.

    python -m parser.train ../runs/parser [--steps 2000] [--adapter STATE] [--model FILE.gguf] [--compile]

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

from editjudge.bundle import Bundle
from parser.examples import Example, batches, example, speller
from parser.generate import pairs

RANK, SCALE = 16, 2.0
RATE, WARM_UP = 1e-3, 60
BATCH = 64
TELL_EVERY, CHECK_EVERY, CHECKED = 20, 100, 640
PLACES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def load(model: Path) -> PeftModel:
    """The dequantised model in bfloat16, with a fresh adapter in float32."""
    base = AutoModelForCausalLM.from_pretrained(
        model.parent, gguf_file=model.name, dtype=torch.bfloat16, attn_implementation="eager"
    )
    base.config.use_cache = False
    config = LoraConfig(r=RANK, lora_alpha=RANK * SCALE, target_modules=list(PLACES), lora_dropout=0.0)
    return get_peft_model(base, config).to("cuda" if torch.cuda.is_available() else "cpu")


def scores(model: PeftModel, examples: Sequence[Example]) -> tuple[Tensor, Tensor]:
    """Logits float32[choices, most], -inf where there are fewer, and int64[choices], which one is right."""
    base = model.get_base_model()
    longest = max(len(each.tokens) for each in examples)
    tokens = torch.zeros(len(examples), longest, dtype=torch.long)
    for row, each in enumerate(examples):
        tokens[row, : len(each.tokens)] = torch.tensor(each.tokens)
    # Padding follows each text, and no token sees what comes after it, so no mask is needed.
    with torch.autocast(base.device.type, torch.bfloat16):
        hidden = base.model(input_ids=tokens.to(base.device)).last_hidden_state
    found = [(row, *choice) for row, each in enumerate(examples) for choice in each.choices]
    most = max(len(possible) for _, _, possible, _ in found)
    possible = torch.zeros(len(found), most, dtype=torch.long)
    allowed = torch.zeros(len(found), most, dtype=torch.bool)
    for index, (_, _, those, _) in enumerate(found):
        possible[index, : len(those)] = torch.tensor(those)
        allowed[index, : len(those)] = True
    at = hidden[[row for row, *_ in found], [place for _, place, *_ in found]].float()
    rows = base.get_input_embeddings().weight[possible.to(base.device)].float()
    logits = torch.einsum("nd,ncd->nc", at, rows)
    right = torch.tensor([right for *_, right in found], device=base.device)
    return logits.masked_fill(~allowed.to(base.device), -math.inf), right


@torch.no_grad()
def check(model: PeftModel, examples: Sequence[Example]) -> tuple[float, float]:
    """The loss, and the share of the lines that the most likely choices write."""
    losses, exact = [], []
    for start in range(0, len(examples), BATCH):
        part = examples[start : start + BATCH]
        logits, right = scores(model, part)
        losses.append(F.cross_entropy(logits, right, reduction="none"))
        hits = (logits.argmax(1) == right).split([len(each.choices) for each in part])
        exact += [bool(hit.all()) for hit in hits]
    return float(torch.cat(losses).mean()), sum(exact) / len(exact)


class Training:
    """The model, and what is needed to go on training it, kept in a folder."""

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

    def learn(self, examples: Sequence[Example], rate: float) -> float:
        """One step; the loss before it."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = F.cross_entropy(*scores(self.model, examples))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        return loss.item()

    def keep(self) -> None:
        adapter = get_peft_model_state_dict(self.model, save_embedding_layers=False)
        fresh = self._state.with_suffix(".part")
        torch.save({"adapter": adapter, "optimizer": self.optimizer.state_dict(), "step": self.step}, fresh)
        os.replace(fresh, self._state)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--steps", type=int, default=2000)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--adapter", type=Path, help="the state.pt of another run, to begin with its adapter")
    arguments.add_argument("--model", type=Path, help="by default the studio bundle's parser")
    arguments.add_argument("--compile", action="store_true", help="minutes at first, then a third less time a step")
    given = arguments.parse_args()
    base = given.model or Bundle.load("studio").file("parser")
    given.folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(given.seed)
    log = logging.getLogger("parser")
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    log.setLevel(logging.INFO)
    log.addHandler(logging.FileHandler(given.folder / "log.txt"))

    spell = speller(base)
    model = load(base)
    if given.adapter:
        set_peft_model_state_dict(
            model, torch.load(given.adapter, map_location=model.device, weights_only=True)["adapter"]
        )
    if given.compile:
        inner = model.get_base_model().model
        inner.forward = torch.compile(inner.forward, dynamic=True)
    training = Training(given.folder, model)
    first = int(model.config.bos_token_id)
    unseen = [example(pair, spell, first) for pair in islice(pairs(given.seed, held_out=True), CHECKED)]
    unseen.sort(key=lambda each: len(each.tokens))
    # A resumed run goes on with other pairs, as the seed says at which step it began.
    source = batches(pairs(given.seed + 1 + training.step), BATCH, spell, first)
    losses: list[float] = []
    started, began = time.monotonic(), training.step
    while training.step < given.steps:
        step = training.step + 1
        rate = RATE * min(step / WARM_UP, 0.5 * (1 + math.cos(math.pi * step / given.steps)))
        losses.append(training.learn(next(source), rate))
        if step % TELL_EVERY == 0:
            pace = (time.monotonic() - started) / (step - began)
            log.info("step %d loss %.4f, %.2f s a step", step, sum(losses) / len(losses), pace)
            losses.clear()
        if step % CHECK_EVERY == 0 or step == given.steps:
            training.keep()
            log.info("step %d unseen nouns: loss %.4f, exact %.3f", step, *check(model, unseen))


if __name__ == "__main__":
    main()
