"""Convert out-of-memory errors, whichever library raises them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import cv2

from editjudge.errors import OutOfMemoryError

NO_MEMORY = re.compile(r"bad.?alloc|failed to alloc|alloc_failed|(out of|insufficient) memory", re.IGNORECASE)
"""What ONNX Runtime and the libraries under it say: bad_alloc, Failed to allocate, CUBLAS_STATUS_ALLOC_FAILED."""

ADVICE = "close other programs, hand in smaller pictures, or raise the limit that was set on the process"


@contextmanager
def convert_memory_errors() -> Iterator[None]:
    """Raises OutOfMemoryError for what Python, NumPy, Pillow and OpenCV raise when there is no memory."""
    try:
        yield
    except (MemoryError, RuntimeError, cv2.error) as error:
        if not _lacks_memory(error):
            raise
        raise OutOfMemoryError(f"there is not enough memory to score this; {ADVICE}") from error


def _lacks_memory(error: Exception) -> bool:
    if isinstance(error, cv2.error):
        return bool(error.code == cv2.Error.StsNoMem)
    return isinstance(error, MemoryError) or "can't start new thread" in str(error)
