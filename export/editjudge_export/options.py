"""What can be asked of a build beside its recipe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from editjudge.entries import GRAPHS, METRIC_GRAPHS
from editjudge.errors import InputError

from .compiler import Device
from .engines import engine_targets
from .export import Exported
from .precision import PRECISIONS, Precision
from .recipe import Recipe

ENGINES: dict[str, Device] = {"tensorrt": "tensorrt", "tensorrt-rtx": "rtx"}
"""The device that each kind of engine is for."""


@dataclass(frozen=True)
class Options:
    """How a bundle is to be built.

    source: where checkpoints are looked for instead of on the hub. precision: instead of the recipe's. stripped:
    engines without weights. pairs: edits that are scored both ways, 0 for none; 8 are one of each kind and one more.
    metrics: which of the recipe's models of metrics go in.
    """

    source: Path | None = None
    precision: Precision | None = None
    engine: Literal["none", "tensorrt", "tensorrt-rtx"] = "none"
    targets: tuple[str, ...] = ()
    stripped: bool = False
    allow_pickle: bool = False
    pairs: int = 8
    metrics: tuple[str, ...] = ()

    def check(self) -> None:
        """What can be told to be wrong before any work is done. Raises InputError, and DeviceError for engines."""
        if self.precision not in (None, *PRECISIONS):
            raise InputError(f"the precision is {self.precision!r}; it must be one of {', '.join(PRECISIONS)}")
        if self.engine not in ("none", *ENGINES):
            raise InputError(f"there is no engine {self.engine!r}; choose one of none, {', '.join(ENGINES)}")
        if self.engine != "none":
            engine_targets(ENGINES[self.engine], self.targets or None, self.stripped)
        if self.pairs < 0:
            raise InputError(f"pairs is {self.pairs}; it must be 0 or more")

    def applied_to(self, recipe: Recipe) -> Recipe:
        """The recipe with the precision and the models of metrics that were asked for. Raises InputError."""
        for name in self.metrics:
            if name not in METRIC_GRAPHS or name not in recipe.models:
                there = ", ".join(each for each in METRIC_GRAPHS if each in recipe.models) or "none"
                raise InputError(f"the recipe has no model {name!r} of a metric; it has {there}")
        out = {name for name in METRIC_GRAPHS if name not in self.metrics}
        models = {name: model for name, model in recipe.models.items() if name not in out}
        sections = {name: section for name, section in recipe.sections.items() if name not in out}
        if self.precision is not None:
            models = {name: replace(model, precision=self.precision) for name, model in models.items()}
        return replace(recipe, models=models, sections=sections)

    def compiles(self, exported: Exported) -> bool:
        """Whether an engine is wanted of this file."""
        return self.engine != "none" and exported.role in (*GRAPHS, *METRIC_GRAPHS)
