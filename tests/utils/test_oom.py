"""Running out of memory: one clear sentence, and the Scorer works again once there is some."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from editjudge import BundleError, OutOfMemoryError
from editjudge.backends.onnx.session import open_session
from editjudge.bundles.bundle import Bundle
from editjudge.utils.oom import ADVICE, convert_memory_errors, lacks_memory

# A process of its own, as a limit holds for all of it. room: bytes that may be taken beside what is in use; with none,
# glibc ends the process.
LIMITED = """
import resource, sys
import numpy as np
from editjudge import EditIntent, OutOfMemoryError, Scorer, ranking

ranking.BATCH = 128
bundle, room = sys.argv[1], int(sys.argv[2])
scorer = Scorer.load(bundle, device="cpu", threads=1)
small = np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8)
prepared = scorer.prepare(small, EditIntent("add", None, "cat"))
before = [one.score.bpm for one in prepared.scores([small[::-1]] * 2)]
used = next(int(line.split()[1]) << 10 for line in open("/proc/self/status") if line.startswith("VmSize"))
resource.setrlimit(resource.RLIMIT_AS, (used + room, resource.RLIM_INFINITY))
picture = sys.stdin.buffer.read()
try:
    list(prepared.scores([picture] if picture else [small] * ranking.BATCH))
    print("nothing was raised")
except OutOfMemoryError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
after = [one.score.bpm for one in prepared.scores([small[::-1]] * 2)]
print(after == before)
"""


def limited(bundle: str, room: int, picture: bytes = b"") -> list[str]:
    command = [sys.executable, "-c", LIMITED, bundle, str(room)]
    done = subprocess.run(command, input=picture, capture_output=True, check=True, timeout=120)
    return done.stdout.decode().splitlines()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="limits a process as Linux does")
def test_a_picture_for_which_there_is_no_memory(toy: Bundle) -> None:
    large = cv2.imencode(".png", np.zeros((6000, 6000, 3), np.uint8))[1].tobytes()
    error, same = limited(str(toy.folder), 64 << 20, large)
    assert error.startswith("there is not enough memory to score this; hand in smaller pictures")
    assert same == "True"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="limits a process as Linux does")
def test_a_model_for_which_there_is_no_memory() -> None:
    error, same = limited("studio", 128 << 20)
    assert error.startswith("there is not enough memory")
    assert same == "True"


@pytest.mark.parametrize(
    ("message", "raised"),
    [
        ("Failed to allocate memory for requested buffer of size 4294967296", OutOfMemoryError),
        ("CUDA failure 2: out of memory ; GPU=0 ; hostname=here", OutOfMemoryError),
        ("CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED", OutOfMemoryError),
        ("Got invalid dimensions for input: pixel_values", BundleError),
    ],
)
def test_what_onnx_runtime_says(toy: Bundle, message: str, raised: type[Exception]) -> None:
    """Sentences of its CUDA provider, which cannot be made to fail on a machine without a GPU."""

    onnxruntime: dict[str, Any] = {"__name__": "onnxruntime.capi"}  # a module of this name
    exec("def refuse(message): raise RuntimeError(message)", onnxruntime)

    class Refusing:
        def get_inputs(self) -> list[object]:
            return session._session.get_inputs()

        def get_outputs(self) -> list[object]:
            return session._session.get_outputs()

        def run(self, *_: object) -> None:
            onnxruntime["refuse"](message)

    session = open_session(toy.file("clip_vision"), "cpu", threads=1)
    refusing = type(session)(Refusing(), toy.file("clip_vision"), session.placement)
    with pytest.raises(raised, match="clip_vision"):
        refusing.run({"pixel_values": np.zeros((1, 3, 16, 16), np.float32)})


@pytest.mark.parametrize(
    ("error", "lacking"),
    [
        (ImportError("libx.so: failed to map segment from shared object"), True),
        (ImportError("libx.so: failed to map segment from shared object: Operation not permitted"), False),
        (OSError("libx.so: cannot allocate memory in static TLS block"), False),
        (
            RuntimeError(
                "posix/env.cc:327 onnxruntime::PosixThread::PosixThread pthread_create failed, error code: 11"
            ),
            True,
        ),
        (RuntimeError("can't start new thread"), True),
        (OSError(errno.ENOMEM, "Cannot allocate memory", "picture.png"), True),
        (OSError(errno.ENOENT, "No such file or directory", "out of memory.png"), False),
        (BundleError("/home/out of memory/clip.onnx is damaged"), False),
        (MemoryError(), True),
    ],
)
def test_which_errors_tell_of_memory(error: Exception, lacking: bool) -> None:
    """By themselves, and under an error of ours that tells of something else."""
    assert lacks_memory(error) == lacking
    refusal = BundleError("it is damaged")
    refusal.__cause__ = error
    assert lacks_memory(refusal) == lacking


def test_a_want_of_memory_told_as_something_else() -> None:
    refusal = BundleError("bundle.toml cannot be read")
    refusal.__cause__ = OSError(errno.ENOMEM, "Cannot allocate memory")
    with pytest.raises(OutOfMemoryError, match="to open it; close"), convert_memory_errors("open it", ADVICE):
        raise refusal
    with pytest.raises(BundleError, match="no model"), convert_memory_errors():
        raise BundleError("no model")


def test_other_errors_of_opencv_go_through() -> None:
    with pytest.raises(cv2.error), convert_memory_errors():
        cv2.resize(np.zeros((0, 0, 3), np.uint8), (4, 4))
    with pytest.raises(OutOfMemoryError, match="not enough memory"), convert_memory_errors():
        np.zeros(1 << 60, np.uint8)
