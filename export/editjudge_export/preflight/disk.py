"""Whether the disks have room for what will be written, folder by folder."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from editjudge.errors import InputError


@dataclass(frozen=True)
class SpaceNeed:
    """What will be written into a folder, which need not be there yet.

    Attributes:
        folder: Where.
        bytes: How much.
        what: Of what, for messages.
        remedy: How to name another folder for it.
    """

    folder: Path
    bytes: int
    what: str
    remedy: str


def check_space(needs: Iterable[SpaceNeed]) -> None:
    """Raises InputError where a disk has less room than all that goes there."""
    by_disk: dict[int, list[SpaceNeed]] = defaultdict(list)
    for need in needs:
        by_disk[existing_parent(need.folder).stat().st_dev].append(need)
    for together in by_disk.values():
        total, free = sum(need.bytes for need in together), free_space(together[0].folder)
        if total > free:
            parts = " and ".join(f"{gigabytes(need.bytes)} for {need.what} in {need.folder}" for need in together)
            remedies = " or ".join(dict.fromkeys(need.remedy for need in together))
            raise InputError(
                f"{parts} are needed, and that disk has {gigabytes(free)} free; free some space, or {remedies} on "
                "another disk"
            )


def free_space(folder: Path) -> int:
    """Bytes that are free on the disk of a folder, which need not be there yet."""
    return shutil.disk_usage(existing_parent(folder)).free


def existing_parent(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    absolute = folder.absolute()
    return next(path for path in (absolute, *absolute.parents) if path.exists())


def gigabytes(size: float) -> str:
    """Bytes as GB, or as MB where there are few."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
