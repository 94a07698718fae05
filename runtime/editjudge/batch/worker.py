"""A worker, wherever it runs: it scores groups of rows with a scorer of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from editjudge.batch.grouping import Group
from editjudge.batch.picture_files import PictureState, picture_states
from editjudge.batch.score_columns import ERROR, Values, score_values
from editjudge.datasets import EditSample
from editjudge.errors import BundleError, DeviceError, EditJudgeError, OutOfMemoryError
from editjudge.image.decode import ImageSource
from editjudge.metrics.registry import Compat, EditScore
from editjudge.ranking import BATCH, Prepared
from editjudge.scorer import Scorer
from editjudge.types import Look
from editjudge.utils.libraries.opencv import cv2
from editjudge.utils.oom import convert_memory_errors

OF_THE_MACHINE = (BundleError, DeviceError, OutOfMemoryError)
"""What is no property of a row: on another day, or another machine, it has a score."""


@dataclass(frozen=True)
class Setup:
    """How rows are scored.

    Attributes:
        threads: Of each model; None where they run on a GPU.
        metrics: Names of further metrics.
        accept_at: The probability from which an edit is accepted; None: the bundle's.
        look: How much of edited pictures is looked at; None: as the bundle says.
    """

    bundle: str = "studio"
    device: str = "auto"
    compat: Compat | None = None
    threads: int | None = None
    metrics: tuple[str, ...] = ()
    accept_at: float | None = None
    look: Look | None = None


class ScoredRow(NamedTuple):
    """A row's number, its new cells, and the state its pictures were in before they were read."""

    number: int
    values: Values
    pictures: list[PictureState]


class Worker:
    """Scores one group at a time. Raises BundleError, DeviceError or InputError when its models cannot be opened."""

    def __init__(self, setup: Setup) -> None:
        if setup.threads is not None:
            cv2.setNumThreads(setup.threads)
        self._metrics = setup.metrics
        self._latest: tuple[tuple[ImageSource, str, PictureState], Prepared] | None = None
        self._scorer = Scorer.load(
            setup.bundle, setup.device, setup.threads, setup.compat, accept_at=setup.accept_at, look=setup.look
        )

    def score(self, group: Group) -> Iterator[ScoredRow]:
        """The rows' new cells: their scores, or under `error` a sentence that says why a row has none.

        Raises BundleError or DeviceError when the models fail, whatever the rows, and OutOfMemoryError when there is no
        memory for a row by itself.
        """
        states = [picture_states(row) for _, row in group]  # before they are read, so that no later change is missed
        prepared = self._prepare(group[0][1], states[0][0]) if len(group) > 1 else None
        for start in range(0, len(group), BATCH):
            batch = group[start : start + BATCH]
            rows = [row for _, row in batch]
            cells = [self._score_alone(row) for row in rows] if prepared is None else _score_batch(prepared, rows)
            for (number, _), values, state in zip(batch, cells, states[start : start + BATCH], strict=True):
                yield ScoredRow(number, values, state)

    def _prepare(self, row: EditSample, state: PictureState) -> Prepared | None:
        """The same as for the group before, where that was of the same original, whose file is the same still.

        None where it cannot be prepared: then each row is scored by itself, and says why it cannot.
        """
        try:
            original, _, instruction = row.edit()
            if self._latest is None or self._latest[0] != (original, instruction, state):
                self._latest = None  # so that there is never more than one in memory
                prepared = self._scorer.prepare(original, instruction, metrics=self._metrics)
                self._latest = (original, instruction, state), prepared
            return self._latest[1]
        except (BundleError, DeviceError):
            raise
        except Exception:
            return None

    def _score_alone(self, row: EditSample) -> Values:
        def score() -> EditScore:
            original, edited, instruction = row.edit()
            return self._scorer.score(original, edited, instruction, metrics=self._metrics)

        return _measure(score)


def _score_batch(prepared: Prepared, rows: Sequence[EditSample]) -> list[Values]:
    """The cells of rows that go through the models together; one by one where that fails, so that none takes the others
    along and there is memory for each."""
    pictures = [row.edited for row in rows if row.edited is not None]
    try:
        return [
            score_values(ranked.score) if ranked.score else {ERROR: ranked.error}
            for ranked in prepared.scores(pictures)
        ]
    except (BundleError, DeviceError):
        raise
    except Exception:
        return [_measure(partial(prepared.score, picture)) for picture in pictures]


def _measure(score: Callable[[], EditScore]) -> Values:
    try:
        with convert_memory_errors():
            return score_values(score())
    except OF_THE_MACHINE:
        raise
    except EditJudgeError as error:
        return {ERROR: str(error)}
    except Exception as error:  # one row out of many thousands must not end the run
        return {ERROR: f"{type(error).__name__}: {error}; this is a bug"}
