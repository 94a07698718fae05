"""How large is the container image for CPUs, as a registry sends it? Computed, without building one.

    python -m benchmarks.serving.image_size

What the Dockerfile does in its first stage is done here, in build/image: an environment of what the lock holds for the
extra `serve`, without pip and without symbols. It is packed as a layer of an image is, with gzip. The layers below it
are added as published. The wheel of llama.cpp is that which pip has kept, if it has; it is for this machine's CPU.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from benchmarks.common.reporting import Figure, show

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "image"
BASE = 42_961_458
"""Bytes of python:3.13-slim-trixie for amd64, compressed, as the registry sent it in August 2026:
docker-library/repo-info, repos/python/remote/3.13-slim-trixie.md."""
LIBGOMP = 115_772
"""Bytes of Debian's package libgomp1 for amd64, in the version 12.2.0-14+deb12u1, as `apt-cache show` has it."""
GOAL = 400.0
LEVEL = 6
"""What Docker compresses layers with."""
MEGABYTE = 1_000_000
"""As registries count."""


class CountedLayer:
    """A file that is only compressed and counted. size: bytes so far."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(LEVEL, wbits=31)
        self.size = 0

    def write(self, content: bytes) -> int:
        self.size += len(self._packer.compress(content))
        return len(content)

    def close(self) -> int:
        """The bytes of all of it."""
        self.size += len(self._packer.flush())
        return self.size


def make_environment() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    for command in (["tools/environment.py", str(FOLDER), ".[serve]"], ["tools/slim.py", str(FOLDER)]):
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True)


def measure_layer(paths: list[Path]) -> int:
    """Bytes of these files, packed and compressed."""
    layer = CountedLayer()
    with tarfile.open(fileobj=_as_file(layer), mode="w|") as archive:
        for path in paths:
            archive.add(path, path.relative_to(FOLDER), recursive=False)
    return layer.close()


def measure_zstd(paths: list[Path]) -> int | None:
    """The same with zstd, hard, as `docker buildx build` does it when told to; None: there is no zstd here."""
    if shutil.which("zstd") is None:
        return None
    command = ["zstd", "-19", "-T0", "--quiet", "--stdout"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as packer:
        assert packer.stdin is not None
        assert packer.stdout is not None
        counted = ThreadPoolExecutor(1).submit(count_bytes, packer.stdout)
        with packer.stdin, tarfile.open(fileobj=packer.stdin, mode="w|") as archive:
            for path in paths:
                archive.add(path, path.relative_to(FOLDER), recursive=False)
        return counted.result()


def count_bytes(stream: IO[bytes]) -> int:
    return sum(map(len, iter(lambda: stream.read(1 << 20), b"")))


def _as_file(layer: CountedLayer) -> IO[bytes]:
    return layer  # type: ignore[return-value]  (a stream of tarfile is only written to)


def name_part(path: Path) -> str:
    """What a file belongs to: the top of its place among the packages."""
    parts = path.relative_to(FOLDER).parts
    if "site-packages" not in parts:
        return "the environment itself"
    top = parts[parts.index("site-packages") + 1]
    return "the parser's model" if top.startswith("gemma3_270m") else top.removesuffix(".libs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--again", action="store_true", help="measure what an earlier run has made")
    if not parser.parse_args().again:
        make_environment()
    files = sorted(path for path in FOLDER.rglob("*") if path.is_symlink() or path.is_file())
    parts: Counter[str] = Counter()
    by_part: dict[str, list[Path]] = {}
    for path in files:
        by_part.setdefault(name_part(path), []).append(path)
    for name, paths in by_part.items():
        parts[name] = measure_layer(paths)
    layer = measure_layer(files)
    whole = BASE + LIBGOMP + layer
    unpacked = sum(os.lstat(path).st_size for path in files)
    figures = [
        Figure("image", "the image for CPUs, compressed", whole / MEGABYTE, GOAL, False, " MB"),
        Figure("base", "of it python:3.13-slim-trixie, as published", BASE / MEGABYTE, unit=" MB"),
        Figure("environment", "of it the environment", layer / MEGABYTE, unit=" MB"),
        Figure("unpacked", "the environment on disk", unpacked / MEGABYTE, unit=" MB"),
    ]
    if (packed := measure_zstd(files)) is not None:
        figures.append(
            Figure(
                "image_zstd",
                "the image, its last layer with zstd -19",
                (BASE + LIBGOMP + packed) / MEGABYTE,
                GOAL,
                False,
                " MB",
            )
        )
    figures += [
        Figure(f"part_{name}", f"  {name}", size / MEGABYTE, unit=" MB") for name, size in parts.most_common(10)
    ]
    show("the container image", figures)


if __name__ == "__main__":
    main()
