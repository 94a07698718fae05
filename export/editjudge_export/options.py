"""How a bundle is to be built, beyond what its recipe says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from editjudge.bundles.roles import ROLES
from editjudge.cli.build_options import ALL
from editjudge.errors import InputError
from editjudge_export.architectures.registry import OPTIONAL
from editjudge_export.onnx.export import ExportedFile
from editjudge_export.onnx.precision import PRECISIONS, Precision
from editjudge_export.recipe import FALLBACK, Recipe
from editjudge_export.tensorrt.build import engine_targets, parse_targets
from editjudge_export.tensorrt.compiler import EngineDevice

ENGINES: dict[str, EngineDevice] = {"tensorrt": "tensorrt", "tensorrt-rtx": "rtx"}
"""The device that each kind of engine is for."""


@dataclass(frozen=True)
class BuildOptions:
    """How a bundle is to be built.

    Attributes:
        source: A folder where checkpoints are looked for instead of on the hub.
        precision: Instead of the recipe's.
        engine: The engines that are built of its graphs.
        targets: The GPUs that they are for, such as "sm86,sm89"; empty: the usual ones.
        stripped: Whether engines are built without weights.
        allow_pickle: Whether pickled weights are read.
        pairs: How many edits are scored beside the reference pipeline; 8 are one of each kind and one more.
        metrics: The recipe's models of metrics that go in; ALL stands for whatever it has.
        fallback: Whether the recipe's fallback parser goes in.
    """

    source: Path | None = None
    precision: Precision | None = None
    engine: Literal["none", "tensorrt", "tensorrt-rtx"] = "none"
    targets: str = ""
    stripped: bool = False
    allow_pickle: bool = False
    pairs: int = 8
    metrics: tuple[str, ...] = ()
    fallback: bool = False

    def check(self) -> None:
        """Finds what is wrong before any work is done. Raises InputError, and DeviceError for engines."""
        if self.precision not in (None, *PRECISIONS):
            raise InputError(f"the precision is {self.precision!r}; it must be one of {', '.join(PRECISIONS)}")
        if self.engine not in ("none", *ENGINES):
            raise InputError(f"there is no engine {self.engine!r}; choose one of none, {', '.join(ENGINES)}")
        if self.engine != "none":
            self.engine_targets()
        if self.pairs < 0:
            raise InputError(f"pairs is {self.pairs}; it must be 0 or more")

    def engine_targets(self) -> tuple[str, ...]:
        """The GPUs that engines are built for. Raises InputError and DeviceError."""
        device = ENGINES[self.engine]
        targets = parse_targets(self.targets, device) if self.targets else None
        return engine_targets(device, targets, self.stripped)

    def apply_to(self, recipe: Recipe) -> Recipe:
        """The recipe with this precision, and without what was not asked for: models of metrics, the fallback parser.

        Raises InputError where the recipe has not what was asked for.
        """
        for name in self.metrics:
            if name not in (ALL, *OPTIONAL):
                raise InputError(f"there is no model {name!r} of a metric; there are {', '.join(OPTIONAL)}")
            if name != ALL and name not in recipe.models:
                raise InputError(
                    f"the recipe has no [export.{name}]; leave out --metrics {name}, or add that section and [{name}] "
                    "to a copy of the recipe and build that"
                )
        if self.fallback and FALLBACK not in recipe.parsers:
            raise InputError(f"the recipe has no [{FALLBACK}]; leave out --fallback, or name one in the recipe")
        dropped = set() if ALL in self.metrics else set(OPTIONAL) - set(self.metrics)
        models = {name: model for name, model in recipe.models.items() if name not in dropped}
        sections = {name: section for name, section in recipe.sections.items() if name not in dropped}
        if self.precision is not None:
            models = {name: replace(model, precision=self.precision) for name, model in models.items()}
        parsers = {role: parser for role, parser in recipe.parsers.items() if role != FALLBACK or self.fallback}
        return replace(recipe, models=models, sections=sections, parsers=parsers)

    def compiles(self, exported: ExportedFile) -> bool:
        """Whether an engine is wanted of this file."""
        return self.engine != "none" and ROLES[exported.role].kind == "graph"
