"""The experiments of the paper (section 4, appendix B) on a table of scores: pure functions of columns, no model.

`EXPERIMENTS` holds them by name. Each takes a `ScoreTable`, the metrics to compare and `EvaluationOptions`, and returns
a `Result`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from editjudge.evaluation.experiments.alpha_sweep import alpha_sweep
from editjudge.evaluation.experiments.components import components
from editjudge.evaluation.experiments.correlation import correlation
from editjudge.evaluation.experiments.ground_truth import ground_truth
from editjudge.evaluation.experiments.human_alignment import human_alignment
from editjudge.evaluation.metric_columns import MetricColumn, select_columns
from editjudge.evaluation.options import EvaluationOptions
from editjudge.evaluation.result import Result
from editjudge.evaluation.score_table import ScoreTable, read_scores

__all__ = ["EXPERIMENTS", "EvaluationOptions", "MetricColumn", "Result", "ScoreTable", "read_scores", "select_columns"]

Experiment = Callable[[ScoreTable, Sequence[MetricColumn], EvaluationOptions], Result]

EXPERIMENTS: Mapping[str, Experiment] = {
    "human-alignment": human_alignment,
    "ground-truth": ground_truth,
    "components": components,
    "alpha-sweep": alpha_sweep,
    "correlation": correlation,
}
