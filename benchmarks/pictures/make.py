"""Makes the picture files of `benchmarks.pictures.cases` and what other programs read of them.

Takes ImageMagick, libvips, libheif, libavif, libwebp, libjpeg-turbo, OpenJPEG, libtiff, libjxl, netpbm, exiftool,
ffmpeg, and the profiles of colord and littleCMS; on Debian:

    apt-get install imagemagick libvips-tools libheif-examples libavif-bin webp libjpeg-turbo-progs libopenjp2-tools \
        libtiff-tools libjxl-tools netpbm libimage-exiftool-perl ffmpeg colord-data icc-profiles-free libgs-common
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image

from benchmarks.pictures.cases import PictureCase
from editjudge.datasets.demo import load_demo

PROFILES = {
    "srgb.icc": "ghostscript/srgb.icc",
    "adobe.icc": "colord/AdobeRGB1998.icc",
    "prophoto.icc": "colord/ProPhotoRGB.icc",
    "swapped.icc": "colord/SwappedRedAndGreen.icc",
    "cmyk.icc": "ghostscript/default_cmyk.icc",
    "gray_linear.icc": "Gray-CIE_L.icc",
}
"""What they are called here, and where Debian puts them."""
TAG = "exiftool -q -overwrite_original"
PROFILE_FOLDER = Path("/usr/share/color/icc")

PAD_JPEG = """
import subprocess, sys
source, target = sys.argv[1:]
subprocess.run(["convert", source, "plain.jpg"], check=True)
content = open("plain.jpg", "rb").read()
segment = b"\\xff\\xef" + (65535).to_bytes(2, "big") + bytes(65533)
open(target, "wb").write(content[:2] + segment * 1600 + content[2:])
"""
PATCH_PRECISION = """
import sys
content = bytearray(open(sys.argv[1], "rb").read())
content[content.index(b"\\xff\\xc0") + 4] = 12
open(sys.argv[1], "wb").write(content)
"""
TURN_HEIC = """
import sys
content = bytearray(open(sys.argv[1], "rb").read())
def grow(box, by):
    place = content.index(box) - 4
    content[place : place + 4] = (int.from_bytes(content[place : place + 4], "big") + by).to_bytes(4, "big")
    return place + int.from_bytes(content[place : place + 4], "big")
place = content.index(b"iloc") + 16  # where the pixels are
content[place : place + 4] = (int.from_bytes(content[place : place + 4], "big") + 10).to_bytes(4, "big")
grow(b"meta", 10), grow(b"iprp", 10)
end = grow(b"ipma", 1) - 1
content[end:end] = bytes([0x80 + 4])  # the fourth property is essential
content[end - 4] = 4
end = grow(b"ipco", 9) - 9
content[end:end] = (9).to_bytes(4, "big") + b"irot" + bytes([1])
open(sys.argv[1], "wb").write(content)
"""
SCRIPTS = {"pad_jpeg.py": PAD_JPEG, "patch_precision.py": PATCH_PRECISION, "turn_heic.py": TURN_HEIC}
"""What no program does: 100 MB of metadata, a frame of 12 bits, a picture of HEIC that is to be turned."""


def prepare(folder: Path, width: int, height: int) -> None:
    """Writes what the commands of the cases start from, a part of a demo picture of width x height pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, place in PROFILES.items():
        shutil.copy(PROFILE_FOLDER / place, folder / name)
    content = (folder / "adobe.icc").read_bytes()
    (folder / "broken.icc").write_bytes(content[:200] + bytes(len(content) - 200))
    # A tag that nobody reads, behind all others.
    (folder / "large.icc").write_bytes((len(content) + 2**21).to_bytes(4, "big") + content[4:] + bytes(2**21))
    (folder / "text_2mb.txt").write_text("nothing to see " * 140_000)
    (folder / "text_70mb.txt").write_text("nothing to see " * 4_700_000)
    for name, script in SCRIPTS.items():
        (folder / name).write_text(script)
    with PIL.Image.open(load_demo()[0].original) as demo:
        base = demo.convert("RGB").resize((width, height), PIL.Image.Resampling.LANCZOS)
    base.save(folder / "base.png")
    run("convert base.png -negate negative.png", folder)
    run("vips icc_transform base.png p3.png p3 --input-profile srgb", folder)
    run("exiftool -q -b -ICC_Profile p3.png > p3.icc", folder)
    run("convert base.png -depth 16 \\( +clone -blur 0x1 \\) -average PNG48:deep.png", folder)
    fade = np.linspace(0, 255, width).round().astype(np.uint8)
    PIL.Image.fromarray(np.broadcast_to(fade, (height, width))).save(folder / "fade.png")
    run("convert base.png fade.png -alpha off -compose CopyOpacity -composite PNG32:clear.png", folder)
    upright = ("", "-flop", "-rotate 180", "-flip", "-transpose", "-rotate -90", "-transverse", "-rotate 90")
    for turn, way in enumerate(upright, 1):
        run(f"convert base.png {way} -quality 95 -sampling-factor 1x1 turned{turn}.jpg", folder)
        run(f"{TAG} -n -Orientation={turn} turned{turn}.jpg", folder)


def make(case: PictureCase, folder: Path) -> Path:
    """Makes the file of a case in a folder that was prepared; returns its path."""
    run(case.make.format(file=case.name, tag=TAG), folder)
    return folder / case.name


def read_by_others(case: PictureCase, folder: Path) -> np.ndarray:
    """What another program reads of the file of a case: uint8[H, W, 3], sRGB over white."""
    out = f"{case.name}.reference.png"
    run(case.reference.format(file=case.name, out=out), folder)
    with PIL.Image.open(folder / out) as picture:
        return np.asarray(picture.convert("RGB"))


def run(command: str, folder: Path) -> None:
    """Runs a command of the shell in a folder. Raises RuntimeError with what it said where it failed."""
    command = command.replace("python ", f"{sys.executable} ")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr.strip() or done.stdout.strip()}")
