"""Trains a small Stable Diffusion on the studio's scenes, for DiffEdit's masks to be measured against ours.

    PYTHONPATH=models python -m studio.diffusion.train runs/diffusion --minutes 60

A fifth of the time goes to the autoencoder, the rest to the denoiser. Run it again to resume: all parts, the optimiser
and the time spent so far are kept in the folder. What comes out is a pipeline of diffusers in runs/diffusion/pipeline.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from studio.diffusion.parts import (
    SIDE,
    STEPS,
    join,
    new_autoencoder,
    new_denoiser,
    new_scheduler,
    new_text_encoder,
    new_tokenizer,
)
from studio.edits.edit import EDIT_RULES
from studio.renderer.scene import Item, random_scene, render

BUNDLE = Path(__file__).parents[2] / "editjudge_models" / "studio"
AUTOENCODER_SHARE = 0.2
BATCH, FRESH, POOL = 64, 16, 20_000
"""Pictures of a step, how many of them are new, and how many are kept to be seen again."""
SEEN = 0.35
"""The share of an object that is visible, from which on it is named."""
NAMED = (0.12, 0.5, 0.26, 0.12)
"""With which probability none, one, two, or all objects are named."""
WITH_ATTRIBUTE = 0.75
THREADS = {"vae": 1, "unet": 2}
"""Of so small convolutions, one does more than two that wait for each other."""
RATE, KL = 1.5e-3, 1e-6
log = logging.getLogger("studio.diffusion")


def draw_picture(rng: np.random.Generator) -> tuple[np.ndarray, list[Item]]:
    """uint8[SIDE, SIDE, 3], and what is to be seen on it."""
    scene = random_scene(rng, EDIT_RULES)
    rendered = render(scene, SIDE)
    return rendered.image, [item for item, share in zip(scene.items, rendered.visible, strict=True) if share > SEEN]


def name_objects(rng: np.random.Generator, items: list[Item]) -> str:
    """A caption of some of the objects, as DiffEdit's texts are; empty where none is named."""
    count = int(rng.choice(4, p=NAMED))
    chosen = rng.permutation(len(items))[: len(items) if count == 3 else count]
    return ", ".join(items[i].phrase if rng.random() < WITH_ATTRIBUTE else items[i].name for i in chosen)


