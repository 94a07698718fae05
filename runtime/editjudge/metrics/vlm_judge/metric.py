"""A judge as a metric among others: `vlm:sc_pq@openai:MODEL`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from editjudge.errors import InstructionError
from editjudge.metrics.base import MetricResult, MetricSpec
from editjudge.metrics.context import EditContext
from editjudge.metrics.rewards.reward_score import RewardResult, join_feedback
from editjudge.metrics.vlm_judge.judged_edit import JudgedEdit, as_reward
from editjudge.metrics.vlm_judge.names import parse_judge_name
from editjudge.metrics.vlm_judge.open_judge import open_judge
from editjudge.metrics.vlm_judge.prompts.catalog import find_prompts
from editjudge.metrics.vlm_judge.prompts.three_sides import THREE_SIDES


@dataclass(frozen=True)
class VlmMetric:
    """What a model with eyes says of an edit, by one pass at temperature 0. Raises InputError for what is no name."""

    name: str

    def __post_init__(self) -> None:
        parse_judge_name(self.name)

    @cached_property
    def spec(self) -> MetricSpec:
        asked = parse_judge_name(self.name)
        prompts = find_prompts(asked.prompts)
        highest = prompts.highest or 0.0
        return MetricSpec(
            self.name,
            f"VLM {prompts.title} ({asked.model})",
            f"0 to {highest:g}: {prompts.meaning}",
            range=(0.0, highest),
            aspect="overall",
        )

    def compute(self, context: EditContext) -> MetricResult:
        """Asks, or takes from disk what was answered before. Raises JudgeError."""
        if context.instruction is None:
            raise InstructionError(f"the metric {self.name} needs the instruction in words; give it with the intent")
        asked = parse_judge_name(self.name)
        judge = open_judge(asked.prompts, asked.backend, asked.model)
        return as_result(judge.judge(*context.handed_in, context.instruction))


def as_result(judged: JudgedEdit) -> MetricResult:
    """A judgement as the result of a metric."""
    parts: dict[str, float | None] = {name: side.value for name, side in judged.sides.items()}
    explanation = join_feedback({name: side.feedback for name, side in judged.sides.items()})
    record = judged.record.to_dict()
    if set(judged.sides) == {question.name for question in THREE_SIDES.questions}:
        return RewardResult(judged.overall, parts, explanation=explanation, judge=record, reward=as_reward(judged))
    return MetricResult(judged.overall, parts, explanation=explanation, judge=record)
