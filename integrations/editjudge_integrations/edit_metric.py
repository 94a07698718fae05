"""BPM and its parts as metrics of torchmetrics: updated batch by batch, with states that sum up over processes.

>>> metric = EditMetric()
>>> metric.update(originals, edited, ["make the car blue", "remove the umbrella"])
>>> metric.compute(), metric.unmeasured
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric, MetricCollection

from editjudge import InputError
from editjudge_integrations.kept_scorers import ScorerOptions, open_scorer
from editjudge_integrations.measured_parts import PARTS, RANGES, add_up_parts
from editjudge_integrations.scored_rows import check_lengths, score_rows
from editjudge_integrations.tensor_pictures import list_pictures


class EditMetric(Metric):
    """The mean of BPM, or of a part of it, over all edits of which it was measured; NaN where there are none.

    An edit that has no such number is left out of the mean, and counted in `unmeasured`. All parts of a score are kept,
    whichever one is computed: metrics of several parts in a MetricCollection form one group, which scores an edit once.

    Args:
        part: bpm, semantic, region (0 to 2 each), modify, preserve, position or size (0 to 1).
        options: The bundle, the device, and so on; the process's Scorer of these is opened with the first update.
        kwargs: Those of every Metric, as dist_sync_on_step.
    """

    is_differentiable = False
    higher_is_better = True
    full_state_update = False
    plot_lower_bound = 0.0

    totals: Tensor
    """float32[parts], in the order of PARTS, of what was measured; of more digits after `set_dtype`."""
    counts: Tensor
    """int64[parts], of how many edits."""
    edits: Tensor
    """int64[], of all edits."""

    def __init__(self, part: str = "bpm", options: ScorerOptions = ScorerOptions(), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if part not in PARTS:
            raise InputError(f"there is no part {part!r} of a score; choose among {', '.join(PARTS)}")
        self.part = part
        self.options = options
        self.add_state("totals", torch.zeros(len(PARTS)), dist_reduce_fx="sum")
        self.add_state("counts", torch.zeros(len(PARTS), dtype=torch.int64), dist_reduce_fx="sum")
        self.add_state("edits", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, originals: Any, edited: Any, instructions: Sequence[str]) -> None:
        """Scores a batch of edits.

        Args:
            originals: A tensor [B, C, H, W] of floats from 0 to 1 or of uint8; or a list of B pictures or paths.
            edited: Likewise.
            instructions: B texts.

        Raises what a Scorer raises of an edit that it cannot score, whose number in the batch is told; no edit of the
        batch counts then.
        """
        before, after = list_pictures(originals), list_pictures(edited)
        check_lengths(originals=before, edited=after, instructions=instructions)
        sums = add_up_parts(score_rows(open_scorer(self.options), before, after, instructions))
        self.totals = self.totals + torch.tensor(sums.totals, dtype=self.totals.dtype, device=self.totals.device)
        self.counts = self.counts + torch.tensor(sums.measured, device=self.counts.device)
        self.edits = self.edits + sums.edits

    def compute(self) -> Tensor:
        """The mean, a float tensor []."""
        place = PARTS.index(self.part)
        return self.totals[place] / self.counts[place]  # 0 / 0 is NaN

    def plot(self, val: Any = None, ax: Any = None) -> Any:
        """Draws a value, or several in their order, within the range; those computed last where none are given.

        Returns the figure and the axes of matplotlib.
        """
        return self._plot(val, ax)

    @property
    def plot_upper_bound(self) -> float:
        """Where `plot` draws the best that there is."""
        return RANGES[self.part][1]

    @property
    def unmeasured(self) -> int:
        """How many of the edits that this process was given have no such number."""
        return int(self.edits - self.counts[PARTS.index(self.part)])


def bpm_and_parts(options: ScorerOptions = ScorerOptions(), **kwargs: Any) -> MetricCollection:
    """BPM and all its parts by their names; `update` scores each edit once for all of them.

    To call the collection itself costs a score for each part, as the library then updates them one by one.

    Args:
        options: As of EditMetric.
        kwargs: Those of every Metric.
    """
    metrics = {part: EditMetric(part, options, **kwargs) for part in PARTS}
    return MetricCollection(metrics, compute_groups=[list(PARTS)])
