"""Alignment with the instruction and coherence of the picture, 0 to 100 each, as in HQ-Edit; the words are ours."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

from editjudge.metrics.vlm_judge.prompts.prompt_set import SYSTEM, JudgeQuestion, PromptSet, ScoreField


def add_up_mean(sides: Mapping[str, float]) -> float:
    return fmean(sides.values())


ALIGNMENT_COHERENCE = PromptSet(
    "alignment_coherence",
    1,
    "alignment and coherence",
    "the mean of how well the edit fits its instruction, and the picture itself",
    SYSTEM,
    (
        JudgeQuestion(
            "alignment",
            "How well does what changed from the original picture to the edited one fit the instruction? Weigh both "
            "what was asked for and not done, and what was done and not asked for.",
            ("original", "edited"),
            True,
            (ScoreField("score", 100, "0: the changes have nothing to do with it; 100: they are what it asks for"),),
        ),
        JudgeQuestion(
            "coherence",
            "How well does this picture hold together? Weigh whether objects, light, shadows, perspective, style and "
            "textures fit one another, and whether it is sharp and free of flaws.",
            ("edited",),
            False,
            (ScoreField("score", 100, "0: nothing fits; 100: it is one flawless picture"),),
        ),
    ),
    100.0,
    add_up_mean,
)
