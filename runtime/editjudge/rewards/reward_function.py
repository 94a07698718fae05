"""The reward function that trainers of the DDPO family take: TRL's DDPOTrainer, and those that flow_grpo adds up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from editjudge.errors import InputError
from editjudge.image.decode import ImageSource
from editjudge.image.floats import from_float
from editjudge.metrics.rewards.reward_score import HIGHEST
from editjudge.rewards.judgement import OVERALL, check_side, read_value
from editjudge.rewards.reward import Reward
from editjudge.rewards.unmeasured import NeutralRewards, warn_of_gaps

RewardFunction = Callable[[Any, Sequence[str], Sequence[Mapping[str, Any]]], tuple[list[float], dict[str, Any]]]
"""Takes pictures, prompts and the metadata of each; gives a number for each, and what else there is to tell."""


def make_reward_function(reward: Reward, side: str = OVERALL, original: str = "original") -> RewardFunction:
    """A function of (images, prompts, metadata) that gives rewards from 0 to 1, and the rows under "rows".

    The pictures are a list of what a Scorer takes, or one array or tensor: floats from 0 to 1 [B, C, H, W] or
    [B, H, W, C], or uint8[B, H, W, 3]. An edit without a reward gets the mean of its prompt, which is no advantage
    where the trainer keeps statistics by prompt (`NeutralRewards`).

    Args:
        reward: Judges; its owner closes it.
        side: What counts: overall, following, preserving or quality.
        original: The key of the metadata under which the picture before the edit is.
    """
    check_side(side)
    neutral = NeutralRewards()

    def judge(
        images: Any, prompts: Sequence[str], metadata: Sequence[Mapping[str, Any]]
    ) -> tuple[list[float], dict[str, Any]]:
        rows = reward([_find_original(known, original) for known in metadata], split_pictures(images), prompts)
        values = [read_value(row, side) for row in rows]
        warn_of_gaps(rows, values)
        return [value / HIGHEST for value in neutral.fill(values, prompts)], {"rows": rows}

    return judge


def split_pictures(images: Any) -> list[ImageSource]:
    """The pictures of a batch. Raises ImageError for floats that are none from 0 to 1."""
    if isinstance(images, list | tuple):
        return list(images)
    if isinstance(images, np.ndarray) and images.dtype == np.uint8:
        return list(images)
    channels_first = len(images.shape) == 4 and images.shape[1] in (1, 3, 4) and images.shape[3] not in (1, 3, 4)
    if channels_first:
        images = images.permute(0, 2, 3, 1) if hasattr(images, "permute") else np.moveaxis(np.asarray(images), 1, -1)
    return list(from_float(images))


def _find_original(metadata: Mapping[str, Any], key: str) -> ImageSource:
    if not isinstance(metadata, Mapping) or key not in metadata:
        raise InputError(f"the metadata of a prompt has no {key!r}; put the picture before the edit there")
    source: ImageSource = metadata[key]
    return source
