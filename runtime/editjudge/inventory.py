"""What bundles there are: here and whole, here and damaged, or to be built from a recipe."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

import editjudge_models
from editjudge.bundle import Bundle, FoundBundle, available_bundles
from editjudge.entries import GRAPHS, METRIC_GRAPHS
from editjudge.errors import EditJudgeError
from editjudge.manifest import read_manifest


@dataclass(frozen=True)
class Holding:
    """A bundle that is here. problem: what is wrong with it, else None; of one that cannot be read the rest is empty.

    bytes: of the files in its folder. precision, engines: those of its models, sorted; an engine as "rtx sm86 sm89".
    """

    name: str
    folder: Path
    embedded: bool
    problem: str | None = None
    version: str = ""
    bytes: int = 0
    precision: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """A bundle that can be built."""

    name: str
    description: str


def holdings() -> list[Holding]:
    """Every bundle that is here, sorted by name, each of its files checked."""
    return [_holding(found) for found in available_bundles()]


def missing_recipes() -> list[Recipe]:
    """The bundles that are not here, but can be built or pulled."""
    here = {found.name for found in available_bundles()}
    contents = {
        name: tomllib.loads(editjudge_models.recipe_path(name).read_text(encoding="utf-8"))
        for name in editjudge_models.recipe_names()
    }
    return [Recipe(name, content["description"]) for name, content in contents.items() if name not in here]


def _holding(found: FoundBundle) -> Holding:
    holding = Holding(found.name, found.folder, found.embedded)
    try:
        bundle = Bundle(found.folder, read_manifest(found.folder))
        models = [entry for entry in bundle.files if entry.role in (*GRAPHS, *METRIC_GRAPHS)]
        holding = replace(
            holding,
            version=bundle.version,
            bytes=sum(entry.bytes or 0 for entry in bundle.files)
            + sum(engine.bytes + engine.data_bytes for engine in bundle.engines),
            precision=tuple(sorted({entry.precision for entry in models if entry.precision})),
            engines=tuple(sorted({f"{each.device} {' '.join(each.targets)}" for each in bundle.engines})),
        )
        bundle.verify()
    except EditJudgeError as error:
        return replace(holding, problem=str(error))
    return holding
