"""How far is it from `pip install` to the first scored photograph? The README's three commands, one after the other.

    python -m benchmarks.newcomer.walk FOLDER

In a fresh environment without any cache, against a hub on this machine that has checkpoints of photo-edge's models at
their full size, with random weights: what a score says means nothing, what the way takes is real. Needs the `export`
extra, 14 GB of memory, 15 GB of disk, a C++ compiler and, on two cores, an hour; FOLDER is left as it is in the end.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
from skimage import data

import editjudge_models
from benchmarks.common.paths import ROOT
from benchmarks.common.random_checkpoints import save
from benchmarks.common.reporting import Figure, show
from benchmarks.newcomer.watch import Watched, watch
from editjudge_export.architectures.registry import REQUIRED

BUNDLE = "photo-edge"
COMMANDS = 3
"""How many the README has."""
WITHIN = 0.2
"""How far what is told may be from what is, as a share."""


def draw_hub(folder: Path) -> None:
    """Writes the checkpoints of the recipe, FOLDER/OWNER/NAME/COMMIT, unless they are there."""
    recipe = tomllib.loads(editjudge_models.recipe_path(BUNDLE).read_text(encoding="utf-8"))
    for model in REQUIRED:
        export = recipe["export"][model]
        place = folder / export["hub"] / export["revision"]
        if not place.is_dir():
            place.parent.mkdir(parents=True, exist_ok=True)
            save(export["hub"].split("/")[1], folder / "drawn").rename(place)


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """The address of a hub on this machine that has what is in a folder."""
    command = [sys.executable, str(ROOT / "tests" / "support" / "fake_hub.py"), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def make_pictures(folder: Path) -> tuple[Path, Path]:
    """A photograph, and the same with another colour in its middle."""
    original = cv2.cvtColor(data.coffee(), cv2.COLOR_RGB2BGR)
    edited = original.copy()
    edited[150:280, 200:400] = edited[150:280, 200:400, ::-1]
    paths = folder / "original.png", folder / "edited.png"
    for path, picture in zip(paths, (original, edited), strict=True):
        cv2.imwrite(str(path), picture)
    return paths


def walk(folder: Path, hub: str) -> tuple[Watched, Watched, Watched]:
    """The three commands: install, build, score."""
    environment, home = folder / "environment", folder / "home"
    wheels = folder / "wheels"
    home.mkdir(exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", wheels, ROOT], check=True
    )
    venv.create(environment, with_pip=True, clear=True)
    own = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("HF_", "EDITJUDGE_", "PYTHON"))},
        "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PIP_NO_CACHE_DIR": "1",
        "EDITJUDGE_HOME": str(home / "editjudge"),
        "HF_HOME": str(home / "hub"),
        "HF_ENDPOINT": hub,
    }
    (wheel,) = wheels.glob("*.whl")
    pictures = make_pictures(folder)
    log = folder / "errors.log"
    installed = watch(["pip", "install", f"{wheel}[export]"], own, environment, log)
    print(f"installed in {installed.seconds:.0f} s", flush=True)
    built = watch(["editjudge", "bundle", "build", BUNDLE], own, home, log)
    print(built.printed, flush=True)
    score = ["editjudge", "score", *map(str, pictures), "make the cup blue", "--bundle", BUNDLE]
    scored = watch(score, own, home, log)
    print(scored.printed, flush=True)
    return installed, built, scored


def told(printed: str, pattern: str) -> float:
    """The number that a build told; of bytes in GB. NaN where it told none."""
    match = re.search(rf"{pattern} ([\d.]+)(?: (MB)?)?", printed)
    return float("nan") if match is None else float(match[1]) / (1000 if match[2] else 1)


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    folder = command_line.parse_args().folder.resolve()
    draw_hub(folder / "hub")
    with serve(folder / "hub") as hub:
        installed, built, scored = walk(folder, hub)
    downloaded = sum(path.stat().st_size for path in (folder / "home" / "hub").rglob("blobs/*")) / 1e9
    disk = sum(map(float, re.findall(r"disk: ([\d.]+) GB", built.printed)))
    rows = {
        "download, GB": {"told": told(built.printed, "to download:"), "measured": downloaded},
        "disk, GB": {"told": disk, "measured": built.disk / 1e9},
        "memory, GB": {"told": told(built.printed, "memory:"), "measured": built.memory / 1e9},
        "time, minutes": {"told": told(built.printed, "time: about"), "measured": built.seconds / 60},
    }
    off = max(abs(row["told"] / row["measured"] - 1) for row in rows.values())
    figures = [
        Figure("commands", "commands from nothing to the first scored photograph", COMMANDS, 3, False),
        Figure("install", "the first: pip install, llama.cpp compiled", installed.seconds / 60, unit=" minutes"),
        Figure("install_disk", "what it leaves on the disk", installed.disk / 1e9, unit=" GB"),
        Figure("build", "the second: editjudge bundle build", built.seconds / 60, unit=" minutes"),
        Figure("score", "the third: editjudge score", scored.seconds, unit=" s"),
        Figure("off", "what the build told, at the most off by a share of", off, WITHIN, False),
    ]
    show("From pip install to the first scored photograph", figures, told_and_measured=rows)


if __name__ == "__main__":
    main()
