"""Several edits of a picture by a pipeline of diffusers, all of them, the best first.

>>> edits = rank_images(pipeline, picture, "make the car blue", 8, scorer=Scorer.load("photo-edge"))
>>> edits[0].image, edits[0].seed, edits[0].score.headline
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image

from editjudge import EditScore, InputError, Scorer
from editjudge.utils.arguments import whole_number

COUNT = whole_number(1, 10_000)
SEED = whole_number(0, 2**63 - 1)
OURS = ("generator", "num_images_per_prompt", "output_type", "return_dict")
"""Arguments of pipelines that are given here."""


@dataclass(frozen=True)
class RankedImage:
    """An edit that a pipeline made.

    Attributes:
        image: RGB.
        seed: Of its noise; with it alone the pipeline makes the same edit again.
        score: None: it could not be scored. A score whose `bpm` is None was not measured: it stands behind those that
            were, and is no bad one.
        error: Why there is none, in one sentence.
    """

    image: Image.Image
    seed: int
    score: EditScore | None
    error: str | None = None


def rank_images(
    pipeline: Any,
    image: Image.Image,
    prompt: str,
    n: int,
    *,
    scorer: Scorer,
    instruction: str | None = None,
    seed: int = 0,
    **options: Any,
) -> list[RankedImage]:
    """Edits a picture n times, each time from noise of its own, and puts the best first; of equals the first made.

    Args:
        pipeline: Of diffusers, one that takes `image` and `prompt`.
        image: The original.
        prompt: What the pipeline is told.
        n: How many edits.
        scorer: Scores them; the original is prepared once for all.
        instruction: What was asked for, where that is not the prompt word for word.
        seed: Of the first edit; those that follow have the numbers that follow.
        options: Of the pipeline, as num_inference_steps, guidance_scale.

    Raises InputError for what is none of these; what the pipeline raises goes through.
    """
    COUNT.check(n=n)
    SEED.check(seed=seed)
    if taken := sorted(set(OURS) & options.keys()):
        raise InputError(f"{taken[0]} is given by rank_images itself; leave it out, or call the pipeline")
    prepared = scorer.prepare(image, prompt if instruction is None else instruction)
    seeds = list(range(seed, seed + n))
    made = [_edit(pipeline, image, prompt, one, options) for one in seeds]
    ranked = prepared.rank(made)
    return [RankedImage(made[one.index], seeds[one.index], one.score, one.error) for one in ranked]


def _edit(pipeline: Any, image: Image.Image, prompt: str, seed: int, options: dict[str, Any]) -> Image.Image:
    """One edit; what a list of pictures means differs between pipelines. Its noise is the same on every device."""
    generator = torch.Generator("cpu").manual_seed(seed)
    output = pipeline(prompt=prompt, image=image, generator=generator, output_type="pil", **options)
    return output.images[0].convert("RGB")
