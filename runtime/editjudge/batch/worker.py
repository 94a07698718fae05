"""A worker, wherever it runs: it scores rows with a scorer of its own."""

from __future__ import annotations

from dataclasses import dataclass

import cv2

from editjudge.batch.score_columns import ERROR, Values, score_values
from editjudge.datasets import EditSample
from editjudge.errors import BundleError, DeviceError, EditJudgeError
from editjudge.image.decode import load_picture
from editjudge.metrics.registry import Compat
from editjudge.scorer import Scorer


@dataclass(frozen=True)
class Setup:
    """How rows are scored.

    Attributes:
        threads: Of each model; None where they run on a GPU.
        metrics: Names of further metrics.
        accept_at: The probability from which an edit is accepted; None: the bundle's.
    """

    bundle: str = "studio"
    device: str = "auto"
    compat: Compat | None = None
    threads: int | None = None
    metrics: tuple[str, ...] = ()
    accept_at: float | None = None


class Worker:
    """Scores one row at a time. Raises BundleError, DeviceError or InputError when its models cannot be opened."""

    def __init__(self, setup: Setup) -> None:
        if setup.threads is not None:
            cv2.setNumThreads(setup.threads)
        self._metrics = setup.metrics
        self._scorer = Scorer.load(setup.bundle, setup.device, setup.threads, setup.compat, accept_at=setup.accept_at)

    def score(self, row: EditSample) -> Values:
        """The row's new cells: its score, or under `error` a sentence that says why it has none.

        Raises BundleError or DeviceError when the models fail, whatever the row.
        """
        try:
            original, edited, instruction = row.edit()
            pictures = load_picture(original), load_picture(edited)
            return score_values(self._scorer.score(*pictures, instruction, metrics=self._metrics))
        except (BundleError, DeviceError):
            raise
        except EditJudgeError as error:
            return {ERROR: str(error)}
        except Exception as error:  # one row out of many thousands must not end the run
            return {ERROR: f"{type(error).__name__}: {error}; this is a bug"}
