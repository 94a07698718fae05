"""Rows shown to judges while the workers score them: few at a time, in the order of the data set, by the main process.

A judge waits for a server or for one large model: worker processes would each hold one more model, and could not keep
to one bound of how much is asked for at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count
from typing import Any, NamedTuple, Self

from editjudge.batch.judge_columns import judge_columns, judged_values, lacks_judgement
from editjudge.batch.score_columns import ERROR, Values
from editjudge.batch.worker import OF_THE_MACHINE, ScoredRow
from editjudge.datasets import Dataset, EditSample
from editjudge.errors import EditJudgeError, JudgeError
from editjudge.image.decode import load_image
from editjudge.metrics.vlm_judge.judge import MOST_REQUESTS, PASSES, REQUESTS, SEED, VlmJudge
from editjudge.metrics.vlm_judge.names import parse_judge_name
from editjudge.metrics.vlm_judge.open_judge import open_judge
from editjudge.utils.pools import DaemonPool

AHEAD = 4
"""Rows per request that are under way or wait: their pictures are in memory."""
MOST_FAILURES = 20
"""Rows in succession that judges may fail at: from then on it is not the rows that are to blame."""


@dataclass(frozen=True)
class JudgeOptions:
    """How judges are asked. Raises InputError for a wrong value.

    Attributes:
        requests: At most so many at once.
        passes: How often each question is asked; more than one at a temperature over 0.
        seed: Of the first pass.
    """

    requests: int = REQUESTS
    passes: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        MOST_REQUESTS.check(requests=self.requests)
        PASSES.check(passes=self.passes)
        SEED.check(seed=self.seed)


class JudgedRow(NamedTuple):
    """The cells that the judges give a row, and whether one failed at it."""

    values: Values
    is_failure: bool = False


class JudgingStage:
    """Judges rows, at most `requests` at once; without a judge it lets them pass.

    Args:
        judges: By the names of their metrics.
        options: How they are asked.
    """

    def __init__(self, judges: Mapping[str, VlmJudge], options: JudgeOptions) -> None:
        self._judges = judges
        self._options = options
        self._ahead = AHEAD * options.requests
        self._pool = DaemonPool(options.requests, "editjudge-judging")
        self._failures = 0
        self._before = self._count_tokens()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *raised: object) -> None:
        if kind is None:
            self._pool.shutdown()
        else:
            self._pool.abandon(JudgeError("the run was ended"))
        if kind is not None and not issubclass(kind, Exception):  # the program is to end
            for judge in self._judges.values():
                judge.abandon()

    @property
    def tokens(self) -> int:
        """How many the judges took for these rows so far."""
        return self._count_tokens() - self._before

    @property
    def identity(self) -> dict[str, Any]:
        """What the judgements depend on, by names for people."""
        if not self._judges:
            return {}
        asked = {name: judge.record.prompts for name, judge in self._judges.items()}
        return {"judges": {**asked, "passes": self._options.passes, "seed": self._options.seed}}

    def join(self, scored: Iterable[ScoredRow], dataset: Dataset, pending: Sequence[range]) -> Iterator[ScoredRow]:
        """The scored rows, each with what the judges say of it; those that were not pending as they are.

        Raises JudgeError where the judges fail at row after row.
        """
        judged = self._judge_all(dataset, pending)
        known: dict[int, JudgedRow] = {}
        waiting = {number for numbers in pending for number in numbers} if self._judges else set()
        for row in scored:
            if row.number not in waiting:
                yield row
                continue
            waiting.discard(row.number)
            while row.number not in known:
                number, found = next(judged)
                known[number] = found
            found = known.pop(row.number)
            self._count(found)
            yield row._replace(values=_merge(row.values, found.values))

    def keep(self, values: Values, before: Values) -> Values:
        """The cells of a row that was scored once more, with what the judges said of it before."""
        kept = {column: before[column] for name in self._judges for column in judge_columns(name) if column in before}
        error = {ERROR: before[ERROR]} if lacks_judgement(before) else {}
        return {**error, **values, **kept}

    def _count(self, found: JudgedRow) -> None:
        self._failures = self._failures + 1 if found.is_failure else 0
        if self._failures >= MOST_FAILURES:
            raise JudgeError(f"{self._failures} rows in succession could not be judged: {found.values[ERROR]}")

    def _judge_all(self, dataset: Dataset, pending: Sequence[range]) -> Iterator[tuple[int, JudgedRow]]:
        under_way: deque[tuple[int, Future[JudgedRow]]] = deque()
        for numbers in pending:
            for number, row in zip(count(numbers.start), dataset.rows(numbers.start, numbers.stop)):
                under_way.append((number, self._pool.submit(partial(self._judge, row))))
                if len(under_way) >= self._ahead:
                    yield _take(under_way)
        while under_way:
            yield _take(under_way)

    def _judge(self, row: EditSample) -> JudgedRow:
        try:
            original, edited, instruction = row.edit()
            pictures = load_image(original), load_image(edited)
        except EditJudgeError as error:
            return JudgedRow({ERROR: str(error)})  # as its score says, too
        values: Values = {}
        failures = []
        for name, judge in self._judges.items():
            try:
                judged = judge.judge(*pictures, instruction)
            except OF_THE_MACHINE:
                raise
            except EditJudgeError as error:
                failures.append(f"{name}: {error}")
            except Exception as error:  # one row out of many thousands must not end the run
                failures.append(f"{name}: {type(error).__name__}: {error}; this is a bug")
            else:
                values |= judged_values(name, judged)
        return JudgedRow(values | ({ERROR: "; ".join(failures)} if failures else {}), bool(failures))

    def _count_tokens(self) -> int:
        return sum(judge.tokens for judge in self._judges.values())


def open_judges(names: Sequence[str], options: JudgeOptions) -> JudgingStage:
    """The stage of these metrics. Raises what `open_judge` does."""
    asked = {name: parse_judge_name(name) for name in names}
    settings = asdict(options)
    judges = {name: open_judge(one.prompts, one.backend, one.model, **settings) for name, one in asked.items()}
    return JudgingStage(judges, options)


def _take(under_way: deque[tuple[int, Future[JudgedRow]]]) -> tuple[int, JudgedRow]:
    number, future = under_way.popleft()
    return number, future.result()


def _merge(scored: Values, judged: Values) -> Values:
    """The cells of both; of two errors that of the score, without which nothing else is of use."""
    return {**scored, **judged, **({ERROR: scored[ERROR]} if scored.get(ERROR) is not None else {})}
