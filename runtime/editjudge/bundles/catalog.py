"""What bundles there are: here and whole, here and damaged, or to be built from a recipe."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace

import editjudge_models
from editjudge.bundles.bundle import Bundle, BundleLocation, available_bundles
from editjudge.bundles.manifest import read_manifest
from editjudge.bundles.roles import GRAPHS, OTHER_GRAPHS
from editjudge.errors import EditJudgeError


@dataclass(frozen=True)
class InstalledBundle(BundleLocation):
    """A bundle that is here; of one that cannot be read the rest is empty.

    Attributes:
        problem: What is wrong with it, if anything is.
        bytes: Of the files in its folder.
        precision: Those of its models, sorted.
        engines: Those of its models, sorted, such as "rtx sm86 sm89".
    """

    problem: str | None = None
    version: str = ""
    bytes: int = 0
    precision: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecipeSummary:
    """A bundle that can be built."""

    name: str
    description: str


def installed_bundles() -> list[InstalledBundle]:
    """Every bundle that is here, sorted by name, each of its files checked."""
    return [_inspect(location) for location in available_bundles()]


def missing_recipes() -> list[RecipeSummary]:
    """The bundles that are not here, but can be built or pulled."""
    here = {location.name for location in available_bundles()}
    paths = {name: editjudge_models.recipe_path(name) for name in editjudge_models.recipe_names() if name not in here}
    contents = {name: tomllib.loads(path.read_text(encoding="utf-8")) for name, path in paths.items()}
    return [RecipeSummary(name, content["description"]) for name, content in contents.items()]


def _inspect(location: BundleLocation) -> InstalledBundle:
    installed = InstalledBundle(location.name, location.folder, location.embedded)
    try:
        bundle = Bundle(location.folder, read_manifest(location.folder))
        models = [entry for entry in bundle.files if entry.role in (*GRAPHS, *OTHER_GRAPHS)]
        sizes = [entry.bytes or 0 for entry in bundle.manifest.listed]
        installed = replace(
            installed,
            version=bundle.version,
            bytes=sum(sizes) + sum(engine.bytes + engine.data_bytes for engine in bundle.engines),
            precision=tuple(sorted({entry.precision for entry in models if entry.precision})),
            engines=tuple(sorted({f"{engine.device} {' '.join(engine.targets)}" for engine in bundle.engines})),
        )
        bundle.verify()
    except EditJudgeError as error:
        return replace(installed, problem=str(error))
    return installed
