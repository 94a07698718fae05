"""Runs a command with SwiftShader, the GPU in software that comes with Debian's Chromium, as Vulkan's only device.

    python tools/swiftshader.py build/swiftshader .venv-webgpu/bin/python -m pytest -m webgpu

The first argument is the folder that SwiftShader is kept in where the system has none; without a command it is only
fetched. A VK_DRIVER_FILES that is set already stays. The exit status is the command's, or 3 where SwiftShader cannot be
had. Needs nothing but Python; to fetch it, apt and dpkg, but no rights of root.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

INSTALLED = Path("/usr/lib/chromium")
"""Where the package has it."""
PACKAGE = "chromium-common"
DRIVER = "vk_swiftshader_icd.json"
FILES = (DRIVER, "libvk_swiftshader.so", "libvulkan.so.1")
"""The driver's description, the driver, and Vulkan's loader, which programs look for by name."""


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0].startswith("-"):
        print("tools/swiftshader.py: it takes a folder first; see its first lines", file=sys.stderr)
        return 2
    folder, *command = arguments
    settings = dict(os.environ)
    if "VK_DRIVER_FILES" not in settings:
        try:
            found = find_swiftshader(Path(folder))
        except OSError as error:
            print(f"tools/swiftshader.py: there is no SwiftShader ({error}); apt-get install chromium", file=sys.stderr)
            return 3
        libraries = [str(found), *filter(None, [settings.get("LD_LIBRARY_PATH")])]
        settings |= {"VK_DRIVER_FILES": str(found / DRIVER), "LD_LIBRARY_PATH": os.pathsep.join(libraries)}
    return subprocess.run(command, env=settings, check=False).returncode if command else 0


def find_swiftshader(folder: Path) -> Path:
    """The folder that holds `FILES`: the system's, or this one, into which they are fetched where it lacks them.

    Raises OSError where they cannot be fetched.
    """
    for place in (INSTALLED, folder.resolve()):
        if all((place / name).is_file() for name in FILES):
            return place
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        _run(["apt-get", "download", PACKAGE], scratch)
        packages = list(Path(scratch).glob("*.deb"))
        if len(packages) != 1:
            raise OSError(f"apt-get brought no {PACKAGE}")
        _run(["dpkg-deb", "--extract", packages[0].name, "all"], scratch)
        source = Path(scratch) / "all" / INSTALLED.relative_to("/")
        for name in FILES:
            (source / name).replace(folder / name)
    return folder.resolve()


def _run(command: list[str], folder: str) -> None:
    """Runs a command in a folder. Raises OSError, which says what it printed last, where it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise OSError(f"{command[0]} failed: {last}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
