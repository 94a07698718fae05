"""The weights of a checkpoint folder: which files hold them, whether they are whole and pickled, and what they are."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from editjudge.errors import InputError

SAFE = "model.safetensors"
PICKLED = "pytorch_model.bin"
POINTER = b"version https://git-lfs"


def find_missing_weights(folder: Path, name: str = SAFE) -> list[str]:
    """The files that a folder lacks of the weights `name`, which are one file or those that an index lists."""
    if (folder / name).is_file():
        return []
    index = folder / f"{name}.index.json"
    if not index.is_file():
        return [name]
    return [part for part in _parts(index) if not (folder / part).is_file()]


def check_weights(folder: Path, *, allow_pickle: bool) -> bool:
    """Checks that the weights are whole, by their headers; returns whether they are safetensors, not pickled.

    Raises InputError where they are missing or cut short, or pickled where that is not allowed.
    """
    missing = find_missing_weights(folder)
    if missing and find_missing_weights(folder, PICKLED) == []:
        if not allow_pickle:
            raise InputError(
                f"{folder} has pickled weights only, and a pickle can run code: save them as safetensors, "
                "or give --allow-pickle if you trust them"
            )
        return False
    if missing:
        partial = sorted(path.name for path in folder.glob("*") if path.suffix in {".incomplete", ".part"})
        leftovers = f", only {', '.join(partial)}, broken off half way" if partial else ""
        raise InputError(f"{folder} has no {', '.join(missing)}{leftovers}; fetch the checkpoint again")
    for path in _files(folder, SAFE):
        _check_whole(path)
    return True


def read_weights(folder: Path, *, safe: bool = True) -> dict[str, Tensor]:
    """All the weights by their names. Raises what reading them raises.

    Args:
        folder: The checkpoint folder, by `check_weights`.
        safe: Whether they are safetensors; of pickles, which are trusted then, only tensors are unpickled.
    """
    weights: dict[str, Tensor] = {}
    for path in _files(folder, SAFE if safe else PICKLED):
        weights |= load_file(path) if safe else torch.load(path, map_location="cpu", weights_only=True)
    return weights


def _check_whole(path: Path) -> None:
    with path.open("rb") as stream:
        if stream.read(len(POINTER)) == POINTER:
            raise InputError(f"{path} is a pointer to the weights and not the weights; run git lfs pull")
    try:
        with safe_open(path, framework="numpy"):
            pass
    except SafetensorError as error:
        raise InputError(f"{path} is half-downloaded or damaged ({error}); delete it and fetch it again") from error


def _files(folder: Path, name: str) -> list[Path]:
    if (folder / name).is_file():
        return [folder / name]
    return [folder / part for part in _parts(folder / f"{name}.index.json")]


def _parts(index: Path) -> list[str]:
    try:
        parts = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{index} is no index of weights: {error}") from error
    if not parts or any(Path(part).name != part for part in parts):
        raise InputError(f"{index} is no index of weights: it names no files beside it")
    return parts
