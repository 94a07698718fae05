"""Compiled models in the user's cache: what takes a provider a while is done once."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

from editjudge.backends.onnx.providers import fingerprint
from editjudge.backends.onnx.session import compile_model
from editjudge.bundles.cache import cache_folder, check_hash, file_sha256
from editjudge.errors import BundleError, DeviceError

MODEL = "model.onnx"
SUMS = "files.json"
"""The sha256 of each file: a provider may open a damaged one without a word, and compute nonsense."""


def compiled_folder() -> Path:
    """Where all compiled models are; it may be deleted at any time. Raises BundleError where there is no home."""
    return cache_folder() / "compiled"


def locate_folder(role: str, sha256: str, device: str) -> Path | None:
    """The folder of what was compiled from one model for this machine's device and the versions installed.

    None where there is no home to keep it in.
    """
    key = hashlib.sha256("\n".join([sha256, *fingerprint(device)]).encode()).hexdigest()
    try:
        return compiled_folder() / f"{role}-{device}-{key[:16]}"
    except BundleError:
        return None


def find_or_compile(model: Path, folder: Path | None, device: str) -> tuple[Path | None, str | None]:
    """Compiles a model into its folder, unless it is there and whole.

    Returns the path of the compiled model, None where it cannot be had; and what was unusual, if anything was.
    """
    problem = None
    if folder is None:
        return None, "nothing is kept, for there is no folder for it; set EDITJUDGE_HOME to one"
    try:
        if folder.is_dir():
            problem = _find_damage(folder)
            if problem is None:
                return folder / MODEL, None
            shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, suffix=".part", ignore_cleanup_errors=True) as part:
            new = Path(part) / "whole"
            new.mkdir()
            compile_model(model, new / MODEL, device)
            sums = {file.name: file_sha256(file) for file in new.iterdir()}
            (new / SUMS).write_text(json.dumps(sums), encoding="utf-8")
            _publish(new, folder)
    except OSError as error:
        return None, f"nothing is kept, for {folder.parent} cannot be written ({error.strerror or error})"
    except DeviceError as error:
        return None, str(error)
    return folder / MODEL, problem


def _publish(new: Path, folder: Path) -> None:
    try:
        new.rename(folder)
    except OSError:
        if not folder.is_dir():  # else another process was faster, with the same thing
            raise


def _find_damage(folder: Path) -> str | None:
    """What is wrong with a compiled model, None where it is what was written."""
    try:
        sums = json.loads((folder / SUMS).read_text(encoding="utf-8"))
        for name in {MODEL, *sums}:
            check_hash(folder / name, sums[name])
    except (OSError, ValueError, TypeError, KeyError, RecursionError, BundleError):
        return "the compiled model in the cache was damaged, and made again"
    return None
