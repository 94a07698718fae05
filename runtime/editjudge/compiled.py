"""Compiled models in the user's cache: what a provider makes of a model in a while is made once."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

from editjudge.engine import compile_model
from editjudge.errors import BundleError, DeviceError
from editjudge.providers import fingerprint
from editjudge.store import cache_folder, check_hash, file_sha256

MODEL = "model.onnx"
SUMS = "files.json"
"""The sha256 of each file: a provider may open a damaged one without a word, and compute nonsense."""


def compiled_folder() -> Path:
    """Where all compiled models are; it may be deleted at any time."""
    return cache_folder() / "compiled"


def folder_for(role: str, sha256: str, device: str) -> Path:
    """The folder of what was made of one model for this machine's device and the versions installed."""
    key = hashlib.sha256("\n".join([sha256, *fingerprint(device)]).encode()).hexdigest()
    return compiled_folder() / f"{role}-{device}-{key[:16]}"


def compiled_model(model: Path, folder: Path, device: str) -> tuple[Path | None, str | None]:
    """The compiled model in its folder, made now unless it is there and whole.

    Returns its path, None where it cannot be had; and what went otherwise than usual, if anything did.
    """
    problem = _damage(folder) if folder.is_dir() else None
    if folder.is_dir() and problem is None:
        return folder / MODEL, None
    discard(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, suffix=".part", ignore_cleanup_errors=True) as part:
            made = Path(part) / "whole"
            made.mkdir()
            compile_model(model, made / MODEL, device)
            sums = {file.name: file_sha256(file) for file in made.iterdir()}
            (made / SUMS).write_text(json.dumps(sums), encoding="utf-8")
            _publish(made, folder)
    except OSError as error:
        return None, f"nothing is kept, for {folder.parent} cannot be written ({error.strerror or error})"
    except DeviceError as error:
        return None, str(error)
    return folder / MODEL, problem


def discard(folder: Path) -> None:
    """Removes a compiled model."""
    shutil.rmtree(folder, ignore_errors=True)


def _publish(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        if not folder.is_dir():  # else another process was faster, with the same thing
            raise


def _damage(folder: Path) -> str | None:
    """What is wrong with a compiled model, None where it is what was written."""
    try:
        sums = json.loads((folder / SUMS).read_text(encoding="utf-8"))
        for name in {MODEL, *sums}:
            check_hash(folder / name, sums[name])
    except (OSError, ValueError, TypeError, KeyError, BundleError):
        return "the compiled model in the cache was damaged, and made again"
    return None
