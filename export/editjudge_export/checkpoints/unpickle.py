"""Converts checkpoints with pickled weights to safetensors, so that nothing else has to read pickles."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from transformers import PreTrainedModel

from editjudge.bundles.cache import cache_folder
from editjudge.errors import InputError


def convert_to_safetensors(folder: Path, load: Callable[[Path], PreTrainedModel]) -> Path:
    """Copies a checkpoint in float32 into the cache folder, unless it is there; returns the copy. Raises InputError.

    Only tensors are unpickled, but the user must have said that the pickle is to be trusted.

    Args:
        folder: The checkpoint folder.
        load: Its model.
    """
    target = cache_folder() / "checkpoints" / _fingerprint(folder)
    if target.is_dir():
        return target
    model = load(folder)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, suffix=".part") as scratch:
            part = Path(scratch) / "checkpoint"
            model.save_pretrained(part)
            for file in (*folder.glob("*.json"), *folder.glob("*.txt")):
                if not (part / file.name).exists() and not file.name.endswith(".index.json"):
                    shutil.copyfile(file, part / file.name)
            part.rename(target)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(
            f"{folder} cannot be converted to safetensors in {target.parent}: {reason}; "
            "set EDITJUDGE_HOME to a folder with space to spare"
        ) from error
    return target


def _fingerprint(folder: Path) -> str:
    """Of the paths, sizes and times of the files, so that nothing has to be read."""
    files = sorted(path for path in folder.resolve().iterdir() if path.is_file())
    states = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(os.fsencode(repr(states))).hexdigest()[:16]
