"""A callback of diffusers that looks at an edit while it is made, and stops once it is done, or will never be.

>>> stop = EarlyStop(scorer, picture, "make the car blue", size=(1024, 1024))
>>> edited = pipeline(image=picture, prompt="make the car blue", callback_on_step_end=stop).images[0]
>>> stop.reason, len(stop.looks)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from PIL import Image
from torch import Tensor

from editjudge import EditScore, InputError, Scorer
from editjudge.utils.arguments import number, whole_number
from editjudge_integrations.editing_pipelines.preview import (
    check_scheduler,
    decode_latents,
    estimate_clean,
    find_levels,
)

SHARE = number(0, 1)
COUNT = whole_number(1, 1000)
Decode = Callable[[Any, Tensor], Image.Image]
"""Makes a picture of a pipeline and its latents without noise."""


@dataclass(frozen=True)
class PreviewLook:
    """A look at an edit in the making.

    Attributes:
        step: After which step, from 0.
        picture: The edit as it would be if the model kept to what it predicts at this step.
        score: Of that picture, without its evidence.
    """

    step: int
    picture: Image.Image
    score: EditScore


class EarlyStop:
    """The callback, for one original and instruction; each run of a pipeline begins it anew.

    A pipeline that is stopped gives the picture that was looked at last. What was not measured stops nothing.

    Args:
        scorer: Scores the previews.
        original: The picture that is edited.
        instruction: What was asked for.
        first_look: From which share of the steps on it looks, 0 to 1: before, previews are vague.
        every: It looks at each of so many steps.
        accept_at: The probability that the edit is done as asked from which it stops; None: where the verdict accepts.
        give_up_at: The probability that counts as hopeless, and all below; None: it never gives up. How low that may be
            depends on the pipeline: look at the `looks` of some edits that became good.
        patience: How many looks in succession have to be hopeless.
        size: The width and height of what the pipeline makes, where it packs its latents, as FLUX does.
        decode: Makes a picture of latents; None: as the pipeline does.

    Attributes:
        looks: Of the last run.
        reason: Why that was stopped, "done" or "hopeless"; None: it went on to the end.
    """

    def __init__(
        self,
        scorer: Scorer,
        original: Image.Image,
        instruction: str,
        *,
        first_look: float = 0.5,
        every: int = 2,
        accept_at: float | None = None,
        give_up_at: float | None = None,
        patience: int = 2,
        size: tuple[int, int] | None = None,
        decode: Decode | None = None,
    ) -> None:
        SHARE.check(first_look=first_look)
        SHARE.or_none("the verdict").check(accept_at=accept_at)
        SHARE.or_none("never").check(give_up_at=give_up_at)
        COUNT.check(every=every, patience=patience)
        self._prepared = scorer.prepare(original, instruction)
        self._first_look, self._every = first_look, every
        self._accept_at, self._give_up_at, self._patience = accept_at, give_up_at, patience
        self._decode = decode or (lambda pipeline, latents: decode_latents(pipeline, latents, size))
        self._last: Tensor | None = None
        self.looks: list[PreviewLook] = []
        self.reason: Literal["done", "hopeless"] | None = None

    def __call__(self, pipeline: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        """What a pipeline calls after each step, for which it has to hand in its latents, as it does by default.

        Raises InputError for a pipeline that cannot be stopped, a scheduler without previews, several edits at once.
        """
        if step == 0:
            self._begin(pipeline, tensors)
        latents, before = tensors["latents"], self._last
        self._last = latents
        if before is None or not self._is_due(step, pipeline.num_timesteps):
            return {}
        clean = estimate_clean(before, latents, find_levels(pipeline.scheduler, timestep)).to(latents.dtype)
        picture = self._decode(pipeline, clean)
        self.looks.append(PreviewLook(step, picture, self._prepared.score(picture).without_evidence()))
        self.reason = self._decide()
        if self.reason is None:
            return {}
        pipeline._interrupt = True
        return {"latents": clean}

    def _begin(self, pipeline: Any, tensors: dict[str, Any]) -> None:
        self.looks, self.reason, self._last = [], None, None
        if not hasattr(type(pipeline), "interrupt"):
            name = type(pipeline).__name__
            raise InputError(
                f"{name} of diffusers cannot be stopped: it never looks whether to; choose another pipeline"
            )
        check_scheduler(pipeline.scheduler)
        if "latents" not in tensors:
            raise InputError('the callback needs the latents; hand in callback_on_step_end_tensor_inputs=["latents"]')
        if len(tensors["latents"]) != 1:
            raise InputError("several edits are made at once, and a pipeline stops all or none; make one at a time")

    def _is_due(self, step: int, steps: int) -> bool:
        """The last step is not looked at: nothing is left to be saved."""
        return self._first_look * steps <= step + 1 < steps and (step + 1) % self._every == 0

    def _decide(self) -> Literal["done", "hopeless"] | None:
        if self._is_done(self.looks[-1].score):
            return "done"
        recent = self.looks[-self._patience :]
        if len(recent) == self._patience and all(self._is_hopeless(look.score) for look in recent):
            return "hopeless"
        return None

    def _is_done(self, score: EditScore) -> bool:
        if self._accept_at is None:
            return score.verdict.decision == "accept"
        return score.verdict.probability is not None and score.verdict.probability >= self._accept_at

    def _is_hopeless(self, score: EditScore) -> bool:
        if self._give_up_at is None or score.verdict.probability is None:
            return False
        return score.verdict.probability <= self._give_up_at
