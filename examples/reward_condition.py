"""Trains InstructPix2Pix to know what was wrong with its examples, and edits as if nothing were (arXiv 2411.04713).

The three scores and the feedback of each training pair reach the U-Net beside the instruction; at inference they are
5, 5, 5 and "None". Pairs come from RewardEdit-20K, or from a table that `editjudge score-dataset` wrote with the metric
reward, or with that of a judge who is asked three_sides (name it with --judge then).

pip install 'editjudge[guidance]'
python examples/reward_condition.py train scores.jsonl trained --steps 10000
python examples/reward_condition.py edit trained hydrant.jpg "make the hydrant blue" edited.png
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any

import torch
from diffusers import DDPMScheduler, StableDiffusionInstructPix2PixPipeline
from diffusers.models.attention_processor import Attention
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from PIL import Image, ImageOps
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from reward_pairs import BEST, JUDGE, NOTHING_WRONG, RewardedPair, join_feedback, load_pairs, read_pairs

SINUSOIDS = 256
"""Of each score."""
DROPPED = 0.05
"""Of the training pairs go without the reward; as many without instruction, without original, and without both."""
WEIGHTS = "reward_condition.safetensors"


class RewardCondition(nn.Module):
    """Scores and feedback as what is added to the time embedding, and as two tokens that the first features attend to.

    The last layer on either way begins as zero, so that an untrained one leaves the U-Net as it is.

    Args:
        features: The width of the U-Net after its first convolution; 320 in Stable Diffusion 1.5.
        time_width: That of its time embedding; 1,280.
        text_width: That of the text encoder; 768.
        groups: Of the norm before the attention.
    """

    def __init__(self, features: int, time_width: int, text_width: int, groups: int = 32, heads: int = 8) -> None:
        super().__init__()
        scores = SINUSOIDS * len(BEST)
        self.waves = Timesteps(SINUSOIDS, flip_sin_to_cos=True, downscale_freq_shift=0)
        self.scores_to_time = TimestepEmbedding(scores, time_width)
        self.feedback_to_time = nn.Linear(text_width, time_width)
        self.scores_to_token = TimestepEmbedding(scores, features)
        self.feedback_to_token = nn.Linear(text_width, features)
        self.attention = Attention(features, features, heads, dim_head=features // heads, norm_num_groups=groups)
        for layer in (self.scores_to_time.linear_2, self.feedback_to_time, self.attention.to_out[0]):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    @classmethod
    def fit(cls, pipeline: StableDiffusionInstructPix2PixPipeline) -> RewardCondition:
        """A new one with the widths, the precision and the device of a pipeline."""
        unet, text = pipeline.unet, pipeline.text_encoder.config.hidden_size
        features, groups = unet.config.block_out_channels[0], unet.config.norm_num_groups
        made = cls(features, unet.time_embedding.linear_2.out_features, text, groups)
        return made.to(unet.device, unet.dtype)

    def forward(self, scores: Tensor, feedback: Tensor) -> tuple[Tensor, Tensor]:
        """What is added to the time embedding, [B, time], and the tokens, [B, 2, features].

        scores: [B, 3], 0 to 5; feedback: [B, text], as the text encoder pools it.
        """
        waves = self.waves(scores.flatten()).reshape(len(scores), -1).to(feedback.dtype)
        tokens = torch.stack([self.scores_to_token(waves), self.feedback_to_token(feedback)], dim=1)
        return self.scores_to_time(waves) + self.feedback_to_time(feedback), tokens


@contextmanager
def conditioned(
    unet: nn.Module, condition: RewardCondition, scores: Tensor, feedback: Tensor, kept: Tensor | None = None
) -> Iterator[None]:
    """Inside the block, the U-Net knows the rewards of its batch.

    Args:
        unet: Of the pipeline.
        condition: Its widths fit.
        scores, feedback: As for `RewardCondition`; a batch of several times as many rows repeats them.
        kept: bool[B], false where the U-Net is not to know the reward; None: it knows all.
    """
    kept = torch.ones(len(scores), dtype=torch.bool, device=scores.device) if kept is None else kept
    time, tokens = condition(scores, feedback)

    def add_to_time(_: nn.Module, __: Any, embedded: Tensor) -> Tensor:
        return embedded + _tile(time * kept[:, None], embedded)

    def attend(_: nn.Module, __: Any, features: Tensor) -> Tensor:
        found = condition.attention(features, encoder_hidden_states=_tile(tokens, features))
        return features + _tile(kept[:, None, None, None], features) * found

    hooks = [unet.time_embedding.register_forward_hook(add_to_time), unet.conv_in.register_forward_hook(attend)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _tile(rows: Tensor, batch: Tensor) -> Tensor:
    """The rows as often as they fit into the batch: guidance runs it three times, one after the other."""
    return rows.repeat(len(batch) // len(rows), *[1] * (rows.ndim - 1))


@torch.no_grad()
def edit(
    pipeline: StableDiffusionInstructPix2PixPipeline,
    condition: RewardCondition,
    original: Image.Image,
    instruction: str,
    *,
    scores: Sequence[float] = BEST,
    feedback: Sequence[str] = NOTHING_WRONG,
    seed: int = 0,
    **options: Any,
) -> Image.Image:
    """The edit that would be given these scores and this feedback.

    options: those of the pipeline, such as guidance_scale, image_guidance_scale, num_inference_steps.
    """
    wanted = torch.tensor([scores], device=pipeline.unet.device)
    said = _read(pipeline, [join_feedback(feedback)]).pooler_output
    generator = torch.Generator("cpu").manual_seed(seed)
    with conditioned(pipeline.unet, condition, wanted, said):
        return pipeline(instruction, image=original, generator=generator, **options).images[0]


def training_step(
    pipeline: StableDiffusionInstructPix2PixPipeline,
    condition: RewardCondition,
    optimizer: torch.optim.Optimizer,
    pairs: Sequence[RewardedPair],
    generator: torch.Generator,
    *,
    dropped: float = DROPPED,
) -> float:
    """Takes a step with a batch of pairs, Pillow pictures of one size, and gives the loss that it started from.

    generator: on the CPU, so that it draws the same on every device.
    """
    device, size = pipeline.unet.device, len(pairs)
    with torch.no_grad():
        latents = _encode(pipeline, [pair.edited for pair in pairs]) * pipeline.vae.config.scaling_factor
        seen = _encode(pipeline, [pair.original for pair in pairs])
        text = _read(pipeline, [pair.instruction for pair in pairs]).last_hidden_state
        nothing = _read(pipeline, [""]).last_hidden_state
        feedback = _read(pipeline, [join_feedback(pair.feedback) for pair in pairs]).pooler_output
    scores = torch.tensor([pair.scores for pair in pairs], device=device)

    schedule = DDPMScheduler.from_config(pipeline.scheduler.config)
    noise = torch.randn(latents.shape, generator=generator).to(latents)
    steps = torch.randint(schedule.config.num_train_timesteps, (size,), generator=generator).to(device)
    # One draw decides on instruction and original: the first without the former, the last without the latter.
    guidance, reward = torch.rand(2, size, generator=generator).to(device)
    text = torch.where((guidance < 2 * dropped)[:, None, None], nothing, text)
    seen = seen * ((guidance < dropped) | (guidance >= 3 * dropped))[:, None, None, None]

    noisy = torch.cat([schedule.add_noise(latents, noise, steps), seen], dim=1)
    with conditioned(pipeline.unet, condition, scores, feedback, kept=reward >= dropped):
        predicted = pipeline.unet(noisy, steps, text).sample
    loss = nn.functional.mse_loss(predicted.float(), noise.float())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def _encode(pipeline: StableDiffusionInstructPix2PixPipeline, pictures: list[Image.Image]) -> Tensor:
    pixels = pipeline.image_processor.preprocess(pictures).to(pipeline.vae.device, pipeline.vae.dtype)
    return pipeline.vae.encode(pixels).latent_dist.mode()


def _read(pipeline: StableDiffusionInstructPix2PixPipeline, texts: list[str]) -> Any:
    """What the text encoder makes of texts; what is too long for it is cut."""
    longest = pipeline.tokenizer.model_max_length
    tokens = pipeline.tokenizer(
        texts, padding="max_length", max_length=longest, truncation=True, return_tensors="pt"
    ).input_ids
    return pipeline.text_encoder(tokens.to(pipeline.text_encoder.device))


def train(options: argparse.Namespace) -> None:
    pairs, left_out = read_pairs(options.data, options.judge)
    if left_out:
        print(f"{left_out} rows have no reward and are left out")
    pipeline = _open_pipeline(options.model)
    condition = RewardCondition.fit(pipeline)
    weights = [*condition.parameters(), *(() if options.freeze else pipeline.unet.parameters())]
    pipeline.unet.requires_grad_(not options.freeze).train()
    optimizer, generator = torch.optim.AdamW(weights, lr=options.rate), torch.Generator().manual_seed(options.seed)
    batches = torch.utils.data.DataLoader(
        pairs, options.batch, shuffle=True, generator=generator, collate_fn=partial(load_pairs, size=options.size)
    )
    for step, batch in enumerate(islice(chain.from_iterable(repeat(batches)), options.steps), 1):
        loss = training_step(pipeline, condition, optimizer, batch, generator)
        if step % 50 == 0 or step == options.steps:
            print(f"step {step} of {options.steps}: loss {loss:.4f}", flush=True)
    pipeline.save_pretrained(options.output)
    save_file(condition.state_dict(), options.output / WEIGHTS)


def edit_file(options: argparse.Namespace) -> None:
    pipeline = _open_pipeline(options.model)
    condition = RewardCondition.fit(pipeline)
    condition.load_state_dict(load_file(Path(options.model) / WEIGHTS))
    original = read_upright(options.original)
    edit(pipeline, condition, original, options.instruction, num_inference_steps=options.steps).save(options.output)


def _open_pipeline(model: str) -> StableDiffusionInstructPix2PixPipeline:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return StableDiffusionInstructPix2PixPipeline.from_pretrained(model, use_safetensors=True).to(device)


def read_upright(path: Path) -> Image.Image:
    """A picture as it is to be seen, and as editjudge reads it: many cameras write it lying, and say so."""
    with Image.open(path) as picture:
        return ImageOps.exif_transpose(picture).convert("RGB")


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = command_line.add_subparsers(required=True)
    training = commands.add_parser("train", help="train on rewarded pairs")
    training.add_argument("data", type=Path, help="of score-dataset, or of RewardEdit-20K")
    training.add_argument("output", type=Path, help="a folder for the pipeline")
    training.add_argument("--model", default="timbrooks/instruct-pix2pix", help="of the hub, or a folder")
    training.add_argument("--judge", default=JUDGE, help="the metric that gave the rewards")
    training.add_argument("--freeze", action="store_true", help="train what is new alone, not the U-Net")
    training.add_argument("--steps", type=int, default=10_000)
    training.add_argument("--batch", type=int, default=4)
    training.add_argument("--size", type=int, default=256, help="pixels of the sides of the pictures")
    training.add_argument("--rate", type=float, default=1e-5)
    training.add_argument("--seed", type=int, default=0)
    training.set_defaults(run=train)
    editing = commands.add_parser("edit", help="edit a picture as if nothing were wrong")
    editing.add_argument("model", help="the folder that training wrote")
    editing.add_argument("original", type=Path)
    editing.add_argument("instruction")
    editing.add_argument("output", type=Path)
    editing.add_argument("--steps", type=int, default=50)
    editing.set_defaults(run=edit_file)
    options = command_line.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
