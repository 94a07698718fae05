"""What a judge says: of an edit, a number for each side; of a difference, yes or no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev

from editjudge.errors import InputError
from editjudge.metrics.rewards.reward_score import NOTHING_WRONG, JudgeRecord, RewardScore, SideScore
from editjudge.metrics.vlm_judge.prompts.prompt_set import (
    REASONING,
    ChoiceField,
    JudgeQuestion,
    SentenceField,
)
from editjudge.metrics.vlm_judge.prompts.three_sides import THREE_SIDES
from editjudge.metrics.vlm_judge.read_answer import ReadAnswer


@dataclass(frozen=True)
class JudgeUsage:
    """What a judgement took, now: tokens as far as the model told of them; answers that came from disk took none."""

    read_tokens: int = 0
    written_tokens: int = 0
    kept_answers: int = 0
    new_answers: int = 0


@dataclass(frozen=True)
class JudgedSide:
    """What was said of one side, over all passes.

    Attributes:
        value: The mean of what each pass said.
        spread: The standard deviation of that; None: there was one pass.
        passed: What more passes said than not; None where it was not asked, or as many said yes as no.
        feedback: Of the pass that said what is nearest to `value`, the first of these; "None" where nothing is wrong.
        numbers: The mean of each number of the answers, by name.
    """

    value: float
    spread: float | None
    passed: bool | None
    feedback: str
    numbers: Mapping[str, float]


@dataclass(frozen=True)
class JudgedEdit:
    """A judgement of an edit.

    Attributes:
        sides: By name, in the order of the prompt set.
        overall: What they add up to.
        record: Who judged.
        usage: What it took this time; two judgements are equal whatever they took.
    """

    sides: Mapping[str, JudgedSide]
    overall: float
    record: JudgeRecord
    usage: JudgeUsage = field(default=JudgeUsage(), compare=False)

    @property
    def read_tokens(self) -> int:
        """Of the questions, now; those that the model did not tell of are not counted."""
        return self.usage.read_tokens

    @property
    def written_tokens(self) -> int:
        """Of the answers, likewise."""
        return self.usage.written_tokens


@dataclass(frozen=True)
class JudgedDifference:
    """A judgement of a difference.

    Attributes:
        coherent: Whether it was asked for; None where as many passes said yes as no.
        reason: In a sentence, of the first pass that said so.
        record: Who judged.
    """

    coherent: bool | None
    reason: str
    record: JudgeRecord
    usage: JudgeUsage = field(default=JudgeUsage(), compare=False)


def sum_up_side(question: JudgeQuestion, answers: Sequence[ReadAnswer]) -> JudgedSide:
    """The side that a question is about, of what the passes answered; it is worth the least of its numbers."""
    values = [float(min(answer[one.name] for one in question.scores)) for answer in answers]
    value = fmean(values)
    nearest = min(range(len(values)), key=lambda index: abs(values[index] - value))
    return JudgedSide(
        value,
        stdev(values) if len(values) > 1 else None,
        count_votes(question, answers),
        _find_sentence(question, answers[nearest]),
        {one.name: fmean(answer[one.name] for answer in answers) for one in question.scores},
    )


def as_reward(judged: JudgedEdit) -> RewardScore:
    """A judgement by the prompt set three_sides as a reward. Raises InputError for one by another set."""
    if set(judged.sides) != {question.name for question in THREE_SIDES.questions}:
        raise InputError(f"{judged.record.prompts} does not judge three sides; ask a judge of {THREE_SIDES.name}")
    sides = {
        name: SideScore(side.value, side.passed, side.feedback, side.spread) for name, side in judged.sides.items()
    }
    return RewardScore(**sides, judge=judged.record)


def count_votes(question: JudgeQuestion, answers: Sequence[ReadAnswer]) -> bool | None:
    """What more answers say than not; None for a draw, and for a question without a choice."""
    for one in question.fields:
        if isinstance(one, ChoiceField):
            ayes = sum(answer[one.name] for answer in answers)
            return None if 2 * ayes == len(answers) else 2 * ayes > len(answers)
    return None


def _find_sentence(question: JudgeQuestion, answer: ReadAnswer) -> str:
    """The sentence that was asked for, else the reasoning."""
    names = [one.name for one in question.fields if isinstance(one, SentenceField)]
    said = str(answer[names[0] if names else REASONING])
    return NOTHING_WRONG if said.strip(" .'\"").lower() == NOTHING_WRONG.lower() else said
