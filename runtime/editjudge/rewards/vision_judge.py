"""Rewards of batches by a model with eyes, several edits at a time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from editjudge.image.decode import start_decoding
from editjudge.metrics.rewards.reward_score import JudgeRecord, RewardScore
from editjudge.metrics.vlm_judge.judge import VlmJudge
from editjudge.metrics.vlm_judge.judged_edit import as_reward
from editjudge.rewards.edit_triple import EditTriple
from editjudge.rewards.judgement import attempt
from editjudge.utils.pools import submit


class VisionJudge:
    """Judges by questions to a model. May be shared by threads.

    Args:
        judge: Asks the questions of the prompt set three_sides.
        requests: How many edits are judged at once.
    """

    def __init__(self, judge: VlmJudge, requests: int) -> None:
        self._judge = judge
        self._requests = requests

    @property
    def record(self) -> JudgeRecord:
        return self._judge.record

    def judge(self, edits: Sequence[EditTriple]) -> list[RewardScore | str]:
        pool = ThreadPoolExecutor(self._requests, "editjudge-rewards")
        try:
            started = [submit(pool, attempt, partial(self._judge_one, edit)) for edit in edits]
            return [future.result() for future in started]
        finally:
            pool.shutdown(cancel_futures=True)  # of a machine that fails, the rest is not asked

    def close(self) -> None:
        """Leaves the model open: others of this process may ask it."""

    def _judge_one(self, edit: EditTriple) -> RewardScore:
        original, edited = (decoded.result() for decoded in start_decoding([edit.original, edit.edited]))
        return as_reward(self._judge.judge(original.pixels, edited.pixels, edit.instruction))
