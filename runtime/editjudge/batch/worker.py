"""What a worker does, wherever it runs: scores rows with a scorer of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2

from editjudge import image
from editjudge.batch.columns import ERROR, Values, metric_column, score_values
from editjudge.case import Compat
from editjudge.datasets import Row
from editjudge.errors import BundleError, DeviceError, EditJudgeError
from editjudge.scorer import Scorer


@dataclass(frozen=True)
class Setup:
    """What rows are scored with. threads: of each model; None: they run on a GPU. metrics: names of further metrics."""

    bundle: str = "studio"
    device: str = "auto"
    compat: Compat | None = None
    threads: int | None = None
    metrics: tuple[str, ...] = ()


class Worker:
    """Scores one row at a time. Raises BundleError, DeviceError or InputError when its models cannot be opened."""

    def __init__(self, setup: Setup) -> None:
        if setup.threads is not None:
            cv2.setNumThreads(setup.threads)
        self._metrics = setup.metrics
        self._scorer: Any = Scorer.load(setup.bundle, setup.device, setup.threads, setup.compat)

    def score(self, row: Row) -> Values:
        """The row's new columns: its score, or under `error` why it has none, in one sentence.

        Raises BundleError or DeviceError for what is no fault of the row: the models cannot go on.
        """
        try:
            original, edited, instruction = row.edit()
            pictures = image.load(original), image.load(edited)
            values = score_values(self._scorer.score(*pictures, instruction))
            if self._metrics:
                measured = self._scorer.metrics(*pictures, instruction, self._metrics)
                values |= {metric_column(name): measured[name] for name in self._metrics}
            return values
        except (BundleError, DeviceError):
            raise
        except EditJudgeError as error:
            return {ERROR: str(error)}
        except Exception as error:  # one row out of many thousands must not end the run
            return {ERROR: f"{type(error).__name__}: {error}; this is a bug"}
