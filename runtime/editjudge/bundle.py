"""Bundles: folders of models with a manifest. Finds them, and hands out a file only after its hash was checked."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import editjudge_models
from editjudge.entries import EngineEntry, FileEntry
from editjudge.errors import BundleError, InputError
from editjudge.manifest import FILE_NAME, Manifest, read_manifest
from editjudge.settings import (
    ClipSettings,
    DetectorSettings,
    DomainSettings,
    NormRanges,
    ParserSettings,
    PictureSettings,
    SegmenterSettings,
)
from editjudge.store import assembled, cache_folder, check_hash

__all__ = [
    "Bundle",
    "ClipSettings",
    "DetectorSettings",
    "DomainSettings",
    "EngineEntry",
    "FileEntry",
    "FoundBundle",
    "NormRanges",
    "ParserSettings",
    "PictureSettings",
    "SegmenterSettings",
    "available_bundles",
    "cache_folder",
    "check_name",
]


@dataclass(frozen=True)
class FoundBundle:
    """A bundle that `Bundle.load(name)` would look at; it was not opened."""

    name: str
    folder: Path
    embedded: bool


def check_name(name: str) -> str:
    """The name, where a bundle and its folder can have it. Raises InputError."""
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise InputError(f"{name!r} cannot be the name of a bundle: it may have letters, digits, '-', '_' and '.'")
    return name


def available_bundles() -> list[FoundBundle]:
    """Every bundle that can be loaded by its name, sorted; one in the cache goes before an embedded one."""
    embedded = editjudge_models.bundle_names()
    found = {name: FoundBundle(name, editjudge_models.bundle_folder(name), True) for name in embedded}
    for manifest in (cache_folder() / "bundles").glob(f"[!.]*/{FILE_NAME}"):  # hidden: one that is being fetched
        found[manifest.parent.name] = FoundBundle(manifest.parent.name, manifest.parent, False)
    return [found[name] for name in sorted(found)]


@dataclass(frozen=True)
class Bundle:
    """A bundle whose manifest was read and checked. `file(role)` is the only way to its files."""

    folder: Path
    manifest: Manifest

    @classmethod
    def load(cls, name_or_path: str | os.PathLike[str]) -> Bundle:
        """Opens a bundle by name (the cache first, then the embedded ones), or by the path of its folder.

        A text with a separator in it is a path, as is any `Path`. Raises BundleError.
        """
        folder = _find(name_or_path)
        bundle = cls(folder, read_manifest(folder))
        for entry in bundle.manifest.files.values():
            if entry.path is not None:
                _check_size(bundle._inside(entry.path), entry.bytes)
        return bundle

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def version(self) -> str:
        return self.manifest.version

    @property
    def description(self) -> str:
        return self.manifest.description

    @property
    def clip(self) -> ClipSettings:
        return self.manifest.clip

    @property
    def detector(self) -> DetectorSettings:
        return self.manifest.detector

    @property
    def segmenter(self) -> SegmenterSettings:
        return self.manifest.segmenter

    @property
    def norm(self) -> NormRanges:
        return self.manifest.norm

    @property
    def domain(self) -> DomainSettings | None:
        return self.manifest.domain

    def pictures(self, role: str) -> PictureSettings:
        """How the model of a metric, lpips, dino or dinov2, is fed. Raises BundleError where the bundle has none."""
        settings: PictureSettings | None = getattr(self.manifest, role)
        if settings is None:
            raise BundleError(f"bundle {self.name} has no file of role {role}")
        return settings

    @property
    def parse(self) -> ParserSettings:
        return self.manifest.parse

    @property
    def files(self) -> tuple[FileEntry, ...]:
        return tuple(self.manifest.files.values())

    def has(self, role: str) -> bool:
        """Whether the bundle has a file of this role (`entries.OPTIONAL_ROLES` may be lacking)."""
        return role in self.manifest.files

    def file(self, role: str) -> Path:
        """The path of the file with this role, its sha256 checked; a packaged parser is assembled on first use.

        Raises BundleError when the role or the file is missing, or the file is not the one the manifest describes.
        """
        entry = self.manifest.files.get(role)
        if entry is None:
            raise BundleError(f"bundle {self.name} has no file of role {role}")
        if entry.package is not None:
            return assembled(entry.package, entry.sha256)
        if self.has(f"{role}_data"):
            self.file(f"{role}_data")
        return self._checked(entry.path or "", entry.sha256, entry.bytes)

    @property
    def engines(self) -> tuple[EngineEntry, ...]:
        """What the bundle holds ready for some GPUs: of what its manifest lists, whatever was pulled."""
        return tuple(each for each in self.manifest.engines if self._holds(each.path) or self._holds(each.data))

    def engine(self, entry: EngineEntry) -> Path:
        """The path of an engine's ONNX file, its own and the engine's sha256 checked. Raises BundleError."""
        self._checked(entry.data, entry.data_sha256, entry.data_bytes)
        return self._checked(entry.path, entry.sha256, entry.bytes)

    def verify(self) -> None:
        """Checks the hash of every file, and that the vocabulary can be read. Raises BundleError."""
        for role in self.manifest.files:
            self.file(role)
        for entry in self.engines:
            self.engine(entry)
        self.vocabulary()

    def vocabulary(self) -> frozenset[str] | None:
        """The words the bundle knows, lower case; None where it does not say."""
        if self.manifest.vocabulary is None:
            return None
        path = self._inside(self.manifest.vocabulary)
        try:
            return frozenset(path.read_text(encoding="utf-8").lower().split("\n")) - {""}
        except (OSError, UnicodeDecodeError) as error:
            raise BundleError(f"{path} cannot be read: {error}; fetch the bundle again") from error

    def _checked(self, relative: str, sha256: str, size: int | None) -> Path:
        path = self._inside(relative)
        _check_size(path, size)
        check_hash(path, sha256)
        return path

    def _holds(self, relative: str) -> bool:
        return self._inside(relative).is_file()

    def _inside(self, relative: str) -> Path:
        path = (self.folder / relative).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise BundleError(f"bundle {self.name}: {relative} is a link that leads outside the bundle; remove it")
        return path


def _find(name_or_path: str | os.PathLike[str]) -> Path:
    text = os.fspath(name_or_path)
    if isinstance(name_or_path, os.PathLike) or "/" in text or os.sep in text:
        folder = Path(text).expanduser()
        if not folder.is_dir():
            raise BundleError(f"there is no bundle at {folder}: it is not a folder")
        return folder
    known = {found.name: found.folder for found in available_bundles()}
    if text in known:
        return known[text]
    if text in editjudge_models.recipe_names():
        raise BundleError(
            f"the bundle {text} is not here; build it with: editjudge bundle build {text}, "
            f"or fetch one that somebody built: editjudge bundle pull SOURCE --name {text}"
        )
    names = ", ".join(known) or "none"
    raise BundleError(f"there is no bundle named {text!r} (there are: {names}); a folder is given as ./{text}")


def _check_size(path: Path, size: int | None) -> None:
    if not path.is_file():
        raise BundleError(f"{path} is missing; fetch or build the bundle again")
    found = path.stat().st_size
    if found != size:
        raise BundleError(f"{path} has {found} bytes instead of {size}; fetch or build the bundle again")
