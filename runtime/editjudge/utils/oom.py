"""Want of memory: asked about before what would not survive it, and told as what it is, whichever library met it."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from editjudge.errors import EditJudgeError, OutOfMemoryError
from editjudge.utils.pools import usable_cores

NO_MEMORY = re.compile(
    r"bad.?alloc|(failed|unable) to allocate|failed to alloc|alloc_failed|(out of|insufficient) memory"
    r"|cannot allocate memory(?! in static TLS)|can't start new thread|pthread_create failed|PosixThread"
    r"|failed to map segment from shared object(?!: Operation not permitted)"
    r"|out_?of_?(device_|host_)?memory|not enough memory resources",
    re.IGNORECASE,
)
"""What is said where there is no memory: by ONNX Runtime (bad_alloc, Failed to allocate, PosixThread for a thread that
has no room for its stack), by CUDA (CUBLAS_STATUS_ALLOC_FAILED), Vulkan (VK_ERROR_OUT_OF_DEVICE_MEMORY), Direct3D
(E_OUTOFMEMORY, or in words), llama.cpp, OpenCV, Python, and the loader of shared libraries, which says "failed to map
segment" of a folder without permission to execute as well."""

ADVICE = "close other programs, or raise the limit that was set on the process"
SMALLER = f"hand in smaller pictures, {ADVICE}"

_MIB = 1 << 20
SPARE = 32 * _MIB
"""Less than this, and glibc itself, the C++ runtime or a tokenizer ends the process where it would raise."""
_LIBRARIES, _PER_THREAD = 128 * _MIB, 192 * _MIB
"""Addresses that NumPy and OpenCV take when they are loaded: 295 MiB were enough with one thread, 470 MiB with two.
Each brings an OpenBLAS of its own, which reserves stacks and buffers for every core."""


@contextmanager
def convert_memory_errors(task: str = "score this", advice: str = SMALLER) -> Iterator[None]:
    """Raises OutOfMemoryError where there is no memory to do a task: at once if next to none is left, and for what the
    libraries raise, though it be under an error of ours that tells it as something else.
    """
    check_room(SPARE, task, advice)
    try:
        yield
    except OutOfMemoryError:
        raise
    except Exception as error:
        if not lacks_memory(error):
            raise
        raise OutOfMemoryError(f"there is not enough memory to {task}; {advice}") from error


def lacks_memory(error: BaseException | None) -> bool:
    """Whether an error, or one that it was raised from, came of want of memory."""
    while error is not None:
        if isinstance(error, MemoryError | OutOfMemoryError):
            return True
        if isinstance(error, OSError) and error.errno is not None:
            if error.errno == errno.ENOMEM:
                return True
        elif not isinstance(error, EditJudgeError) and NO_MEMORY.search(str(error)):
            return True  # our own sentences hold names of files, which may say anything
        error = error.__cause__
    return False


def check_room(size: int, task: str, advice: str = ADVICE) -> None:
    """Raises OutOfMemoryError unless the process may have this many bytes more. They are asked for, and not touched."""
    private = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if sys.platform != "win32" else {}
    try:
        mmap.mmap(-1, size, **private).close()
    except (OSError, MemoryError) as error:
        raise OutOfMemoryError(f"there is not enough memory to {task}; {advice}") from error


def trim_memory() -> None:
    """Gives what was freed back to the system, where the C library keeps it, as glibc does for each thread."""
    with suppress(OSError, AttributeError, TypeError):  # other systems have no such function, or no such library
        ctypes.CDLL(None).malloc_trim(0)


def check_room_for_libraries() -> None:
    """Raises OutOfMemoryError where NumPy and OpenCV, not loaded yet, had better not be: without room to start their
    threads one ends the process, the other crashes, and what was loaded by halves cannot be loaded again.
    """
    if "cv2" in sys.modules:
        return
    asked = os.environ.get("OPENBLAS_NUM_THREADS", "")
    threads = min(usable_cores(), int(asked)) if asked.isdecimal() and int(asked) else usable_cores()
    check_room(_LIBRARIES + threads * _PER_THREAD, "load NumPy and OpenCV, which OPENBLAS_NUM_THREADS=1 makes smaller")
