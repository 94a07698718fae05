"""The table with which a language model computes how likely each token is, of which only some rows are wanted.

Gemma 3 270M has 262,144 tokens, and the table is two thirds of its weights. llama.cpp reads all of it for each token
that it writes; a grammar allows a few dozen.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
"""Weights that share a scale in the format Q8_0: a float16, and an int8 for each."""
BLOCK_BYTES = 2 + BLOCK
Q8_0 = 8  # ggml_type
NAMES = (b"output.weight", b"token_embd.weight")
"""Its own name, and that of the table of embeddings, which is used where a model has no other."""


class _Options(ctypes.Structure):
    """gguf_init_params, for reading where tensors are and not what is in them."""

    _fields_ = (("no_alloc", ctypes.c_bool), ("context", ctypes.c_void_p))


class OutputTable:
    """The rows of a table in the format Q8_0, in a GGUF file that is mapped."""

    def __init__(self, path: Path, offset: int, size: int, width: int) -> None:
        """Raises OSError or ValueError where the file cannot be mapped.

        Args:
            offset: Of the table in the file, in bytes.
            size: How many tokens there are.
            width: How many weights a row has.
        """
        shape = (size, width // BLOCK, BLOCK_BYTES)
        self._rows: NDArray[np.uint8] = np.memmap(path, np.uint8, "r", offset, shape)

    def score(self, hidden: NDArray[np.float32], tokens: Sequence[int]) -> NDArray[np.float64]:
        """The logits of some tokens, as llama.cpp computes them: from a hidden state that is rounded to Q8_0, too.

        Args:
            hidden: float32[width], the last hidden state of the model.
            tokens: Their numbers.

        Returns:
            float64[len(tokens)].
        """
        rows = np.asarray(self._rows[np.asarray(tokens)])
        scales = rows[..., :2].copy().view(np.float16)[..., 0].astype(np.float64)
        weights = rows[..., 2:].view(np.int8).astype(np.int32)
        numbers, steps = _round(hidden)
        return np.asarray((np.einsum("tbi,bi->tb", weights, numbers) * scales) @ steps)

    def close(self) -> None:
        """Ends the mapping; nothing else can be called after it."""
        self._rows = np.empty((0, 0, BLOCK_BYTES), np.uint8)


def open_output_table(library: Any, path: Path, size: int, width: int) -> OutputTable | None:
    """Opens the table of a model; None where it has another format, or cannot be found or mapped.

    Args:
        library: ggml's.
        path: A GGUF file.
        size: How many tokens the model has.
        width: Of its hidden states.
    """
    offset = _find_table(library, path, size * (width // BLOCK) * BLOCK_BYTES)
    try:
        return None if offset is None or width % BLOCK else OutputTable(path, offset, size, width)
    except (OSError, ValueError):
        return None


def _find_table(library: Any, path: Path, length: int) -> int | None:
    """Where the table of a model begins in its file; None where it is not found, or is no Q8_0 of `length` bytes."""
    try:
        library.gguf_init_from_file.restype = ctypes.c_void_p
        library.gguf_init_from_file.argtypes = (ctypes.c_char_p, _Options)
        library.gguf_free.argtypes = (ctypes.c_void_p,)
        library.gguf_find_tensor.restype = ctypes.c_int64
        library.gguf_find_tensor.argtypes = (ctypes.c_void_p, ctypes.c_char_p)
        for name in ("gguf_get_tensor_offset", "gguf_get_tensor_size"):
            getattr(library, name).restype = ctypes.c_size_t
            getattr(library, name).argtypes = (ctypes.c_void_p, ctypes.c_int64)
        library.gguf_get_tensor_type.argtypes = (ctypes.c_void_p, ctypes.c_int64)
        library.gguf_get_data_offset.restype = ctypes.c_size_t
        library.gguf_get_data_offset.argtypes = (ctypes.c_void_p,)
    except AttributeError:  # another build, whose functions cannot be seen
        return None
    file = library.gguf_init_from_file(os.fsencode(path), _Options(True, None))
    if not file:
        return None
    try:
        found = (library.gguf_find_tensor(file, name) for name in NAMES)
        index = next((number for number in found if number >= 0), None)
        if index is None or library.gguf_get_tensor_type(file, index) != Q8_0:
            return None
        if library.gguf_get_tensor_size(file, index) != length:
            return None
        return int(library.gguf_get_data_offset(file) + library.gguf_get_tensor_offset(file, index))
    finally:
        library.gguf_free(file)


def _round(hidden: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """A hidden state in blocks: int32[blocks, 32] and, of each, the float16 by which they are to be multiplied."""
    blocks = hidden.reshape(-1, BLOCK)
    largest = np.abs(blocks).max(axis=1)
    inverse = np.divide(np.float32(127), largest, out=np.zeros_like(largest), where=largest > 0)
    numbers = np.rint(blocks * inverse[:, None]).astype(np.int32)
    return numbers, (largest / np.float32(127)).astype(np.float16).astype(np.float64)
