"""Which proposals the queries of Grounding DINO or OmDet-Turbo start from: observed, or prescribed.

Such a model takes the best 900 places of its feature maps, in order. Among thousands, some score alike to the last
digits of float32, and the rounding of a sum decides which of two comes first; but their queries differ, and so does
everything that follows. To compare like with like, the reference is given the choice of the graph, and by how much that
choice is worse than its own counts as an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode


class Proposals(TorchFunctionMode):
    """Observes torch.topk while it is active, or decides what it returns.

    Args:
        given: The indices int64[B, K] that it is to return; None: its own.

    Attributes:
        chosen: The indices that it returned last.
        shortfall: float32[]: by how much the given ones score lower than the best, at most, as a share of the largest
            score where that is over 1; infinite where an index comes twice.
    """

    chosen: Tensor

    def __init__(self, given: Tensor | None = None) -> None:
        super().__init__()
        self._given = given
        self.shortfall = torch.zeros(())

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Any,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        if function is not torch.topk:
            return result
        if self._given is not None:
            best, scores = result[0], args[0].gather(1, self._given)
            self.shortfall = (best - scores).abs().max() / best.abs().max().clamp(min=1.0)
            if any(len(row.unique()) < len(row) for row in self._given):
                self.shortfall = torch.tensor(torch.inf)
            result = torch.return_types.topk((scores, self._given))
        self.chosen = result[1]
        return result
