"""The photographs that the demo edits, from scikit-image and from packages of Debian; the repository has none of them.

Their authors and terms stand in the notices beside the demo's pictures.
"""

from __future__ import annotations

import hashlib
import struct
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import skimage

from editjudge.types import Image
from studio.renderer.packages import cache_folder, fetch_debian

SIDE = 640
"""The longest side of the pictures, in pixels."""
WALLPAPERS = "lomiri-wallpapers-16.04"
GCOMPRIS = "gcompris-qt-data"
ANIMALS = "usr/share/gcompris-qt/rcc/explore_world_animals.rcc"
"""The container of Qt in which the moose lies, uncompressed and after its length."""
MOOSE = "2252a671c2e0ade9ce6ff6d41957348a81ebccfd952ba59bfddceff0b059ea48"
"""The SHA-256 of its file."""

BUNDLED = {"rocket": "rocket.jpg", "astronaut": "astronaut.png", "stars": "hubble_deep_field.jpg"}
FETCHED = {
    "bowl": "Picture_0B_by_freespace.jpg",
    "meadow": "aitzgorri_by_Aitzol_Berasategi.jpg",
    "mountains": "picosdeeuropa_by_Aitzol_Berasategi.jpg",
    "dandelion": "seeding_by_Clements_Engelhardt.jpg",
}


@cache
def open_photograph(name: str) -> Image:
    """uint8[H, W, 3] RGB of at most SIDE: a picture of BUNDLED or FETCHED, or the "moose".

    The first time, packages of Debian are fetched by apt.
    """
    image = cv2.imdecode(np.frombuffer(_content(name), np.uint8), cv2.IMREAD_COLOR)
    height, width = image.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    small = cv2.resize(image, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), np.uint8)


def are_fetched() -> bool:
    """Whether all photographs are at hand without network."""
    return all((cache_folder() / package).is_dir() for package in (WALLPAPERS, GCOMPRIS))


def _content(name: str) -> bytes:
    if name in BUNDLED:
        return (Path(skimage.__file__).parent / "data" / BUNDLED[name]).read_bytes()
    if name in FETCHED:
        return (_package(WALLPAPERS) / "usr/share/backgrounds" / FETCHED[name]).read_bytes()
    return _find_webp((_package(GCOMPRIS) / ANIMALS).read_bytes(), MOOSE)


def _package(name: str) -> Path:
    """The folder of an unpacked package."""
    folder = cache_folder() / name
    if not folder.is_dir():
        fetch_debian(name, folder)
    return folder


def _find_webp(container: bytes, digest: str) -> bytes:
    """The WebP file of this SHA-256 among those that stand in a container."""
    at = container.find(b"RIFF")
    while at >= 4:
        (length,) = struct.unpack(">I", container[at - 4 : at])
        content = container[at : at + length]
        if hashlib.sha256(content).hexdigest() == digest:
            return content
        at = container.find(b"RIFF", at + 4)
    raise FileNotFoundError(f"the container of {GCOMPRIS} has no picture of SHA-256 {digest}")
