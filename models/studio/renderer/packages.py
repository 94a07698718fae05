"""Packages of pictures, fetched once and kept outside the repository."""

from __future__ import annotations

import os
import subprocess
import tarfile
import tempfile
from pathlib import Path


def cache_folder() -> Path:
    """Where fetched packages are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "editjudge-studio"


def fetch_npm(package: str, folder: Path) -> None:
    """Unpacks a package of the npm registry, NAME@VERSION, as a new folder."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        subprocess.run(["npm", "pack", "--silent", package], cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(Path(scratch).glob("*.tgz"))) as archive:
            archive.extractall(scratch, filter="data")
        (Path(scratch) / "package").rename(folder)


def fetch_debian(package: str, folder: Path) -> None:
    """Unpacks a package of Debian, in the version that apt offers, as a new folder; needs no rights."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        subprocess.run(["apt-get", "download", "-qq", package], cwd=scratch, check=True)
        (archive,) = Path(scratch).glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", archive.name, "files"], cwd=scratch, check=True)
        (Path(scratch) / "files").rename(folder)
