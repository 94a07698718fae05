"""The best of several candidates, and no more looked at of the others than proves that they are not among them."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import replace

from editjudge.metrics.answers.joint_survey import JointSurvey
from editjudge.metrics.answers.score_contexts import Judging, add_metrics, judge_contexts
from editjudge.metrics.context import EditContext
from editjudge.metrics.registry import EditScore
from editjudge.types import CHANGE_KINDS, ChangeKind
from editjudge.utils.timing import StageTimer

RankKey = tuple[float, ...]
"""What candidates are ordered by, the best first."""


def place(value: float | None, kind: ChangeKind, changed_share: float, index: int) -> RankKey:
    """The place of a candidate: by its number; where numbers do not decide, by what the pictures show, and at last in
    the order in which candidates were given.
    """
    known = (1.0, 0.0) if value is None else (0.0, -value)
    return *known, float(CHANGE_KINDS.index(kind)), changed_share, float(index)


class Prospect:
    """A candidate of which boxes and crops were looked at, and the masks not yet where it needs any.

    Attributes:
        index: In the order in which it was given.
        score: None: its masks were not made.
        bound: The most that its score's value can be; None: it can be no number, or the score is there.
        left_out: Why it has no score, in a clause.
    """

    def __init__(self, index: int, place: int, batch: ProspectBatch) -> None:
        self.index = index
        self.score: EditScore | None = None
        self.bound: float | None = None
        self.left_out: str | None = None
        self._place, self._batch = place, batch
        self._context = batch.contexts[place]
        if self._is_masked:
            self._judge(StageTimer())
        else:
            self.bound = batch.judging.metric.bound(self._context)

    @property
    def place(self) -> RankKey:
        """Its place where it has a score, else the best that this can be: what pixels show of it is known."""
        changes = self._context.aligned.changes
        value = self.bound if self.score is None else self.score.value
        return place(value, changes.kind, changes.share, self.index)

    def finish(self) -> None:
        """Cuts out what is left to be, and scores the candidate."""
        timer = StageTimer()
        self._batch.survey.segment(self._place, timer)
        self._batch.survey.share(self._place)
        self._judge(timer)

    @property
    def _is_masked(self) -> bool:
        return all(one.observation.grounding.masked for one in (self._context, *self._context.more))

    def _judge(self, timer: StageTimer) -> None:
        (score,) = judge_contexts([self._context], self._batch.judging, timer)
        before = self._batch.spent
        timings = {stage: round(spent + before[stage], 3) for stage, spent in score.timings_ms.items()}
        score = replace(score, timings_ms=timings)
        self.score, self.bound = add_metrics(score, self._context, self._batch.judging.others), None


class ProspectBatch:
    """Candidates that go through the models together, up to the masks.

    Args:
        indices: In the order in which they were given.
        contexts: As many, at least one; all of one task, with an original that is known.
        judging: By what they are scored.
        timer: Was started with the first of the work.
    """

    def __init__(
        self, indices: Sequence[int], contexts: Sequence[EditContext], judging: Judging, timer: StageTimer
    ) -> None:
        self.contexts, self.judging = contexts, judging
        self.survey = JointSurvey(contexts, timer)
        self.survey.look()
        self.survey.share()
        self.spent = timer.read(len(contexts))
        """Milliseconds per stage, of each."""
        self.prospects = [Prospect(index, row, self) for row, index in enumerate(indices)]


def choose_best(prospects: Sequence[Prospect], best: int) -> Iterator[Prospect]:
    """The best, as many as are wanted, scored, and after them the others, by their bounds.

    The one that could be first is scored, until it is first by its score: then none can be before it, whatever the
    others will have. So the second is found, and so on.
    """
    waiting = [(one.place, one) for one in prospects]  # no two places are the same
    heapq.heapify(waiting)
    wanted = best
    while waiting:
        _, first = heapq.heappop(waiting)
        if first.score is None and wanted:
            first.finish()
            heapq.heappush(waiting, (first.place, first))
            continue
        if first.score is None:
            first.left_out = _tell_bound(first.bound, best)
        wanted -= bool(wanted)
        yield first


def _tell_bound(bound: float | None, best: int) -> str:
    most = "without a number" if bound is None else f"at most {bound:.2f}"
    return f"{most}, so not among the best {best}"
