"""ONNX Runtime's module, loaded when it is first needed and with its telemetry off."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from functools import cache
from importlib import import_module
from types import ModuleType

from editjudge.errors import DeviceError, OutOfMemoryError
from editjudge.utils.forks import new_lock
from editjudge.utils.libraries.environment import keep_variables
from editjudge.utils.oom import ADVICE, check_room, lacks_memory

SWITCH = "ORT_DISABLE_TELEMETRY"
"""Read once, when the module is imported. The module's own `disable_telemetry_events` comes too late: by then it has
written a device id and a database into the user's cache, and will look up its maker's server."""

ROOM = 96 << 20
"""Bytes, of which half are to spare: its threads end the process where they find no room for their own data."""

_loading = new_lock()
_telemetry: list[str | None] = []
"""What `_describe_telemetry` said when the module was first wanted."""


@cache
def load_onnxruntime() -> ModuleType:
    """Imports the module onnxruntime. Raises DeviceError, or OutOfMemoryError; the next call tries again then."""
    with _loading:
        check_room(ROOM, "load ONNX Runtime")
        if not _telemetry:
            _telemetry.append(_describe_telemetry())
        try:
            return _import()
        except Exception as error:
            if lacks_memory(error):
                raise OutOfMemoryError(f"there is not enough memory to load ONNX Runtime; {ADVICE}") from error
            if isinstance(error, ImportError):
                raise DeviceError(f"ONNX Runtime cannot be imported ({error}); pip install onnxruntime") from error
            raise


def describe_telemetry() -> str | None:
    """Why ONNX Runtime's telemetry is, or may be, on in this process and what to do; None where it is off."""
    return _telemetry[0] if _telemetry else _describe_telemetry()


def _import() -> ModuleType:
    with keep_variables(SWITCH):
        os.environ.setdefault(SWITCH, "1")  # a user may want it on
        module = import_module("onnxruntime")
    if SWITCH not in os.environ:
        module.disable_telemetry_events()  # where another imported it before: what is still to come
    if "CUDAExecutionProvider" in module.get_available_providers():
        # Finds the CUDA libraries that pip installed; it prints what it misses, which the system may well have.
        with contextlib.redirect_stdout(io.StringIO()):
            module.preload_dlls()
    return module


def _describe_telemetry() -> str | None:
    value = os.environ.get(SWITCH)
    if value is None:
        late = "onnxruntime" in sys.modules
        return f"onnxruntime was imported before editjudge loaded it; set {SWITCH}=1 before that" if late else None
    off = value.strip().lower() in {"1", "true", "yes", "on"}
    return None if off else f"{SWITCH} is {value!r}; unset it, or set it to 1"
