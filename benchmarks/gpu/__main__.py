"""Measures everything about GPUs on a bare machine that has an NVIDIA GPU, its driver, Python 3.11 or later, and an
index of packages or a folder of wheels.

    python -m benchmarks.gpu FOLDER [--wheels DIR] [--reuse] [--part NAME ...] [--again] [--rehearse]

It makes its own environment in FOLDER, and takes 25 minutes and 25 GB at most. Parts that were done are not done again,
so that a run which was cut off goes on; a part that fails says why, and the others go on. `environment` and `bundles`
need no GPU; what another machine has built in FOLDER/models may be brought along. Writes FOLDER/gpu.json, with all that
was measured, and FOLDER/gpu.md, the section of RESULTS.md. The exit status is 0 where all parts were done, 1 where some
were not, 2 for what cannot be begun.
"""

from __future__ import annotations

import argparse
import shutil
import site
import sys
import time
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 (whoever runs this may have an older one)
    sys.exit(f"benchmarks.gpu needs Python 3.11 or later, and this is {sys.version.split()[0]}")
if sys.platform != "linux":
    sys.exit("benchmarks.gpu needs Linux; on Windows run it in WSL 2")

from benchmarks.gpu.nvidia_smi import await_gpu
from benchmarks.gpu.plan import GIGABYTES, MINUTES, PARTS, REHEARSED_GIGABYTES, GpuRun, GpuRunError
from benchmarks.gpu.report import write_report
from benchmarks.gpu.runner import DONE, is_done, only_run, run_part

LEAST_SECONDS = 10
"""With less time left no part is begun."""


def main(arguments: list[str]) -> int:
    options = parse_options(arguments)
    try:
        if not options.rehearse and any(PARTS[name].gibibytes for name in options.part):
            await_gpu()
        with only_run(options.folder.resolve()):
            run = begin(options)
            if options.again:
                for name in options.part:
                    run.record(name).unlink(missing_ok=True)
            try:
                do_parts(run, options.part, options.minutes)
            finally:
                write_report(run)
    except GpuRunError as error:
        print(f"benchmarks.gpu: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"benchmarks.gpu: {options.folder} cannot be used ({error.strerror or error}); see to it and run again",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("benchmarks.gpu: interrupted; run again to go on", file=sys.stderr)
        return 130
    print(f"written: {run.folder / 'gpu.json'} and {run.folder / 'gpu.md'}")
    return 0 if all(is_done(run, name) for name in options.part) else 1


def begin(options: argparse.Namespace) -> GpuRun:
    """The run of a folder: the one that was begun there, or a new one. Raises GpuRunError."""
    folder, wheels = options.folder.resolve(), options.wheels and options.wheels.resolve()
    if wheels is not None and not (wheels.is_dir() and any(wheels.glob("*.whl"))):
        raise GpuRunError(f"there are no wheels in {wheels}; fetch them with python -m pip download")
    run = GpuRun.read(folder)
    needed = REHEARSED_GIGABYTES if options.rehearse else GIGABYTES
    free = shutil.disk_usage(folder).free / 1e9
    if run is None and "environment" in options.part and free < needed:
        raise GpuRunError(f"{folder} has {free:.1f} GB of disk left, and {needed} are needed; choose another folder")
    if run is None:
        run = GpuRun(folder, options.rehearse, wheels, tuple(_packages_here()) if options.reuse else ())
    elif run.rehearse != options.rehearse:
        kind = "a rehearsal" if run.rehearse else "a run on a GPU"
        raise GpuRunError(f"{folder} holds {kind}; choose another folder, so that figures are not mixed")
    else:
        run = GpuRun(folder, run.rehearse, wheels or run.wheels, run.reuse, run.interpreter)
    try:
        run.save()
    except OSError as error:
        raise GpuRunError(f"{folder} cannot be written ({error.strerror}); choose another folder") from error
    return run


def do_parts(run: GpuRun, names: list[str], minutes: float) -> None:
    """Does the parts one after the other, until the time is up, and tells of each in a line."""
    end = time.monotonic() + 60 * minutes
    for name in names:
        part, left = PARTS[name], end - time.monotonic()
        if is_done(run, name):
            print(f"{name}: done before", flush=True)
            continue
        if left < LEAST_SECONDS:
            print(f"{name}: not begun, for the {minutes:g} minutes are over; run again to go on", flush=True)
            continue
        print(f"{name}: {time.strftime('%H:%M:%S')}, at most {min(part.seconds, left):.0f} s", flush=True)
        record = run_part(run, part, min(part.seconds, left))
        what = record["state"] if record["state"] in DONE else f"failed: {record['reason']}"
        print(f"{name}: {record['seconds']:.0f} s, {what}", flush=True)


def parse_options(arguments: list[str]) -> argparse.Namespace:
    command_line = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command_line.add_argument("folder", type=Path)
    command_line.add_argument("--wheels", type=Path, help="a folder of wheels, in place of the package index")
    command_line.add_argument(
        "--reuse", action="store_true", help="use what packages this Python has, and fetch only what it lacks"
    )
    command_line.add_argument(
        "--part", choices=PARTS, action="append", metavar="NAME", help=f"one of {', '.join(PARTS)}; all by default"
    )
    command_line.add_argument("--again", action="store_true", help="do parts again that were done")
    command_line.add_argument("--minutes", type=float, default=MINUTES, help="after which no part goes on")
    command_line.add_argument(
        "--rehearse", action="store_true", help="without a GPU: everything that a CPU can do, with small models"
    )
    options = command_line.parse_args(arguments)
    options.part = options.part or list(PARTS)
    return options


def _packages_here() -> list[str]:
    """The folders of packages of this Python."""
    places = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    unique = dict.fromkeys([*places, *sys.path])
    return [place for place in unique if place.endswith(("site-packages", "dist-packages"))]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
