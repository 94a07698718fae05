"""The form of an answer: as a JSON schema for a grammar, and in words for a model whose server keeps to no schema."""

from __future__ import annotations

from typing import Any

from editjudge.metrics.vlm_judge.prompts.prompt_set import (
    LONGEST_REASONING,
    REASONING,
    AnswerField,
    ChoiceField,
    JudgeQuestion,
    ScoreField,
    SentenceField,
)

CHOICES = ("yes", "no")
SPARE = 64
"""Tokens for what is neither reasoning nor sentence."""


def build_schema(question: JudgeQuestion) -> dict[str, Any]:
    """The reasoning first, then the fields of the question; every text is bounded, and numbers are enumerated, as the
    grammars of llama.cpp know no least and greatest.
    """
    fields = {REASONING: _bounded(LONGEST_REASONING)} | {one.name: _build_field(one) for one in question.fields}
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def count_longest(question: JudgeQuestion) -> int:
    """The most tokens that an answer may have: one a character, as of languages that a model hardly knows."""
    return SPARE + LONGEST_REASONING + sum(one.longest for one in question.fields if isinstance(one, SentenceField))


def describe_answer(question: JudgeQuestion) -> str:
    """The same in words, with what each field means."""
    lines = [f'"{REASONING}": what you see that bears on it, in at most {LONGEST_REASONING} characters']
    lines += [f'"{one.name}": {_describe_field(one)}' for one in question.fields]
    listed = "\n".join(lines)
    return f"Answer with one JSON object and nothing else. Its fields, in this order:\n{listed}"


def _build_field(one: AnswerField) -> dict[str, Any]:
    match one:
        case ScoreField():
            return {"type": "integer", "enum": list(range(one.highest + 1))}
        case ChoiceField():
            return {"type": "string", "enum": list(CHOICES)}
    return _bounded(one.longest)


def _bounded(longest: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": longest}


def _describe_field(one: AnswerField) -> str:
    match one:
        case ScoreField():
            return f"a whole number from 0 to {one.highest}; {one.meaning}"
        case ChoiceField():
            return f'"{CHOICES[0]}" or "{CHOICES[1]}"; {one.meaning}'
    return f"{one.meaning}, in at most {one.longest} characters"
