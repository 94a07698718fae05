"""The metrics that a table of scores may hold: in which column, and which direction is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from editjudge.errors import InputError
from editjudge.metrics.registry import METRICS
from editjudge.protocols.score_table import Numbers, ScoreTable

Aspect = Literal["preserve", "modify", "both", "overall"]


@dataclass(frozen=True)
class Measure:
    """A metric in a table. aspect: what it looks at, as the paper groups them (section 4.1); overall: BPM itself."""

    name: str
    column: str
    higher_is_better: bool = True
    aspect: Aspect = "both"

    def read(self, table: ScoreTable) -> Numbers:
        """float64[N], turned so that higher is better. Raises InputError."""
        values = table.numbers(self.column, "score the data set with it (--metrics), or leave it out here")
        return values if self.higher_is_better else -values


def _baseline(name: str, aspect: Aspect) -> Measure:
    return Measure(name, f"metrics.{name}", METRICS[name].higher_is_better, aspect)


BASELINES = (
    _baseline("l2", "preserve"),
    _baseline("lpips", "preserve"),
    _baseline("clip_i", "preserve"),
    _baseline("dino", "preserve"),
    _baseline("dinov2", "preserve"),
    _baseline("ssim", "preserve"),
    _baseline("psnr", "preserve"),
    _baseline("clip_t", "modify"),
    _baseline("clip_directional", "modify"),
    _baseline("clip_t_plus_i", "both"),
)
BPM = Measure("bpm", "bpm", aspect="overall")
KNOWN: Mapping[str, Measure] = {each.name: each for each in (BPM, *BASELINES)}


def chosen(table: ScoreTable, names: Sequence[str] | None = None) -> tuple[Measure, ...]:
    """The metrics with these names, or BPM and every known one that the table holds.

    A name that is not known is a column, and says which direction is better: "column:higher", "column:lower". Raises
    InputError.
    """
    if not names:
        return tuple(each for each in KNOWN.values() if each is BPM or each.column in table)
    asked = tuple(_asked(table, name) for name in names)
    twice = [each.name for place, each in enumerate(asked) if each.name in {other.name for other in asked[:place]}]
    if twice:
        raise InputError(f"the metric {twice[0]} is asked for twice; name each once")
    return asked


def _asked(table: ScoreTable, name: str) -> Measure:
    if name in KNOWN:
        return KNOWN[name]
    column, _, direction = name.rpartition(":")
    if direction not in ("higher", "lower"):
        raise InputError(f"the metric {name} is not known; say what is better, {name}:higher or {name}:lower")
    if column not in table and f"metrics.{column}" in table:
        return Measure(column, f"metrics.{column}", direction == "higher")
    return Measure(column, column, direction == "higher")
