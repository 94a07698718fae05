"""Semantic consistency and perceptual quality, two numbers each, as in VIEScore, GEdit-Bench and EditScore.

A side is the lesser of its two numbers; the scale and the adding up are theirs, the words are ours.
"""

from __future__ import annotations

from editjudge.metrics.vlm_judge.prompts.prompt_set import (
    SYSTEM,
    JudgeQuestion,
    PromptSet,
    ScoreField,
    multiply_least,
)

SC_PQ = PromptSet(
    "sc_pq",
    1,
    "SC and PQ",
    "the root of semantic consistency times perceptual quality",
    SYSTEM,
    (
        JudgeQuestion(
            "sc",
            "How well was the original picture edited as the instruction asks? Give two numbers, each by itself: how "
            "far the instruction was carried out, and how far the editing kept to it and left everything else alone.",
            ("original", "edited"),
            True,
            (
                ScoreField("success", 10, "0: nothing of the instruction was done; 10: all of it, as asked"),
                ScoreField("restraint", 10, "0: the picture is another one; 10: only what was asked for has changed"),
            ),
        ),
        JudgeQuestion(
            "pq",
            "How good is this picture as a picture? It was made by a program. Give two numbers, each by itself: how "
            "natural it looks, and how free of flaws it is.",
            ("edited",),
            False,
            (
                ScoreField(
                    "naturalness",
                    10,
                    "0: nothing in it fits together, as to light, shadow, size and place; 10: it could be real, or be "
                    "made whole by one hand",
                ),
                ScoreField(
                    "cleanness",
                    10,
                    "0: deformed, blurred, smeared or broken all over; 10: free of seams, smears, noise, and of "
                    "deformed bodies, objects and letters",
                ),
            ),
        ),
    ),
    10.0,
    multiply_least("sc", "pq"),
)
