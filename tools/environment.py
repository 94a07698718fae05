"""Makes a virtual environment of what the lock holds, its hashes checked, and installs in it.

    python tools/environment.py .venv --editable . --group test
    python tools/environment.py build/newest --newest --editable . --group test

The first argument is the folder, the others are those of `pip install`; with `--newest` before them the lock is left
aside and everything is the newest that there is. The exit status is that of tools/install.py. Needs nothing but Python.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
LOCK = TOOLS.parent / "requirements.lock"
NEWEST = ["--upgrade", "--upgrade-strategy", "eager"]
ANEW = ["--no-cache-dir", "--force-reinstall", "--no-deps"]
LIBRARIES = """
import importlib.util, os
package = importlib.util.find_spec("llama_cpp")
folder = os.path.join(os.path.dirname(package.origin), "lib") if package and package.origin else ""
print(*(os.listdir(folder) if os.path.isdir(folder) else ()))
"""
"""Prints the names of the libraries of llama.cpp, without loading them."""
RUNTIMES = ("onnxruntime-gpu", "onnxruntime-webgpu", "onnxruntime-directml")
"""Each is the module onnxruntime with other devices, and takes the place of the package of that name."""
INSTALLED = "import importlib.metadata; print(*(each.metadata['Name'] for each in importlib.metadata.distributions()))"


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0].startswith("-"):
        print("tools/environment.py: it takes the environment's folder first; see its first lines", file=sys.stderr)
        return 2
    folder, *wanted = arguments
    newest = wanted[:1] == ["--newest"]
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = str(Path(folder) / ("Scripts" if os.name == "nt" else "bin") / "python")
    pip = [python, "-m", "pip", "install", "--quiet"]
    if newest:
        subprocess.run([*pip, "--upgrade", "pip"], check=True)
    else:
        # The pip that comes with a Python may be too old for `lock_options`, so its own hash is given in a file.
        requirement = Path(folder) / "pip.txt"
        requirement.write_text(entry("pip", LOCK.read_text(encoding="utf-8")), encoding="utf-8")
        subprocess.run([*pip, "--require-hashes", "--requirement", str(requirement)], check=True)
    options = [*NEWEST, *wanted[1:]] if newest else [*lock_options(LOCK), *wanted]
    settings = {**llama_settings(), **os.environ}
    status = install(python, options, settings)
    if status == 0 and "LLAVA_BUILD=OFF" not in settings["CMAKE_ARGS"] and lacks_eyes(python):
        print("the llama.cpp that pip had kept was built without libmtmd, so it is compiled anew", flush=True)
        status = install(python, [*([] if newest else lock_options(LOCK)), *ANEW, "llama-cpp-python"], settings)
    runtime = find_other_runtime(python) if status == 0 else None
    if runtime is not None:  # both were installed, one over the other
        subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "--yes", "onnxruntime"], check=True)
        options = [*([] if newest else lock_options(LOCK)), "--force-reinstall", "--no-deps", runtime]
        status = install(python, options, settings)
    return status


def install(python: str, options: list[str], settings: dict[str, str]) -> int:
    """Installs with pip; returns the exit status of tools/install.py."""
    command = [sys.executable, str(TOOLS / "install.py"), python, *options]
    return subprocess.run(command, env=settings, check=False).returncode


def lacks_eyes(python: str) -> bool:
    """Whether a Python has llama.cpp without libmtmd, the library with which its models see.

    pip keeps what it has compiled by version alone, whatever it was told to leave out.
    """
    found = subprocess.run([python, "-c", LIBRARIES], capture_output=True, text=True, check=True).stdout.split()
    return bool(found) and not any("mtmd" in name for name in found)


def find_other_runtime(python: str) -> str | None:
    """The package that is to take the place of onnxruntime, where a Python has both; None where nothing is to be done.

    Whatever is installed needs onnxruntime by that name, so that pip brings it as well.
    """
    found = subprocess.run([python, "-c", INSTALLED], capture_output=True, text=True, check=True).stdout.split()
    if "onnxruntime" not in found:
        return None
    return next((name for name in RUNTIMES if name in found), None)


def lock_options(lock: Path) -> list[str]:
    """Of `pip install`: versions and hashes are the lock's, also those of what compiles and builds.

    pip checks a hash that a constraint has. It may not require one of everything, since a folder, which is what an
    editable install is, has none; that the lock is complete is what tests/test_lock.py is for.
    """
    return ["--no-require-hashes", "--constraint", str(lock), "--build-constraint", str(lock)]


def entry(package: str, lock: str) -> str:
    """What a lock says of a package: its version and the hashes, as a requirements file has them."""
    found = re.search(rf"^{re.escape(package)}==(?:.*\\\n)*.*\n", lock, re.MULTILINE)
    if found is None:
        raise SystemExit(f"tools/environment.py: the lock has no {package}; make it anew with `make lock`")
    return found[0]


def llama_settings() -> dict[str, str]:
    """llama.cpp is built without its common library, tools, server, examples, tests and video: none is used. On all
    cores.
    """
    parts = ("MTMD_VIDEO", *(f"LLAMA_BUILD_{part}" for part in ("TESTS", "EXAMPLES", "TOOLS", "SERVER")))
    include = f'"-DCMAKE_PROJECT_llama_cpp_INCLUDE={(TOOLS / "llama.cmake").as_posix()}"'
    return {
        "CMAKE_ARGS": " ".join([include, *(f"-D{part}=OFF" for part in parts)]),
        "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 1),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
