"""Bundles: folders of models with a manifest. Finds them, and hands out a file only after it was checked.

That is: it is a file inside the folder, of the size and hash that the manifest says, and holds what a file of its role
may hold.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import editjudge_models
from editjudge.bundles.cache import cache_folder, check_hash, expand_home
from editjudge.bundles.contents.check import check_content, check_engine
from editjudge.bundles.contents.regular_file import check_size
from editjudge.bundles.contents.words import read_words
from editjudge.bundles.files import DocumentEntry, EngineEntry, FileEntry
from editjudge.bundles.manifest import FILE_NAME, Manifest, read_manifest
from editjudge.bundles.packaged_model import assemble_model
from editjudge.bundles.roles import name_weights_role
from editjudge.bundles.settings import ClipSettings, DetectorSettings, SegmenterSettings
from editjudge.errors import BundleError, InputError, quote_value
from editjudge.utils.text import shorten


@dataclass(frozen=True)
class BundleLocation:
    """Where `Bundle.load(name)` would look; nothing was opened there."""

    name: str
    folder: Path
    embedded: bool


def check_name(name: str) -> str:
    """The name, where a bundle and its folder can have it. Raises InputError."""
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise InputError(
            f"{quote_value(name)} cannot be the name of a bundle: it may have letters, digits, '-', '_' and '.'"
        )
    return name


def available_bundles() -> list[BundleLocation]:
    """Every bundle that can be loaded by its name, sorted; one in the cache goes before an embedded one."""
    names = editjudge_models.bundle_names()
    locations = {name: BundleLocation(name, editjudge_models.bundle_folder(name), True) for name in names}
    with suppress(BundleError, OSError):  # those that are embedded need no cache
        for manifest in (cache_folder() / "bundles").glob(f"[!.]*/{FILE_NAME}"):  # hidden: one that is being fetched
            folder = manifest.parent
            locations[folder.name] = BundleLocation(folder.name, folder, False)
    return [locations[name] for name in sorted(locations)]


@dataclass(frozen=True)
class GraphFile:
    """An ONNX file of a bundle and the engines that were made of it.

    Attributes:
        role: What the graph is for.
        digest: Tells the graph, with its weights, from all others.
        engines: Those that the bundle holds of it.
        check: Gives the path of the file, its hash checked; raises BundleError.
        check_engine: Gives the path of an engine's ONNX file, its hash checked; raises BundleError.
    """

    role: str
    digest: str
    engines: tuple[EngineEntry, ...]
    check: Callable[[], Path]
    check_engine: Callable[[EngineEntry], Path]

    @property
    def path(self) -> Path:
        """Of the file, its hash checked. Raises BundleError."""
        return self.check()


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
        folder = _find_folder(name_or_path)
        bundle = cls(folder, read_manifest(folder))
        for entry in bundle.manifest.listed:
            if entry.path is not None:
                check_size(bundle._resolve(entry.path), entry.bytes)
        return bundle

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def title(self) -> str:
        """What messages call it: by its folder's name, too, where somebody gave it another than its own."""
        folder = self.folder.resolve().name
        return self.name if folder == self.name or folder.startswith(".") else f"{folder} (calls itself {self.name})"

    @property
    def version(self) -> str:
        return self.manifest.version

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
    def files(self) -> tuple[FileEntry, ...]:
        return tuple(self.manifest.files.values())

    @property
    def documents(self) -> tuple[DocumentEntry, ...]:
        """The cards and notices."""
        return self.manifest.documents

    def settings(self, role: str) -> Any:
        """The settings of a role that has a section of its own (`roles.ROLES`).

        Raises BundleError where the bundle has no file of this role.
        """
        if role not in self.manifest.settings:
            raise BundleError(self._lacks(role))
        return self.manifest.settings[role]

    def has(self, role: str) -> bool:
        """Whether the bundle has a file of this role (those that `roles` does not require may be lacking)."""
        return role in self.manifest.files

    def file(self, role: str) -> Path:
        """The path of the file with this role, checked; a packaged parser is assembled on first use.

        Raises BundleError when the role or the file is missing, or the file is not the one the manifest describes, or
        holds what no file of this role may.
        """
        entry = self.manifest.files.get(role)
        if entry is None:
            raise BundleError(self._lacks(role))
        if entry.package is not None:
            return assemble_model(entry.package, entry.sha256)
        weights = name_weights_role(role)
        if self.has(weights):
            self.file(weights)
        path = self._check_file(entry.path or "", entry.sha256, entry.bytes)
        check_content(path, role, self.manifest)
        return path

    def graph(self, role: str) -> GraphFile:
        """The ONNX file of this role with the engines made of it; it is checked once its path is asked for."""
        files = self.manifest.files
        digest = " ".join(files[name].sha256 for name in (role, name_weights_role(role)) if name in files)
        engines = tuple(engine for engine in self.engines if engine.role == role)
        return GraphFile(role, digest, engines, partial(self.file, role), self.engine)

    @property
    def engines(self) -> tuple[EngineEntry, ...]:
        """What the bundle holds ready for some GPUs: of what its manifest lists, whatever was pulled."""
        return tuple(entry for entry in self.manifest.engines if self._holds(entry.path) or self._holds(entry.data))

    def engine(self, entry: EngineEntry) -> Path:
        """The path of an engine's ONNX file, its own and the engine's sha256 checked. Raises BundleError."""
        self._check_file(entry.data, entry.data_sha256, entry.data_bytes)
        path = self._check_file(entry.path, entry.sha256, entry.bytes)
        check_engine(path, entry, self.manifest)
        return path

    def verify(self) -> None:
        """Checks every file. Raises BundleError."""
        for role in self.manifest.files:
            self.file(role)
        for engine in self.engines:
            self.engine(engine)
        for document in self.documents:
            self._check_file(document.path, document.sha256, document.bytes)

    def words(self, role: str) -> frozenset[str] | None:
        """Those of the list of a role, lower case; None where the bundle has none. Raises BundleError."""
        return read_words(self.file(role)) if self.has(role) else None

    def _lacks(self, role: str) -> str:
        remedy = "choose or build one that has it"
        if role == "parser":
            remedy = "choose another with --bundle, or give an EditIntent in Python"
        return f"bundle {self.title} has no file of role {role}; {remedy}"

    def _check_file(self, relative: str, sha256: str, size: int | None) -> Path:
        path = self._resolve(relative)
        check_size(path, size)
        check_hash(path, sha256)
        return path

    def _holds(self, relative: str) -> bool:
        return self._resolve(relative).is_file()

    def _resolve(self, relative: str) -> Path:
        try:
            path = (self.folder / relative).resolve()
        except (OSError, RuntimeError) as error:  # of links that lead to each other
            raise BundleError(f"bundle {self.title}: {relative} is a link that leads nowhere; remove it") from error
        if not path.is_relative_to(self.folder.resolve()):
            raise BundleError(f"bundle {self.title}: {relative} is a link that leads outside the bundle; remove it")
        return path


def _find_folder(name_or_path: str | os.PathLike[str]) -> Path:
    text = os.fspath(name_or_path)
    if isinstance(name_or_path, os.PathLike) or "/" in text or os.sep in text:
        folder = expand_home(text)
        if not os.path.isdir(folder):  # False, unlike `Path.is_dir`, of a name that is too long
            raise BundleError(f"there is no bundle at {shorten(str(folder))}: it is not a folder")
        return folder
    folders = {location.name: location.folder for location in available_bundles()}
    if not text:
        raise BundleError(f"the name of the bundle is empty; give one of {', '.join(folders)}, or a folder")
    if text in folders:
        return folders[text]
    if text in editjudge_models.recipe_names():
        raise BundleError(
            f"the bundle {text} is not here; build it with: editjudge bundle build {text}, "
            f"or fetch one that somebody built: editjudge bundle pull SOURCE --name {text}"
        )
    names = ", ".join(folders) or "none"
    raise BundleError(
        f"there is no bundle named {quote_value(text)} (there are: {names}); "
        f"a folder is given as {shorten(f'./{text}')}"
    )
