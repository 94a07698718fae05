"""The local reward of batches: edits of one original and one instruction go through the models together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from os import PathLike

from editjudge.errors import BundleError, DeviceError, JudgeError
from editjudge.metrics.registry import EditScore
from editjudge.metrics.rewards.local import NAME
from editjudge.metrics.rewards.metric import REWARD
from editjudge.metrics.rewards.reward_score import JudgeRecord, RewardResult, RewardScore
from editjudge.ranking import Prepared
from editjudge.rewards.edit_triple import EditTriple, group_alike
from editjudge.rewards.judgement import attempt
from editjudge.scorer import Scorer

METRIC = REWARD.spec.name


class LocalJudge:
    """Judges with the models of a bundle. May be shared by threads.

    Raises BundleError, DeviceError, OutOfMemoryError or InputError, as `Scorer.load` does.
    """

    def __init__(self, bundle: str | PathLike[str], device: str, threads: int | None) -> None:
        self._scorer = Scorer.load(bundle, device, threads)

    @property
    def record(self) -> JudgeRecord:
        return JudgeRecord(NAME, self._scorer.bundle.name)

    def judge(self, edits: Sequence[EditTriple]) -> list[RewardScore | str]:
        judged: dict[int, RewardScore | str] = {}
        for group in group_alike(edits):
            judged.update(zip(group, self._judge_group([edits[index] for index in group]), strict=True))
        return [judged[index] for index in range(len(edits))]

    def close(self) -> None:
        self._scorer.close()

    def _judge_group(self, edits: Sequence[EditTriple]) -> list[RewardScore | str]:
        prepared = self._prepare(edits[0]) if len(edits) > 1 else None
        if prepared is None:
            return [attempt(partial(self._judge_alone, edit)) for edit in edits]
        try:
            return [
                read_reward(ranked.score) if ranked.score else str(ranked.error)
                for ranked in prepared.scores([edit.edited for edit in edits])
            ]
        except (BundleError, DeviceError):
            raise
        except Exception:  # one by one, so that none takes the others along and there is memory for each
            return [attempt(partial(_judge_prepared, prepared, edit)) for edit in edits]

    def _prepare(self, edit: EditTriple) -> Prepared | None:
        """None where original and instruction cannot be used: then each edit by itself says why."""
        try:
            return self._scorer.prepare(edit.original, edit.instruction, metrics=(METRIC,))
        except (BundleError, DeviceError):
            raise
        except Exception:
            return None

    def _judge_alone(self, edit: EditTriple) -> RewardScore:
        return read_reward(self._scorer.score(*edit, metrics=(METRIC,)))


def _judge_prepared(prepared: Prepared, edit: EditTriple) -> RewardScore:
    return read_reward(prepared.score(edit.edited))


def read_reward(score: EditScore) -> RewardScore:
    """The reward that was measured with a score. Raises JudgeError where it was not."""
    result = score.metrics.get(METRIC)
    if not isinstance(result, RewardResult) or result.reward is None:
        raise JudgeError(f"the score holds no reward; ask for it with metrics={METRIC!r}")
    return result.reward
