"""Runs a part in a process of its own, within its time, and writes down what became of it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.gpu.nvidia_smi import await_gpu
from benchmarks.gpu.parts.environment import WHOLE
from benchmarks.gpu.plan import PARTS, ROOT, GpuPart, GpuRun, GpuRunError, read_json, write_json

DONE = ("measured", "rehearsed")
SOURCES = ("", "runtime", "export", "models")
SMALL_MODELS = "tests"
"""Below the repository's root; the second for the small models of a rehearsal."""
TOOLKIT = "/usr/local/cuda/lib64"
"""What llama.cpp was compiled with, where a toolkit is installed."""
PATIENCE = 20.0
"""Seconds in which the part before may leave the GPU."""
LAST = 2000
"""Bytes at the end of a log in which the reason is looked for."""


def is_done(run: GpuRun, part: str) -> bool:
    return (read_json(run.record(part)) or {}).get("state") in DONE


def run_part(run: GpuRun, part: GpuPart, seconds: float) -> dict[str, Any]:
    """Does a part unless it was done before, and returns its record, which it writes.

    Args:
        run: What was asked for.
        part: What is to be done.
        seconds: How long it may take.

    The record: {"part", "title", "state": "measured", "rehearsed" or "failed", "reason": what went wrong or None,
    "seconds", "started", "results": {...}}; of a part that failed, the results are those that it had by then.
    """
    if is_done(run, part.name):
        return read_json(run.record(part.name)) or {}
    run.outcome(part.name).unlink(missing_ok=True)
    started = datetime.now(UTC)
    begin = time.monotonic()
    try:
        _check(run, part)
        reason = _execute(run, part, seconds)
    except GpuRunError as error:
        reason = str(error)
    outcome = read_json(run.outcome(part.name)) or {}
    reason = outcome.get("reason") or reason
    record = {
        "part": part.name,
        "title": part.title,
        "state": "failed" if reason else "rehearsed" if run.rehearse else "measured",
        "reason": reason,
        "seconds": round(time.monotonic() - begin, 1),
        "started": f"{started:%Y-%m-%d %H:%M:%S} UTC",
        "results": outcome.get("results", {}),
    }
    write_json(run.record(part.name), record)
    run.outcome(part.name).unlink(missing_ok=True)
    return record


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Keeps a second run out of the folder. Raises GpuRunError where there is one, or the folder cannot be written."""
    import fcntl  # noqa: PLC0415 (Windows has none; there the command has refused by now)

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a")
    except OSError as error:
        raise GpuRunError(f"{folder} cannot be written ({error.strerror}); choose another folder") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise GpuRunError(f"another run is at work in {folder}; wait for it, or choose another folder") from error
        yield


def build_environment(run: GpuRun, part: GpuPart) -> dict[str, str]:
    """The environment variables of a part's process."""
    overlays = [run.overlay(name) for name in run.overlays(part)]
    sources = (*SOURCES, SMALL_MODELS) if run.rehearse else SOURCES
    paths = [*overlays, *(ROOT / source for source in sources)]
    roots = [*overlays, *run.environment.glob("lib/python*/site-packages"), *map(Path, run.reuse)]
    libraries = [place for root in roots for name in ("nvidia/*/lib", "tensorrt_libs") for place in root.glob(name)]
    own = {
        "PYTHONPATH": _join(paths),
        "PYTHONUNBUFFERED": "1",
        "LD_LIBRARY_PATH": _join([*libraries, *filter(None, [os.environ.get("LD_LIBRARY_PATH")]), TOOLKIT]),
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",  # as nvidia-smi counts
        "EDITJUDGE_HOME": str(run.folder / "home"),
        "TORCHINDUCTOR_CACHE_DIR": str(run.folder / "inductor"),
        "HF_HUB_OFFLINE": "1",
    }
    return {**os.environ, **own}


def _check(run: GpuRun, part: GpuPart) -> None:
    """Raises GpuRunError where a part cannot be begun."""
    if not part.bare and not (run.environment / WHOLE).exists():
        raise GpuRunError("the environment was not made; see the part environment")
    for name in run.overlays(part):
        if not (run.overlay(name) / WHOLE).exists():
            raise GpuRunError(f"the packages of {name} are missing; see the part environment")
    for name in part.needs:
        if not is_done(run, name) and not (read_json(run.record(name)) or {}).get("results"):
            raise GpuRunError(f"{PARTS[name].title} were not made; see the part {name}")
    if part.gibibytes and not run.rehearse:
        await_gpu(part.gibibytes, PATIENCE)


def _execute(run: GpuRun, part: GpuPart, seconds: float) -> str | None:
    """Runs the part's process, and ends all that it started. Returns what went wrong, None where nothing did."""
    python = run.interpreter if part.bare else str(run.python)
    command = [python, "-m", "benchmarks.gpu.work", part.name, str(run.folder)]
    log = run.log(part.name)
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ} if part.bare else build_environment(run, part)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            return f"it was not done within {seconds:.0f} s and was ended; run again to go on with what it had"
        finally:
            _end_group(process)
    if status < 0:
        return f"it was ended by signal {-status} ({signal.Signals(-status).name}); see {log}"
    return f"it ended with status {status}: {_last_line(log)}" if status else None


def _end_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_line(log: Path) -> str:
    lines = log.read_bytes()[-LAST:].decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "it printed nothing"


def _join(paths: list[Any]) -> str:
    return os.pathsep.join(map(str, paths))
