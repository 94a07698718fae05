"""Installs packages with pip, and says what it compiles, how far it is and for how long still.

    python tools/install.py .venv/bin/python --editable . --group test

The first argument is the Python to install for, the others are those of `pip install`. The exit status is pip's, or 128
and the number of the signal that ended it, or 2 where it cannot be run; where it fails, what it printed last is shown.
Needs nothing but Python.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator

EVERY = 10.0
"""Seconds between two lines about the same."""
CORE_SECONDS = 400
"""What one core of a server takes to compile llama.cpp; others take half of it to twice as long."""
LIGHT, LIGHT_TIME = 0.4, 0.16
"""The first steps, of C, are lighter than those of C++ after them: so many take so much of the time. As shares."""
TELL_FROM = 0.1
"""The share of the time from which on what is left can be told."""
LAST_LINES = 40
"""How much of what pip printed is shown where it fails."""

WHEEL = re.compile(r"Building wheel for (\S+) ")
STEP = re.compile(r"\s*\[\s*(\d+)/(\d+)\] ")
PACKAGE = re.compile(r"(?:Collecting|Downloading|Processing) (\S+)")
NAMES = {"llama-cpp-python": "llama.cpp"}
"""Packages that are mostly something else."""


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        return _refuse("it takes the Python to install for and what `pip install` is to install; see its first lines")
    python, *wanted = arguments
    command = [python, "-m", "pip", "install", "--verbose", "--progress-bar", "off", *wanted]
    last: deque[str] = deque(maxlen=LAST_LINES)
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
    try:
        pip = subprocess.Popen(command, **output)
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        return _refuse(f"{python} cannot be run: {getattr(error, 'strerror', None) or error}; name a Python")
    with pip:
        assert pip.stdout is not None
        for line in describe(_keep(pip.stdout, last), time.monotonic, usable_cores()):
            print(line, flush=True)
    status = pip.returncode if pip.returncode >= 0 else 128 - pip.returncode  # as a shell has it
    if status:
        sys.stderr.writelines([f"{line}\n" for line in last])
        ended = f"was ended by signal {-pip.returncode}" if pip.returncode < 0 else "failed"
        print(f"pip {ended}; what it printed last is above", file=sys.stderr)
    return status


def _refuse(what: str) -> int:
    print(f"tools/install.py: {what}", file=sys.stderr)
    return 2


def describe(lines: Iterable[str], now: Callable[[], float], cores: int) -> Iterator[str]:
    """What there is to say of the lines that pip prints, as they come.

    Args:
        lines: Of `pip install --verbose`.
        now: The time in seconds.
        cores: How many compile.
    """
    said, building, begun, packages = float("-inf"), "", 0.0, 0
    for line in lines:
        if found := WHEEL.search(line):
            building = NAMES.get(found[1], found[1])
        if found := STEP.match(line):
            step, steps = int(found[1]), int(found[2])
            if not 1 <= step <= steps:
                continue
            if step == 1:
                begun = said = now()
                minutes = _in_words(CORE_SECONDS / cores)
                yield f"compiling {building}: {steps} steps on {cores} cores, {minutes} where nothing else runs"
            elif now() - said >= EVERY:
                said = now()
                done = share_done(step / steps)
                left = f", {_in_words((said - begun) * (1 / done - 1))} left" if done >= TELL_FROM else ""
                yield f"compiling {building}: {step} of {steps} steps{left}"
        elif line.startswith("Successfully built") and building:
            yield f"compiled: {line.split(maxsplit=2)[2].strip()}"
        elif found := PACKAGE.match(line):
            packages += 1
            if now() - said >= EVERY:
                said = now()
                yield f"fetching packages: {packages} so far, now {found[1].rsplit('/', 1)[-1]}"
        elif line.startswith("Installing collected packages:"):
            said = now()
            yield f"installing {line.count(',') + 1} packages"


def share_done(steps: float) -> float:
    """How much of the time a share of the steps takes, above 0 to 1."""
    if steps <= LIGHT:
        return LIGHT_TIME * steps / LIGHT
    return LIGHT_TIME + (1 - LIGHT_TIME) * (steps - LIGHT) / (1 - LIGHT)


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_words(seconds: float) -> str:
    return "less than a minute" if seconds < 45 else f"about {max(1, round(seconds / 60))} min"


def _keep(lines: Iterable[str], last: deque[str]) -> Iterator[str]:
    """The lines, as they come; the last of them are kept."""
    for line in lines:
        last.append(line.rstrip("\n")[:500])
        yield line


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
