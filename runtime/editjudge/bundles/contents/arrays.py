"""Arrays of an .npz file: read only where each is as small as the file says, and as the file says."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from editjudge.bundles.contents.regular_file import open_regular

MOST_ARRAYS = 32
MOST_BYTES = 64 * 2**20
"""Of all arrays together, unpacked."""


def read_arrays(path: Path) -> dict[str, NDArray[np.float64]]:
    """The arrays of a file by their names. Raises ValueError for what is no such file or is too large, and OSError."""
    try:
        with open_regular(path) as stream, zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            if len(members) > MOST_ARRAYS:
                raise ValueError(f"it has {len(members):,} arrays; {MOST_ARRAYS} are allowed")
            if sum(member.file_size for member in members) > MOST_BYTES:
                raise ValueError(f"its arrays take more than {MOST_BYTES:,} bytes")
            return {member.filename.removesuffix(".npy"): _read_array(archive.read(member)) for member in members}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise ValueError(f"it is damaged: {error}") from error


def _read_array(content: bytes) -> NDArray[np.float64]:
    """By its header, which is compared with what there is before an array is made."""
    stream = io.BytesIO(content)
    try:
        read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[npy.read_magic(stream)]
        shape, in_columns, kind = read_header(stream)
    except (ValueError, KeyError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise ValueError("the head of an array cannot be read") from None
    if kind.kind not in "fiu" or kind.hasobject:
        raise ValueError(f"an array is of {kind}, and not of numbers")
    values = content[stream.tell() :]
    if math.prod(shape) * kind.itemsize != len(values) or min(shape, default=0) < 0:
        raise ValueError(f"an array says that it is {' x '.join(map(str, shape))}, and is not")
    array = np.frombuffer(values, kind).reshape(shape, order="F" if in_columns else "C")
    if not np.isfinite(array).all():
        raise ValueError("an array has values that are not finite")
    return array
