"""What the routes of one process share: its options, its engine, its counters, and what its bundle can measure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from editjudge.errors import BundleError, InputError
from editjudge.metrics.base import MetricSpec
from editjudge.metrics.registry import select_metrics
from editjudge.server.engine.engine import Engine
from editjudge.server.http.bodies.receive import BODIES, BodyMemory
from editjudge.server.options import ServiceOptions
from editjudge.server.telemetry import Telemetry

UNSENDABLE = re.compile(r"[^\w.+-]+", re.ASCII)
"""What the name of a bundle in a header may not have."""


class ScoringService:
    """One process of a service."""

    def __init__(self, options: ServiceOptions, engine: Engine, telemetry: Telemetry) -> None:
        self.options = options
        self.engine = engine
        self.telemetry = telemetry
        self.bodies = BodyMemory(BODIES * options.limits.max_bytes)

    @property
    def bundle_name(self) -> str:
        """The name of the bundle, without the folder that it lies in."""
        return Path(self.options.bundle).name

    def describe_bundle(self) -> str:
        """Its name and its hash, as a header has them; without the hash until it is open."""
        name = UNSENDABLE.sub("_", self.bundle_name)
        return f"{name} {self.engine.bundle_hash}" if self.engine.bundle_hash else name

    @property
    def measurable(self) -> tuple[MetricSpec, ...]:
        """What the bundle has the models for. Raises NotReadyError where it is not open."""
        self.engine.check_open()
        return self.engine.measurable

    def select(self, names: Sequence[str] | None) -> tuple[str, ...]:
        """The names of metrics, or of all that the bundle has the models for. Raises InputError where it has not."""
        if names is None:
            return tuple(spec.name for spec in self.measurable)
        known = {spec.name for spec in self.measurable}
        if self.engine.bundle is not None and not known.issuperset(names):
            try:
                select_metrics(names, self.engine.bundle, parsed=False)
            except BundleError as error:
                raise InputError(str(error)) from error
        return tuple(names)
