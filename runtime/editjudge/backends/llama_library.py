"""llama.cpp's modules, loaded when they are first needed; what they say is heard, not printed."""

from __future__ import annotations

import atexit
import ctypes
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from typing import Any

from editjudge.errors import DeviceError, OutOfMemoryError
from editjudge.utils.forks import new_lock
from editjudge.utils.libraries.environment import keep_variables
from editjudge.utils.oom import ADVICE, NO_MEMORY, check_room, lacks_memory

ERROR, CONTINUED = 4, 5  # ggml_log_level
NO_MEMORY_LEFT = -2  # of llama_decode
ROOM = 64 << 20
"""Bytes, most of which are to spare: with less the process may end."""
VISION_BUILD = "pip install --force-reinstall --no-cache-dir --no-binary llama-cpp-python llama-cpp-python"

_loading = new_lock()
_hearing = threading.local()
_callbacks: list[Any] = []
"""Kept for as long as llama.cpp may call them."""


@cache
def load_llama_cpp() -> Any:
    """Imports the module llama_cpp, which takes a second. Raises DeviceError, or OutOfMemoryError; the next call tries
    again then.
    """
    with _loading, keep_variables("KMP_BLOCKTIME"):
        check_room(ROOM, "load llama.cpp")
        try:
            import llama_cpp  # noqa: PLC0415 (an app that never parses need not pay for it)

            with hear_llama():
                if not _callbacks:
                    _listen(llama_cpp)
                    _close_at_exit(llama_cpp)
                llama_cpp.llama_backend_init()
        except (ImportError, OSError, RuntimeError, AttributeError, MemoryError) as error:  # its own loader's as well
            if lacks_memory(error):
                raise OutOfMemoryError(f"there is not enough memory to load llama.cpp; {ADVICE}") from error
            hint = "pip install --force-reinstall llama-cpp-python"
            raise DeviceError(f"llama.cpp cannot be loaded ({error}); {hint}") from error
    return llama_cpp


@cache
def load_mtmd() -> Any:
    """Imports the module of libmtmd, llama.cpp's eyes. Raises as `load_llama_cpp`, and DeviceError where llama.cpp was
    built without it.
    """
    llama = load_llama_cpp()
    with _loading:
        try:
            mtmd = import_module("llama_cpp.mtmd_cpp")
            _callbacks.append(llama.llama_log_callback(_hear_mtmd))
            mtmd.mtmd_helper_log_set(_callbacks[-1], ctypes.c_void_p())  # it knows no other callback to give on to
        except (ImportError, OSError, RuntimeError, AttributeError, MemoryError) as error:
            if lacks_memory(error):
                raise OutOfMemoryError(f"there is not enough memory to load llama.cpp; {ADVICE}") from error
            raise DeviceError(
                f"llama.cpp was built without libmtmd, with which a model sees; {VISION_BUILD}"
            ) from error
    return mtmd


def load_ggml() -> Any:
    """The library under llama.cpp, which holds its tensors; None where the package does not give access to it."""
    load_llama_cpp()
    try:
        return import_module("llama_cpp._ggml").libggml
    except (ImportError, AttributeError):
        return None


@contextmanager
def hear_llama() -> Iterator[list[str]]:
    """Gives the errors that llama.cpp tells of in this thread within the block, and keeps it from printing. What it
    tells of elsewhere, to an app that uses it too, goes where it went.
    """
    before = getattr(_hearing, "errors", None)
    errors: list[str] = [] if before is None else before
    _hearing.errors = errors
    try:
        yield errors
    finally:
        _hearing.errors = before


def check_status(status: int, task: str, errors: Sequence[str]) -> None:
    """Raises OutOfMemoryError or DeviceError for the status of a function that could not do its task.

    errors: What llama.cpp told of meanwhile.
    """
    if status == NO_MEMORY_LEFT or (status and any(map(NO_MEMORY.search, errors))):
        raise OutOfMemoryError(f"there is not enough memory to {task}; {ADVICE}")
    if status:
        raise DeviceError(f"llama.cpp could not {task} (it says {status}); report it")


def read_token(llama: Any, vocabulary: Any, token: int) -> bytes:
    """What a token stands for, which may be a part of a character."""
    buffer = ctypes.create_string_buffer(256)
    length = llama.llama_token_to_piece(vocabulary, token, buffer, len(buffer), 0, False)
    return buffer.raw[: max(0, length)]


def free_resources(resources: ExitStack) -> None:
    """Frees what llama.cpp holds, without a word of it."""
    with hear_llama():
        resources.close()


def _listen(llama: Any) -> None:
    """Puts our callback before the one that is there: there is only one, for all threads."""
    if _callbacks:
        return
    previous, data = llama.llama_log_callback(), ctypes.c_void_p()
    llama.llama_log_get(ctypes.byref(previous), ctypes.byref(data))

    def hear(level: int, text: bytes, user_data: Any) -> None:
        if not _note(level, text) and previous:
            previous(level, text, user_data)

    _callbacks.extend((llama.llama_log_callback(hear), previous))
    llama.llama_log_set(_callbacks[0], data)


def _hear_mtmd(level: int, text: bytes, user_data: Any) -> None:
    if not _note(level, text) and sys.stderr is not None:
        sys.stderr.write(text.decode(errors="replace"))  # as it does itself


def _note(level: int, text: bytes) -> bool:
    """Keeps an error for the block in which this thread hears llama.cpp; False where it hears nothing."""
    errors: list[str] | None = getattr(_hearing, "errors", None)
    if errors is not None and (level == ERROR or (level == CONTINUED and errors)):
        errors.append(text.decode(errors="replace"))
    return errors is not None


def _close_at_exit(llama: Any) -> None:
    """Closes what the package opens when it is imported, and itself never does: Python warns of such files."""
    for name in ("outnull_file", "errnull_file"):
        if file := getattr(getattr(llama, "_utils", None), name, None):
            atexit.register(file.close)
