"""Fetches a bundle that someone else built, from the hub, a web server or a folder: whole, or not at all.

>>> offer = look_at("someone/photo-edge")
>>> pull(offer)

Until it is whole it lies in a hidden folder, one for each source, where the next try goes on.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import editjudge_models
from editjudge import atomic
from editjudge.bundle import Bundle, cache_folder, check_name
from editjudge.errors import BundleError, InputError
from editjudge.manifest import FILE_NAME, Manifest, read_manifest
from editjudge.origin import FULL, Arriving, Origin, find_origin, told
from editjudge.store import check_hash

ENGINES = ("rtx", "tensorrt")


@dataclass(frozen=True)
class Wanted:
    """A file to fetch. Of the vocabulary, a list of words, the manifest says neither hash nor size."""

    path: str
    sha256: str | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class Offer:
    """A bundle that can be pulled: its manifest was read and checked, and nothing else was fetched yet."""

    source: str
    origin: Origin
    staging: Path
    manifest: Manifest
    files: tuple[Wanted, ...]

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(each.bytes or 0 for each in self.files)


def look_at(source: str, engines: str = "all") -> Offer:
    """What a source has to offer: a folder, the address of one on a web server, or a repository such as org/name@v1.

    engines: "all", "none", or some of rtx and tensorrt with commas between. Raises InputError for what is no source,
    BundleError for one that has no bundle, and for a bundle that this version does not read.
    """
    origin, kept = find_origin(source), _kept(engines)
    staging = cache_folder() / "bundles" / f".{hashlib.sha256(source.encode()).hexdigest()[:16]}.part"
    content = io.BytesIO()
    with told(f"{source}/{FILE_NAME}"):
        origin.copy(FILE_NAME, content, 0, None)
        staging.mkdir(parents=True, exist_ok=True)
        (staging / FILE_NAME).write_bytes(content.getvalue())
    try:
        manifest = read_manifest(staging)
    except BundleError as error:
        raise BundleError(str(error).replace(str(staging), source)) from error
    return Offer(source, origin, staging, manifest, _files(source, manifest, kept))


def pull(offer: Offer, name: str | None = None, advance: Callable[[int], None] = lambda count: None) -> Path:
    """Fetches what is missing of a bundle and checks every file; the folder that it lies in then.

    A bundle of the same name is replaced only once the new one is whole. advance: told of every so many bytes that
    are there, negative where some have to be fetched again. Raises InputError for a wrong name, and BundleError.
    """
    target = cache_folder() / "bundles" / _name(offer.manifest.name, name)
    missing = [each for each in offer.files if not _is_there(offer.staging, each, advance)]
    _check_space(offer, missing)
    for each in missing:
        _fetch(offer, each, advance)
    bundle = Bundle.load(offer.staging)
    bundle.vocabulary()
    with told(str(target)):
        wanted = {offer.staging / each.path for each in (*offer.files, Wanted(FILE_NAME))}
        for left in [path for path in offer.staging.rglob("*") if path.is_file() and path not in wanted]:
            left.unlink()  # of another version of the bundle
        atomic.replace_folder(target, offer.staging)
    return target


def _kept(engines: str) -> tuple[str, ...]:
    if engines in {"all", "none"}:
        return ENGINES if engines == "all" else ()
    kept = tuple(engines.split(","))
    if not set(kept) <= set(ENGINES):
        raise InputError(f"the engines are {engines!r}; they must be all, none, or some of {','.join(ENGINES)}")
    return kept


def _files(source: str, manifest: Manifest, kept: tuple[str, ...]) -> tuple[Wanted, ...]:
    files = [Wanted(each.path, each.sha256, each.bytes) for each in manifest.files.values() if each.path is not None]
    for engine in manifest.engines:
        if engine.device in kept:
            files.append(Wanted(engine.path, engine.sha256, engine.bytes))
            files.append(Wanted(engine.data, engine.data_sha256, engine.data_bytes))
    if manifest.vocabulary is not None:
        files.append(Wanted(manifest.vocabulary))
    by_path = {os.path.normpath(each.path): each for each in files}
    if FILE_NAME in by_path or any(by_path[os.path.normpath(each.path)] != each for each in files):
        raise BundleError(
            f"{source}/{FILE_NAME} gives one path to several files; whoever built the bundle must mend it"
        )
    return tuple(by_path.values())


def _name(given: str, asked: str | None) -> str:
    if asked is None and given in editjudge_models.bundle_names():
        raise InputError(f"the bundle calls itself {given}, as an embedded one does; give it another name with --name")
    return check_name(given if asked is None else asked)


def _is_there(staging: Path, file: Wanted, advance: Callable[[int], None]) -> bool:
    path = staging / file.path
    if file.sha256 is None or not path.is_file():
        return False
    try:
        check_hash(path, file.sha256)
    except BundleError:
        return False
    advance(file.bytes or 0)
    return True


def _check_space(offer: Offer, missing: list[Wanted]) -> None:
    need = sum((each.bytes or 0) - _arrived(_part(offer.staging, each)) for each in missing)
    free = shutil.disk_usage(offer.staging).free
    if need > free:
        raise BundleError(
            f"{offer.source} needs {need / 1e6:,.0f} MB more, and {offer.staging.parent} has {free / 1e6:,.0f} MB "
            f"free; {FULL}"
        )


def _fetch(offer: Offer, file: Wanted, advance: Callable[[int], None]) -> None:
    path, part, what = offer.staging / file.path, _part(offer.staging, file), f"{offer.source}/{file.path}"
    with told(what):
        part.parent.mkdir(parents=True, exist_ok=True)
        if file.bytes is None or _arrived(part) > file.bytes:
            part.unlink(missing_ok=True)
        with part.open("ab") as stream:
            arriving = Arriving(stream, what, file.bytes, advance)
            offer.origin.copy(file.path, arriving, arriving.count, file.bytes)
        if file.sha256 is not None:
            try:
                check_hash(part, file.sha256)
            except BundleError:
                part.unlink()
                raise BundleError(f"{what} arrived damaged: its sha256 is not the manifest's; pull again") from None
        part.replace(path)


def _part(staging: Path, file: Wanted) -> Path:
    """Named for its content too, so that a part of another version of the file is not gone on with."""
    return staging / f"{file.path}.{(file.sha256 or '')[:16]}.part"


def _arrived(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0
