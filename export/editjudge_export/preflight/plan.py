"""The plan of a build: what it downloads, and what it needs of the machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editjudge.bundles import huggingface
from editjudge.bundles.cache import cache_folder
from editjudge.errors import InputError, OutOfMemoryError
from editjudge_export.architectures.registry import ARCHITECTURES
from editjudge_export.checkpoints.checkpoint import load_config
from editjudge_export.checkpoints.fetch import find_checkpoint, find_parser
from editjudge_export.checkpoints.hub_download import HubDownload
from editjudge_export.checkpoints.origins import FetchedFiles
from editjudge_export.checkpoints.preprocessing import check_preprocessing
from editjudge_export.options import BuildOptions
from editjudge_export.preflight.disk import SpaceNeed, check_space, free_space, gigabytes
from editjudge_export.preflight.memory import free_memory
from editjudge_export.recipe import FALLBACK, Recipe

GB = 10**9


@dataclass(frozen=True)
class BuildPlan:
    """What a build will do and take, before it has begun.

    Attributes:
        name: Of the bundle.
        downloads: Bytes to be downloaded, by what they are for; what is here already is not among them.
        space: What will be written where.
        memory: Bytes of memory at the most; None: nobody has measured it.
        minutes: On two cores, after the downloads; None: nobody has measured it.
    """

    name: str
    downloads: Mapping[str, int]
    space: tuple[SpaceNeed, ...]
    memory: int | None
    minutes: float | None

    @property
    def download_bytes(self) -> int:
        return sum(self.downloads.values())

    def describe(self) -> Iterator[str]:
        """Lines that tell it."""
        if self.downloads:
            parts = ", ".join(f"{name} {gigabytes(size)}" for name, size in self.downloads.items())
            yield f"to download: {gigabytes(self.download_bytes)} ({parts})"
        else:
            yield "to download: nothing"
        if self.space:
            parts = [
                f"{gigabytes(need.bytes)} for {need.what} in {need.folder} ({_tell(free_space(need.folder))})"
                for need in self.space
            ]
            yield f"disk: {gigabytes(sum(need.bytes for need in self.space))}: {', '.join(parts)}"
        if self.memory is not None:
            yield f"memory: {gigabytes(self.memory)} ({_tell(free_memory())})"
        if self.minutes is not None:
            yield f"time: about {self.minutes:.0f} minutes on two cores, and the download"

    def check(self) -> None:
        """Raises InputError where a disk has too little room, and OutOfMemoryError where the machine has."""
        check_space(self.space)
        free = free_memory()
        if self.memory is not None and free is not None and self.memory > free:
            raise OutOfMemoryError(
                f"building {self.name} needs {gigabytes(self.memory)} of memory, and {gigabytes(free)} are free here; "
                "close other programs or raise the limit, or build it on a larger machine and fetch it from there with "
                "editjudge bundle pull"
            )


def make_plan(
    recipe: Recipe, options: BuildOptions, folder: Path, report: Callable[[str], None] = lambda line: None
) -> BuildPlan:
    """Asks the hub for whatever is not here yet, and for no file over 1 MB.

    Args:
        recipe: As it is to be built.
        options: How it is to be built.
        folder: Where it is built; what lies there already was made by a build that was cut off.
        report: Takes a line before each is looked for.

    Raises InputError where something is missing, gated, moved, half there, or not what the recipe says.
    """
    downloads: dict[str, int] = {}
    from_web: dict[str, int] = {}
    folders: dict[str, Path] = {}
    parsers = 0  # bytes: they are copied into the bundle
    for name, model in recipe.models.items():
        architecture, section = recipe.architectures[name], recipe.sections[name]
        report(f"look for {name}")
        if architecture.from_url:
            from_web[name] = architecture.code.measure_download(model, options.source)
            continue
        found = find_checkpoint(architecture.name, model, options.source, allow_pickle=options.allow_pickle)
        check_settings(architecture.name, found.path, section)
        downloads[name] = _check_download(found)
        folders[name] = found.path
    check_features(folders)
    for role, parser in recipe.parsers.items():
        report(f"look for {role}")
        try:
            found = find_parser(parser, options.source, role)
            downloads[role] = _check_download(found)
        except InputError as error:
            raise InputError(f"{error}{'; without --fallback it is not needed' * (role == FALLBACK)}") from error
        parsers += found.whole_bytes if isinstance(found, HubDownload) else _size(found.path)
    made = sum(_size(file) for file in folder.rglob("*")) if folder.is_dir() else 0
    built = max(0, round((recipe.needs.disk or 0) * GB) + parsers - made)
    space = (
        SpaceNeed(huggingface.hub_cache(), sum(downloads.values()), "downloads", "set HF_HOME to a folder"),
        SpaceNeed(cache_folder(), sum(from_web.values()), "downloads", "set EDITJUDGE_HOME to a folder"),
        SpaceNeed(folder.parent, built, "the bundle and what it is made of", "give --output a folder"),
    )
    return BuildPlan(
        name=str(recipe.head.get("name", folder.name)),
        downloads={name: size for name, size in (downloads | from_web).items() if size},
        space=tuple(need for need in space if need.bytes),
        memory=None if recipe.needs.memory is None else round(recipe.needs.memory * GB),
        minutes=recipe.needs.minutes,
    )


def check_settings(name: str, checkpoint: Path, section: Mapping[str, Any]) -> None:
    """Settings that repeat what a checkpoint decides have to be the same. Raises InputError.

    Args:
        name: The architecture.
        checkpoint: A folder with at least the checkpoint's small files.
        section: The settings.
    """
    check_preprocessing(name, checkpoint, section)
    architecture = ARCHITECTURES[name]
    resized = {"size": section["size"]} if architecture.resizable and "size" in section else {}
    for key, value in architecture.code.config_settings(checkpoint, **resized).items():
        if section.get(key) != value:
            raise InputError(
                f"the recipe says {section.get(key)} for {key} in [{architecture.section}]; the checkpoint says {value}"
            )


def check_features(checkpoints: Mapping[str, Path]) -> None:
    """The embedding of edits has to be for the bundle's CLIP, whose features it reads. Raises InputError.

    Args:
        checkpoints: Folders with at least the checkpoints' small files, by architecture.
    """
    if "edit_clip" not in checkpoints:
        return
    edit_clip, clip = (load_config(checkpoints[name], ARCHITECTURES[name].code.MODEL) for name in ("edit_clip", "clip"))
    if edit_clip.features != clip.projection_dim:
        raise InputError(
            f"{checkpoints['edit_clip']} reads features of {edit_clip.features} numbers, and those of the bundle's "
            f"CLIP have {clip.projection_dim}; train it with this CLIP"
        )


def _check_download(found: FetchedFiles | HubDownload) -> int:
    """How many bytes are to be downloaded; the hub was asked whether it hands them out. Raises InputError."""
    if isinstance(found, FetchedFiles):
        return 0
    found.check()
    return found.bytes


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _tell(free: int | None) -> str:
    return "free: not known" if free is None else f"free: {gigabytes(free)}"