def to_pixels(pictures: list[np.ndarray]) -> torch.Tensor:
    """float32[N, 3, SIDE, SIDE], -1 to 1."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


class DiffusionTraining:
    """All parts of the pipeline, and what is kept of their training between two runs.

    Raises what `torch.load` raises where the folder has a state that is none.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.rng = np.random.default_rng(seed)
        torch.manual_seed(seed)
        self.tokenizer = new_tokenizer()
        self.text = new_text_encoder(BUNDLE)
        self.vae = new_autoencoder().to(memory_format=torch.channels_last)
        self.unet = new_denoiser(self.text.config.hidden_size)
        self.scheduler = new_scheduler()
        self.optimisers = {
            "vae": torch.optim.AdamW(self.vae.parameters(), RATE),
            "unet": torch.optim.AdamW([*self.unet.parameters(), *self.text.parameters()], RATE, betas=(0.9, 0.98)),
        }
        self.spent = {"vae": 0.0, "unet": 0.0}
        self.step = {"vae": 0, "unet": 0}
        self.scale = 1.0
        self.pool: list[tuple[torch.Tensor, list[Item]]] = []
        if (folder / "state.pt").exists():
            self._load(torch.load(folder / "state.pt", weights_only=True))

    def save(self) -> None:
        state = {name: part.state_dict() for name, part in self._parts().items()}
        state |= {"spent": self.spent, "step": self.step, "scale": self.scale}
        state["optimisers"] = {name: one.state_dict() for name, one in self.optimisers.items()}
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.save(state, self.folder / "fresh.pt")
        os.replace(self.folder / "fresh.pt", self.folder / "state.pt")

    def _load(self, state: dict) -> None:
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        for name, one in self.optimisers.items():
            one.load_state_dict(state["optimisers"][name])
        self.spent, self.step, self.scale = state["spent"], state["step"], state["scale"]
        self.rng = np.random.default_rng([sum(self.step.values()), 1])

    def _parts(self) -> dict[str, torch.nn.Module]:
        return {"vae": self.vae, "unet": self.unet, "text": self.text}

    def learn_autoencoder(self) -> float:
        """One step; the error of its pictures."""
        seen = to_pixels([draw_picture(self.rng)[0] for _ in range(16)])
        latents = self.vae.encode(seen.contiguous(memory_format=torch.channels_last)).latent_dist
        drawn = self.vae.decode(latents.sample()).sample
        error = (drawn - seen).abs().mean()
        self._descend("vae", error + KL * latents.kl().mean())
        return float(error.detach())

    @torch.no_grad()
    def measure_scale(self) -> None:
        """What latents are multiplied by to have a spread of 1."""
        seen = to_pixels([draw_picture(self.rng)[0] for _ in range(64)])
        self.scale = 1 / float(self.vae.encode(seen).latent_dist.mean.std())
        self.vae.register_to_config(scaling_factor=self.scale)

    def learn_denoiser(self) -> float:
        """One step; the squared error of the noise."""
        self._draw()
        chosen = [self.pool[-1 - i] for i in range(FRESH)]
        chosen += [self.pool[i] for i in self.rng.integers(len(self.pool), size=BATCH - FRESH)]
        latents = torch.stack([one for one, _ in chosen])
        texts = self.tokenizer(
            [name_objects(self.rng, items) for _, items in chosen],
            padding="max_length", truncation=True, return_tensors="pt",
        )  # fmt: skip
        times = torch.randint(0, STEPS, (BATCH,))
        times[: BATCH // 2] = torch.randint(350, 650, (BATCH // 2,))  # where DiffEdit looks
        noise = torch.randn_like(latents)
        noisy = self.scheduler.add_noise(latents, noise, times)
        found = self.unet(noisy, times, self.text(texts.input_ids)[0]).sample
        error = F.mse_loss(found, noise)
        self._descend("unet", error)
        return float(error.detach())

    @torch.no_grad()
    def _draw(self) -> None:
        count = FRESH if self.pool else BATCH
        drawn = [draw_picture(self.rng) for _ in range(count)]
        latents = self.vae.encode(to_pixels([picture for picture, _ in drawn])).latent_dist.sample() * self.scale
        self.pool += list(zip(latents, (items for _, items in drawn), strict=True))
        del self.pool[:-POOL]

    def _descend(self, name: str, error: torch.Tensor) -> None:
        optimiser = self.optimisers[name]
        optimiser.zero_grad()
        error.backward()
        for group in optimiser.param_groups:
            torch.nn.utils.clip_grad_norm_(group["params"], 1.0)
        optimiser.step()
        self.step[name] += 1

    def export(self) -> None:
        """Writes the pipeline."""
        self.vae.register_to_config(scaling_factor=self.scale)
        parts = {"vae": self.vae, "text_encoder": self.text, "tokenizer": self.tokenizer, "unet": self.unet}
        fresh, made = self.folder / "fresh", self.folder / "pipeline"
        shutil.rmtree(fresh, ignore_errors=True)
        join(parts).save_pretrained(fresh)
        shutil.rmtree(made, ignore_errors=True)
        fresh.rename(made)


def train(folder: Path, minutes: float, *, seed: int, report_every: float) -> None:
    """Trains, or resumes, until so many minutes were spent altogether; saves every so many minutes."""
    training = DiffusionTraining(folder, seed)
    shares = {"vae": AUTOENCODER_SHARE, "unet": 1 - AUTOENCODER_SHARE}
    steps = {"vae": training.learn_autoencoder, "unet": training.learn_denoiser}
    for name, learn in steps.items():
        torch.set_num_threads(THREADS[name])
        limit, errors, due = shares[name] * minutes * 60, [], time.monotonic() + report_every * 60
        while training.spent[name] < limit:
            started = time.monotonic()
            share = training.spent[name] / limit
            rate = RATE * min(1.0, (training.step[name] + 1) / 100) * (1 - 0.95 * share)
            for group in training.optimisers[name].param_groups:
                group["lr"] = rate
            errors.append(learn())
            training.spent[name] += time.monotonic() - started
            if len(errors) == 100:
                log.info(
                    "%s, step %d, %.1f min: %.4f", name, training.step[name], training.spent[name] / 60, np.mean(errors)
                )
                errors.clear()
            if time.monotonic() > due or training.spent[name] >= limit:
                if name == "vae":
                    training.measure_scale()
                training.save()
                training.export()
                due = time.monotonic() + report_every * 60


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--report-every", type=float, default=5, help="minutes")
    asked = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    train(asked.folder, asked.minutes, seed=asked.seed, report_every=asked.report_every)


if __name__ == "__main__":
    main()
