"""The state of a training in one file, and folders that are whole or not there. What a kill leaves is written over."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn

from editjudge.errors import InputError
from editjudge.utils.atomic_file import replace_folder

STATE = "state.pt"
READING_ERRORS = (OSError, RuntimeError, EOFError, KeyError, TypeError, ValueError, UnpicklingError)
"""What PyTorch raises for a file that is none of its own, or only half of one, or another model's."""


def save_state(folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer, step: int) -> None:
    """Keeps weights, optimiser and step in one file, so that they always match; an older one stays until it is whole.

    Raises InputError where it cannot be written.
    """
    path = folder / STATE
    fresh = path.with_suffix(".part")
    try:
        torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, fresh)
        os.replace(fresh, path)
    except (OSError, RuntimeError) as error:  # PyTorch's writer raises the latter where the disk is full
        raise _convert(path, error) from error
    finally:
        fresh.unlink(missing_ok=True)


def load_state(folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer) -> int:
    """Fills model and optimiser with what was kept, and returns its step; 0 where nothing was.

    Raises InputError for what is no state of this model.
    """
    path = folder / STATE
    if not path.exists():
        return 0
    device = next(model.parameters()).device
    try:
        kept: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        model.load_state_dict(kept["model"])
        optimiser.load_state_dict(kept["optimiser"])
        return int(kept["step"])
    except READING_ERRORS as error:
        raise InputError(f"{path} is not the state of this training; choose another folder, or remove it") from error


@contextmanager
def write_folder(folder: Path) -> Iterator[Path]:
    """A folder to write into, which takes the place of `folder` at the end of the block, unless something is raised.

    Raises InputError where it cannot be written.
    """
    fresh = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        fresh.mkdir(parents=True)
        yield fresh
        replace_folder(folder, fresh)
    except (OSError, SafetensorError) as error:
        raise _convert(folder, error) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextmanager
def write_files(folder: Path) -> Iterator[Path]:
    """A folder to write files into that take their places in `folder`, one by one, at the end of the block.

    Raises InputError where they cannot be written.
    """
    fresh = folder / ".files.part"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        fresh.mkdir()
        yield fresh
        for path in fresh.iterdir():
            os.replace(path, folder / path.name)
    except (OSError, SafetensorError) as error:
        raise _convert(folder, error) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _convert(path: Path, error: Exception) -> InputError:
    reason = (getattr(error, "strerror", None) or str(error).partition("\n")[0]).lower().rstrip(".")
    return InputError(f"cannot write {path}: {reason}; choose another place, or make room")
