"""What the driver says of the GPU, by nvidia-smi, which comes with it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass

from benchmarks.gpu.plan import GpuRunError

PLACES = ("/usr/bin", "/usr/local/bin", "/usr/local/nvidia/bin", "/usr/lib/wsl/lib")
"""Where containers have it, though it may not be in PATH."""
FIELDS = ("name", "uuid", "driver_version", "compute_cap", "memory.total", "memory.used", "utilization.gpu")
OLDEST_DRIVER, OLDEST_CAPABILITY = 580, 7.5
"""What CUDA 13 runs on, which onnxruntime-gpu and PyTorch are built with."""
LEAST_GIBIBYTES = 6
BUSY = 20
"""Percent of the time; from there on times are not those of this program alone."""
EVERY_MS = 50
HIDDEN = ("", "-1", "NoDevFiles", "none", "void")
"""Values of CUDA_VISIBLE_DEVICES that show no GPU."""


class TakenGpuError(GpuRunError):
    """Others use the GPU; it may be free in a moment."""


@dataclass(frozen=True)
class GpuState:
    """A GPU as it is now.

    Attributes:
        name: As it is sold.
        uuid: Tells it from all others.
        driver: The driver's version.
        capability: Of its computing, such as 8.9; None where the driver does not say.
        total, used: MiB of its memory; None where the driver does not say, as of parts of a GPU.
        busy: Percent of the last moments in which it was at work; None likewise.
    """

    name: str
    uuid: str
    driver: str
    capability: float | None
    total: int | None
    used: int | None
    busy: int | None

    @classmethod
    def parse(cls, line: str) -> GpuState:
        """A line of nvidia-smi about FIELDS, without units."""
        name, uuid, driver, *numbers = (value.strip() for value in line.split(","))
        capability, total, used, busy = map(_number, numbers)
        whole = [None if value is None else int(value) for value in (total, used, busy)]
        return cls(name, uuid, driver, capability, *whole)

    def check(self, gibibytes: int = LEAST_GIBIBYTES) -> None:
        """Raises GpuRunError where it is too old or too small, and TakenGpuError where others use it."""
        if int(re.match(r"\d*", self.driver)[0] or 0) < OLDEST_DRIVER:
            raise GpuRunError(
                f"the driver of {self.name} is {self.driver}, and CUDA 13 needs {OLDEST_DRIVER} or later; install one"
            )
        if self.capability is not None and self.capability < OLDEST_CAPABILITY:
            raise GpuRunError(
                f"{self.name} has compute capability {self.capability:g}, and CUDA 13 needs {OLDEST_CAPABILITY:g} or "
                "later; use another GPU"
            )
        if self.total is None or self.used is None:
            return
        if self.total < gibibytes * 1024:
            raise GpuRunError(
                f"{self.name} has {self.total / 1024:.1f} GiB of memory, and {gibibytes} are needed; use a larger GPU"
            )
        if self.total - self.used < gibibytes * 1024:
            raise TakenGpuError(
                f"{self.used / 1024:.1f} of {self.total / 1024:.1f} GiB of {self.name} are taken by others, and "
                f"{gibibytes} are needed; end them, or name another GPU in CUDA_VISIBLE_DEVICES"
            )
        if (self.busy or 0) >= BUSY:
            raise TakenGpuError(
                f"{self.name} is at work for others ({self.busy} % of the time), so that times would not be its own; "
                "wait, or name another GPU in CUDA_VISIBLE_DEVICES"
            )


def find_gpu() -> GpuState:
    """The GPU that CUDA shows first, with CUDA_DEVICE_ORDER=PCI_BUS_ID. Raises GpuRunError where there is none."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None and chosen.strip() in HIDDEN:
        raise GpuRunError(f"CUDA_VISIBLE_DEVICES={chosen!r} hides every GPU; unset it, or run with --rehearse")
    first = (chosen or "0").split(",")[0].strip()
    # A part of a GPU (MIG) is not known by its name here: what is told is the whole one's.
    which = () if first.startswith("MIG-") else ("--id", first)
    printed = _ask("--query-gpu=" + ",".join(FIELDS), "--format=csv,noheader,nounits", *which)
    lines = [line for line in printed.splitlines() if line.count(",") == len(FIELDS) - 1]
    if not lines:
        raise GpuRunError(f"nvidia-smi shows no GPU {first}; name one in CUDA_VISIBLE_DEVICES, or run with --rehearse")
    return GpuState.parse(lines[0])


def await_gpu(gibibytes: int = LEAST_GIBIBYTES, patience: float = 3.0) -> GpuState:
    """The GPU once it will do: what ran on it before may have ended only now, and still count.

    Args:
        gibibytes: Of memory that must be free.
        patience: Seconds to wait for others to leave it.

    Raises GpuRunError.
    """
    end = time.monotonic() + patience
    while True:
        state = find_gpu()
        try:
            state.check(gibibytes)
        except TakenGpuError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
        else:
            return state


def find_tool() -> str:
    """The path of nvidia-smi. Raises GpuRunError where there is none."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *PLACES])
    found = shutil.which("nvidia-smi", path=path)
    if found is None:
        raise GpuRunError(
            "there is no NVIDIA driver here (nvidia-smi is missing); install it, or run without a GPU by --rehearse"
        )
    return found


class MemoryWatch:
    """The most memory of the GPU that was in use at once, MiB, while it is entered; None without a GPU.

    Memory of others, which was in use before, is taken off.
    """

    def __init__(self, uuid: str | None) -> None:
        self._uuid = uuid
        self._process: subprocess.Popen[str] | None = None
        self._seen: list[int] = []

    def __enter__(self) -> MemoryWatch:
        if self._uuid is not None:
            command = [find_tool(), "--query-gpu=memory.used", "--format=csv,noheader,nounits", "--id", self._uuid]
            self._before = _read_whole(_ask(*command[1:]))
            self._process = subprocess.Popen(
                [*command, f"--loop-ms={EVERY_MS}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            self._listener = threading.Thread(target=self._listen, daemon=True)
            self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._listener.join()
            if self._process.stdout is not None:
                self._process.stdout.close()

    @property
    def peak(self) -> int | None:
        before = getattr(self, "_before", None)
        return max(self._seen) - before if self._seen and before is not None else None

    def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            value = _read_whole(line)
            if value is not None:
                self._seen.append(value)


def _ask(*arguments: str) -> str:
    try:
        result = subprocess.run([find_tool(), *arguments], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GpuRunError(f"nvidia-smi does not answer ({error}); check the driver") from error
    if result.returncode:
        said = (result.stdout + result.stderr).strip().splitlines() or [f"status {result.returncode}"]
        raise GpuRunError(f"nvidia-smi fails: {said[-1].rstrip('.')}; check the driver and CUDA_VISIBLE_DEVICES")
    return result.stdout


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:  # [N/A], [Not Supported]
        return None


def _read_whole(text: str) -> int | None:
    value = _number(text.strip())
    return None if value is None else int(value)
