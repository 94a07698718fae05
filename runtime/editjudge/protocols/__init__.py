"""The experiments of the paper (section 4, appendix B) on a table of scores: pure functions of columns, no model.

`PROTOCOLS` holds them by name. Each takes a `ScoreTable`, the metrics to compare and `Options`, and returns a `Result`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from editjudge.protocols.alpha_sweep import alpha_sweep
from editjudge.protocols.components import components
from editjudge.protocols.correlation import correlation
from editjudge.protocols.ground_truth import ground_truth
from editjudge.protocols.human_alignment import human_alignment
from editjudge.protocols.measures import Measure, chosen
from editjudge.protocols.options import Options
from editjudge.protocols.result import Result
from editjudge.protocols.score_table import ScoreTable, read_scores

__all__ = ["PROTOCOLS", "Measure", "Options", "Result", "ScoreTable", "chosen", "read_scores"]

Protocol = Callable[[ScoreTable, Sequence[Measure], Options], Result]

PROTOCOLS: Mapping[str, Protocol] = {
    "human-alignment": human_alignment,
    "ground-truth": ground_truth,
    "components": components,
    "alpha-sweep": alpha_sweep,
    "correlation": correlation,
}
