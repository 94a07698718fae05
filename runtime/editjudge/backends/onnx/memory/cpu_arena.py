"""One arena for the models that run on the CPU: what a run has freed there, the run of another model takes."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from editjudge.backends.error_origin import came_from
from editjudge.backends.onnx.library import load_onnxruntime
from editjudge.utils.forks import renew_after_fork

IDENTITY = (
    b"\x08\x08"  # the version of the format: 8
    b"\x3a\x37"  # the graph, 55 bytes
    b'\x0a\x10\x0a\x01x\x12\x01y"\x08Identity'  # its node
    b"\x12\x01g"  # its name
    b"\x5a\x0f\x0a\x01x\x12\x0a\x0a\x08\x08\x01\x12\x04\x0a\x02\x08\x01"  # its input x, one float
    b"\x62\x0f\x0a\x01y\x12\x0a\x0a\x08\x08\x01\x12\x04\x0a\x02\x08\x01"  # its output y, one float
    b"\x42\x04\x0a\x00\x10\x11"  # the operators: version 17
)
"""An ONNX file that hands its input on. An arena is shrunk after a run and in no other way, and a run takes a graph."""


class CpuArena:
    """The arena of this process: there from when it is first wanted until the process ends. May be used by threads."""

    def __init__(self) -> None:
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """In a forked process it is made anew: a thread that has remained in the other one may have locked it."""
        self._registering = threading.Lock()
        self._is_shared: bool | None = None

    def share(self, options: Any) -> None:
        """Has a session that runs on the CPU alone take its memory from here.

        Each keeps an arena of its own where there can be no other: this build has none to share, as early ones for
        ARM64, or an app that uses ONNX Runtime too has registered one and this version keeps to that, as 1.20 does.
        1.32 has ours take its place, for the app's sessions that are opened later and ask for a shared one.

        Args:
            options: The session's, an `onnxruntime.SessionOptions`; they are changed.
        """
        with self._registering:
            if self._is_shared is None:
                self._is_shared = _register()
        if self._is_shared:
            options.add_session_config_entry("session.use_env_allocators", "1")
            # A planned run takes one block as large as all that it needs at once, and among what the other models have
            # left there is seldom a place for that. What it needs piece by piece finds places, and costs no more time.
            options.enable_mem_pattern = False

    def release(self) -> None:
        """Gives what nothing lies in back to the system: all of it where no session is open. Others may run."""
        if self._is_shared:
            _shrink()


ARENA = CpuArena()


def _register() -> bool:
    library = load_onnxruntime()
    place = library.OrtMemoryInfo("Cpu", library.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, library.OrtMemType.DEFAULT)
    doubling = library.OrtArenaCfg({"arena_extend_strategy": 0})
    try:
        library.create_and_register_allocator(place, doubling)
    except RuntimeError:
        return False
    return _shrink()


def _shrink() -> bool:
    """Frees the regions of the arena that nothing lies in; false where the sessions share no arena, or none can run."""
    library = load_onnxruntime()
    options, run = library.SessionOptions(), library.RunOptions()
    options.log_severity_level = run.log_severity_level = 4  # what fails is told by what is returned
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.use_env_allocators", "1")
    run.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    try:
        session = library.InferenceSession(IDENTITY, options, providers=["CPUExecutionProvider"], enable_fallback=0)
        session.run(None, {"x": np.zeros(1, np.float32)}, run)
    except Exception as error:  # ONNX Runtime's errors have no root of their own
        if not came_from(error, "onnxruntime"):
            raise
        return False
    return True
