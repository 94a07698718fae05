"""How much memory this process may still take, by the machine, its control group and its own limits."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

UNLIMITED = 1 << 60
"""Bytes from which a limit is none: version 1 of control groups has a large number there."""


def free_memory(root: Path = Path("/")) -> int | None:
    """Bytes that this process may still take; None on a system that does not say.

    Args:
        root: Where proc and sys are.
    """
    return min((*_of_machine(root), *_of_control_groups(root), *_of_process(root)), default=None)


def _of_machine(root: Path) -> Iterator[int]:
    fields = _read_fields(root / "proc" / "meminfo")
    if "MemAvailable" in fields:
        yield 1024 * (fields["MemAvailable"] + fields.get("SwapFree", 0))


def _of_control_groups(root: Path) -> Iterator[int]:
    """What the group of this process and those above it leave; what files take up in the cache can be taken away."""
    with suppress(OSError, ValueError):
        for line in (root / "proc" / "self" / "cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, group = line.split(":", 2)
            if not controllers:
                yield from _left(root / "sys" / "fs" / "cgroup", group, "memory.max", "memory.current", "inactive_file")
            elif "memory" in controllers.split(","):
                files = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
                yield from _left(root / "sys" / "fs" / "cgroup" / "memory", group, *files)


def _left(top: Path, group: str, limit: str, used: str, cached: str) -> Iterator[int]:
    # In a container its own group may be the top, whatever the path says.
    own = top / group.lstrip("/")
    for folder in dict.fromkeys((own, *own.parents)):
        if not folder.is_relative_to(top):
            return
        with suppress(OSError, ValueError):  # there is no such group, or it has no limit: "max"
            most = int((folder / limit).read_text(encoding="utf-8"))
            if most < UNLIMITED:
                statistics = _read_fields(folder / "memory.stat")
                current = int((folder / used).read_text(encoding="utf-8"))
                yield max(0, most - current + statistics.get(cached, 0))


def _of_process(root: Path) -> Iterator[int]:
    """What `ulimit -v` leaves; Windows has no such limit."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415

        most, _ = resource.getrlimit(resource.RLIMIT_AS)
        if most != resource.RLIM_INFINITY:
            yield max(0, most - 1024 * _read_fields(root / "proc" / "self" / "status").get("VmSize", 0))


def _read_fields(file: Path) -> dict[str, int]:
    """The whole numbers in a file of lines such as "name: 12 kB" or "name 12"; empty where there is no such file."""
    with suppress(OSError):
        rows = [line.replace(":", " ").split() for line in file.read_text(encoding="utf-8").splitlines()]
        return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}
    return {}
