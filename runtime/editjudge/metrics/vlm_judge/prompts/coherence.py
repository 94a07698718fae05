"""Whether one difference of two pictures was asked for, as DICE asks; the words are ours."""

from __future__ import annotations

from collections.abc import Mapping

from editjudge.metrics.vlm_judge.prompts.prompt_set import (
    SYSTEM,
    ChoiceField,
    JudgeQuestion,
    PromptSet,
    SentenceField,
)


def add_up_nothing(sides: Mapping[str, float]) -> float:
    raise ValueError("a difference has no number")


COHERENCE = PromptSet(
    "coherence",
    1,
    "coherence of a difference",
    "whether a difference was asked for",
    SYSTEM,
    (
        JudgeQuestion(
            "difference",
            "The same place is framed in magenta in both pictures; the frame itself is no part of them. Say what "
            "changed inside of it. Was that change asked for by the instruction, or does it follow from it by "
            "necessity? What the frame shows unchanged was not asked for.",
            ("original", "edited"),
            True,
            (
                ChoiceField("coherent", "yes: the change was asked for; no: it was not"),
                SentenceField("reason", "why, in one sentence"),
            ),
        ),
    ),
    None,
    add_up_nothing,
)
