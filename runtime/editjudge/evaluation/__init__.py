"""The experiments of the paper (section 4, appendix B) on a table of scores: pure functions of columns, no model.

`EXPERIMENTS` holds them by name. Each takes a `ScoreTable`, the metrics to compare and `EvaluationOptions`, and returns
a `Result`. `PROTOCOLS` holds those on lists of differences (DICE): each takes the pairs of pictures with what was found
in them, as `read_annotations` gives them, those with what is true, and the options. `retrieval` is the one that needs
a model: it takes what `embed_captioned` makes of a data set, or `caption_indexed` of an index, and the options.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps

from editjudge.evaluation.annotations.annotation import AnnotatedPair
from editjudge.evaluation.annotations.read import read_annotations
from editjudge.evaluation.captioned_edits import CaptionedEdits, caption_indexed, embed_captioned
from editjudge.evaluation.experiments.agreement import agreement
from editjudge.evaluation.experiments.alpha_sweep import alpha_sweep
from editjudge.evaluation.experiments.coherence import coherence
from editjudge.evaluation.experiments.components import components
from editjudge.evaluation.experiments.correlation import correlation
from editjudge.evaluation.experiments.differences import differences
from editjudge.evaluation.experiments.ground_truth import ground_truth
from editjudge.evaluation.experiments.human_alignment import human_alignment
from editjudge.evaluation.experiments.retrieval import retrieval
from editjudge.evaluation.experiments.rewards import rewards
from editjudge.evaluation.metric_columns import TABLE, MetricColumn, select_columns
from editjudge.evaluation.options import OPTIONS, EvaluationOptions
from editjudge.evaluation.result import Result
from editjudge.evaluation.score_table import ScoreTable, read_scores
from editjudge.utils.arguments import Accepted

__all__ = [
    "EXPERIMENTS",
    "PROTOCOLS",
    "AnnotatedPair",
    "CaptionedEdits",
    "EvaluationOptions",
    "MetricColumn",
    "Result",
    "ScoreTable",
    "caption_indexed",
    "embed_captioned",
    "read_annotations",
    "read_scores",
    "retrieval",
    "select_columns",
]

Experiment = Callable[[ScoreTable, Sequence[MetricColumn], EvaluationOptions], Result]
Protocol = Callable[[Sequence[AnnotatedPair], Sequence[AnnotatedPair], EvaluationOptions], Result]

ANY_METRICS = Accepted(
    lambda metrics: isinstance(metrics, list | tuple) and all(isinstance(metric, MetricColumn) for metric in metrics),
    "what select_columns(table, needed=False) gives",
)
METRICS = Accepted(
    lambda metrics: ANY_METRICS.holds(metrics) and len(metrics) > 0,
    "what select_columns(table) gives",
)


def checked(experiment: Experiment, accepted: Accepted = METRICS) -> Experiment:
    """The experiment, which raises InputError for arguments that are none of its own."""

    @wraps(experiment)
    def run(table: ScoreTable, metrics: Sequence[MetricColumn], options: EvaluationOptions) -> Result:
        TABLE.check(table=table)
        accepted.check(metrics=metrics)
        OPTIONS.check(options=options)
        return experiment(table, metrics, options)

    return run


def checked_options(protocol: Protocol) -> Protocol:
    """The protocol, which raises InputError for options that are none; it checks the pairs itself."""

    @wraps(protocol)
    def run(found: Sequence[AnnotatedPair], true: Sequence[AnnotatedPair], options: EvaluationOptions) -> Result:
        OPTIONS.check(options=options)
        return protocol(found, true, options)

    return run


EXPERIMENTS: Mapping[str, Experiment] = {
    "human-alignment": checked(human_alignment),
    "ground-truth": checked(ground_truth),
    "components": checked(components),
    "alpha-sweep": checked(alpha_sweep),
    "correlation": checked(correlation),
    "agreement": checked(agreement, ANY_METRICS),
    "rewards": checked(rewards, ANY_METRICS),
}
PROTOCOLS: Mapping[str, Protocol] = {
    "differences": checked_options(differences),
    "coherence": checked_options(coherence),
}
