"""Fetches a bundle that someone else built, from the hub, a web server or a folder: whole, or not at all.

>>> offer = look_at("someone/photo-edge")
>>> pull(offer)

Until it is whole it lies in a hidden folder, one for each source, where the next try goes on.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import editjudge_models
from editjudge.bundles.bundle import Bundle, check_name
from editjudge.bundles.cache import cache_folder, has_hash
from editjudge.bundles.manifest import FILE_NAME, Manifest, read_manifest
from editjudge.bundles.remote.sources import (
    FULL,
    BundleSource,
    DownloadFile,
    LocalFolder,
    ManifestBuffer,
    convert_fetch_errors,
    find_source,
)
from editjudge.errors import BundleError, InputError, quote_value
from editjudge.utils import atomic_file

ENGINES = ("rtx", "tensorrt")


@dataclass(frozen=True)
class RemoteFile:
    """A file to fetch."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Offer:
    """A bundle that can be pulled into `staging`: its manifest was read and checked, nothing else was fetched yet."""

    source_name: str
    source: BundleSource
    staging: Path
    manifest: Manifest
    files: tuple[RemoteFile, ...]

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(file.bytes for file in self.files)


def look_at(source: str, engines: str = "all", *, insecure: bool = False, sha256: str | None = None) -> Offer:
    """What a source has to offer: a folder, the address of one on a web server, or a repository such as org/name@v1.

    Args:
        engines: "all", "none", or some of rtx and tensorrt with commas between.
        insecure: Whether a web address may be without encryption.
        sha256: Of the manifest, which has those of all other files in it, as whoever built the bundle says it.

    Raises InputError for what is no source, and BundleError for one that has no bundle that this version reads, or
    another one.
    """
    if sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256.strip()):
        raise InputError(f"{quote_value(sha256)} is no sha256; give its 64 digits, 0 to 9 and a to f")
    files, devices = find_source(source, insecure=insecure), _parse_engines(engines)
    address = source.encode("utf-8", "surrogatepass")  # the name of a folder need not be text
    staging = cache_folder() / "bundles" / f".{hashlib.sha256(address).hexdigest()[:16]}.part"
    content = ManifestBuffer()
    with convert_fetch_errors(f"{source}/{FILE_NAME}", staging.parent):
        files.copy(FILE_NAME, content, None)
        _check_manifest(source, content.getvalue(), sha256)
        staging.mkdir(parents=True, exist_ok=True)
        (staging / FILE_NAME).write_bytes(content.getvalue())
    try:
        manifest = read_manifest(staging)
    except BundleError as error:
        raise BundleError(str(error).replace(str(staging), source)) from error
    return Offer(source, files, staging, manifest, _list_files(manifest, devices))


def pull(offer: Offer, name: str | None = None, advance: Callable[[int], None] = lambda count: None) -> Path:
    """Fetches what is missing of a bundle and checks every file; returns the folder that it lies in then.

    A bundle of the same name is replaced only once the new one is whole.

    Args:
        name: What the bundle is to be called here, by default as it calls itself.
        advance: Called with every number of bytes that have arrived, negative where some have to be fetched again.

    Raises InputError for a wrong name, and BundleError.
    """
    target = cache_folder() / "bundles" / _choose_name(offer.manifest.name, name)
    missing = [file for file in offer.files if not has_hash(offer.staging / file.path, file.sha256)]
    advance(sum(file.bytes for file in offer.files if file not in missing))
    _check_space(offer, missing)
    for file in missing:
        _fetch(offer, file, advance)
    Bundle.load(offer.staging).verify()
    with convert_fetch_errors(str(target)):
        paths = {offer.staging / path for path in (*(file.path for file in offer.files), FILE_NAME)}
        for outdated in [path for path in offer.staging.rglob("*") if path.is_file() and path not in paths]:
            outdated.unlink()  # of another version of the bundle
        atomic_file.replace_folder(target, offer.staging)
    return target


def _parse_engines(engines: str) -> tuple[str, ...]:
    if engines in {"all", "none"}:
        return ENGINES if engines == "all" else ()
    devices = tuple(engines.split(","))
    if not set(devices) <= set(ENGINES):
        raise InputError(
            f"the engines are {quote_value(engines)}; they must be all, none, or some of {','.join(ENGINES)}"
        )
    return devices


def _list_files(manifest: Manifest, devices: tuple[str, ...]) -> tuple[RemoteFile, ...]:
    listed = [entry for entry in manifest.listed if entry.path is not None]
    files = [RemoteFile(str(entry.path), entry.sha256, entry.bytes or 0) for entry in listed]
    for engine in manifest.engines:
        if engine.device in devices:
            files.append(RemoteFile(engine.path, engine.sha256, engine.bytes))
            files.append(RemoteFile(engine.data, engine.data_sha256, engine.data_bytes))
    return tuple({str(PurePosixPath(file.path)): file for file in files}.values())


def _check_manifest(source: str, content: bytes, sha256: str | None) -> None:
    actual = hashlib.sha256(content).hexdigest()
    if sha256 is not None and sha256.strip().lower() != actual:
        raise BundleError(
            f"{source} has another {FILE_NAME} than was asked for: its sha256 is {actual}; ask whoever built the bundle"
        )


def _choose_name(own: str, name: str | None) -> str:
    if name is None and own in editjudge_models.bundle_names():
        raise InputError(f"the bundle calls itself {own}, as an embedded one does; give it another name with --name")
    return check_name(own if name is None else name)


def _check_space(offer: Offer, missing: list[RemoteFile]) -> None:
    need = sum(file.bytes - _count_bytes(_part(offer.staging, file)) for file in missing)
    free = shutil.disk_usage(offer.staging).free
    if need > free:
        raise BundleError(
            f"{offer.source_name} needs {need / 1e6:,.0f} MB more, and {offer.staging.parent} has "
            f"{free / 1e6:,.0f} MB free; {FULL}"
        )


def _fetch(offer: Offer, file: RemoteFile, advance: Callable[[int], None]) -> None:
    part, what = _part(offer.staging, file), f"{offer.source_name}/{file.path}"
    remedy = "build or fetch that bundle again" if isinstance(offer.source, LocalFolder) else "pull again"
    with convert_fetch_errors(what, offer.staging.parent, lambda: _has_arrived(offer.staging)):
        part.parent.mkdir(parents=True, exist_ok=True)
        if _count_bytes(part) > file.bytes:
            part.unlink(missing_ok=True)
        with DownloadFile(part, what, file.bytes, advance, remedy=remedy) as stream:
            offer.source.copy(file.path, stream, file.bytes)
        if not has_hash(part, file.sha256):
            part.unlink()
            raise BundleError(f"{what} arrived damaged: its sha256 is not the manifest's; {remedy}")
        part.replace(offer.staging / file.path)


def _part(staging: Path, file: RemoteFile) -> Path:
    """Named for its content too, so that a part of another version of the file is not gone on with."""
    return staging / f"{file.path}.{file.sha256[:16]}.part"


def _has_arrived(staging: Path) -> bool:
    return any(path != staging / FILE_NAME and _count_bytes(path) for path in staging.rglob("*"))


def _count_bytes(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0
