"""A question of a prompt set as it is put to a model, and the label by which records know the words of a set."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from editjudge.backends.vision_language import VisionQuestion
from editjudge.metrics.vlm_judge.answer_schema import build_schema, count_longest, describe_answer
from editjudge.metrics.vlm_judge.prompts.prompt_set import JudgeQuestion, PromptSet, Shown

DIGITS = 6
"""Of the hash in a label."""


def build_question(
    prompts: PromptSet,
    question: JudgeQuestion,
    pictures: Mapping[Shown, bytes],
    instruction: str,
    *,
    temperature: float = 0.0,
    seed: int = 0,
) -> VisionQuestion:
    """The pictures come first: servers that keep what they read last read those of one edit once.

    pictures: as PNG files.
    """
    alone = len(question.pictures) == 1
    content: list[str | bytes] = []
    for shown in question.pictures:
        content += ["The picture:" if alone else f"The {shown} picture:", pictures[shown]]
    asked = f"The instruction: {json.dumps(instruction, ensure_ascii=False)}\n" if question.tells_instruction else ""
    content.append(f"{asked}{question.task}\n{describe_answer(question)}")
    return VisionQuestion(
        content=tuple(content),
        schema=build_schema(question),
        name=f"{prompts.name}_{question.name}",
        longest=count_longest(question),
        temperature=temperature,
        seed=seed,
        system=prompts.system,
    )


def label_prompts(prompts: PromptSet) -> str:
    """The name of a set, its number, and a hash of every word and bound: "three_sides@1-ab12cd"."""
    asked = [build_question(prompts, one, {"original": b"", "edited": b""}, "") for one in prompts.questions]
    words = hashlib.sha256(repr(asked).encode()).hexdigest()[:DIGITS]
    return f"{prompts.name}@{prompts.number}-{words}"
