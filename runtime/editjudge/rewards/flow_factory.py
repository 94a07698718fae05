"""The groupwise reward model of Flow-Factory (github.com/X-GenGroup/Flow-Factory), which trains editing models.

In its configuration, no code is needed:

    rewards:
      - name: "edit"
        reward_model: "editjudge.rewards.flow_factory.GroupwiseEditReward"
        bundle: "photo-edge"

Flow-Factory is imported when that class is asked for, and only then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from inspect import signature
from typing import Any

from editjudge.errors import DeviceError, InputError
from editjudge.metrics.rewards.reward_score import HIGHEST
from editjudge.rewards.judgement import OVERALL, check_side, read_value
from editjudge.rewards.reward import Reward
from editjudge.rewards.unmeasured import NeutralRewards, warn_of_gaps

NAME = "GroupwiseEditReward"
RENAMED = {"scoring_device": "device"}
"""Options whose names the trainer's own configuration has for something else."""


def make_reward_model(base: type, output: Callable[..., Any]) -> type:
    """The reward model, for a Flow-Factory that is imported already.

    Args:
        base: Its GroupwiseRewardModel.
        output: Its RewardModelOutput.

    The class gives each edit of a group a reward from 0 to 1, and reads the original once for all of them. It takes
    the options of `Reward` from the trainer's configuration, `device` under the name of `scoring_device`; and `side`,
    what of the reward counts: overall, following, preserving or quality. An edit without a reward gets the mean of its
    group, which is no advantage (`NeutralRewards`), and a warning says so.
    """

    class GroupwiseReward(base):  # type: ignore[misc]
        required_fields = ("prompt", "image", "condition_images")
        use_tensor_inputs = False

        def __init__(self, config: Any, accelerator: Any) -> None:
            super().__init__(config, accelerator)
            options = read_options(dict(config.extra_kwargs))
            self.side = check_side(options.pop("side", OVERALL))
            self.reward = Reward(**options)
            self.neutral = NeutralRewards()

        def __call__(
            self, prompt: list[str], image: list[Any] | None = None, condition_images: list[Any] | None = None
        ) -> Any:
            if image is None or condition_images is None:
                lacking = "edited pictures" if image is None else "condition images, which are the originals"
                raise InputError(f"the samples have no {lacking}; train a model that edits pictures")
            rows = self.reward(map(first_picture, condition_images), image, prompt)
            values = [read_value(row, self.side) for row in rows]
            warn_of_gaps(rows, values)
            rewards = [value / HIGHEST for value in self.neutral.fill(values, prompt)]
            return output(rewards=rewards, extra_info={"rows": rows})

    GroupwiseReward.__name__ = GroupwiseReward.__qualname__ = NAME
    return GroupwiseReward


def first_picture(pictures: Any) -> Any:
    """The original among a sample's condition images: the first, as what follows are references; None of none."""
    if not isinstance(pictures, Sequence):
        return pictures
    return pictures[0] if len(pictures) else None


def read_options(extra: dict[str, Any]) -> dict[str, Any]:
    """The options of `Reward` and `side`, as the trainer's configuration names them. Raises InputError for others."""
    options = {RENAMED.get(name, name): value for name, value in extra.items()}
    known = {*signature(Reward).parameters, "side"}
    if unknown := sorted(options.keys() - known):
        names = sorted(known - set(RENAMED.values()) | set(RENAMED))
        raise InputError(f"there is no option {unknown[0]!r} of this reward; choose among {', '.join(names)}")
    return options


def __getattr__(name: str) -> type:
    if name != NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        theirs = import_module("flow_factory.rewards")
    except ImportError as error:
        raise DeviceError(f"Flow-Factory cannot be imported: {error}; install it to train with it") from error
    made = make_reward_model(theirs.GroupwiseRewardModel, theirs.RewardModelOutput)
    globals()[name] = made
    return made
