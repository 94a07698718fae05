"""What is installed, and where: one environment, and beside it packages that cannot be there together.

    python -m benchmarks.gpu.requirements DIR

fetches the wheels of all of it, for the Python that runs this, into a folder for `--wheels`; 6 GB. Only llama.cpp is
left out, which is compiled for the GPU that is there.

onnxruntime and onnxruntime-gpu are the same files, so each is in a folder of its own that comes first on Python's path
(an overlay); so is what may be missing without harm to the rest.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.gpu.plan import ROOT

APART = ("onnxruntime", "llama-cpp-python")
"""Dependencies of editjudge that come as overlays."""
BESIDE = ("gguf>=0.17", "diskcache", "protobuf", "flatbuffers", "packaging", "typing-extensions")
"""What the benchmarks need, and the overlays, which are installed without what they depend on."""
CUDA = tuple(
    f"nvidia-{name}" for name in ("cublas", "cuda-nvrtc", "cuda-runtime", "cudnn-cu13", "cufft", "curand", "nvjitlink")
)
"""The libraries that onnxruntime-gpu is built with; PyTorch's CUDA build brings the same ones."""

OVERLAYS: Mapping[str, tuple[str, ...]] = {
    "cpu": ("onnxruntime>=1.20",),
    "cuda": ("onnxruntime-gpu>=1.27",),
    # Of version 10: onnxruntime-gpu 1.31 is linked with libnvinfer.so.10, and pip would choose 11. What stands on PyPI
    # are stubs that fetch the libraries from the index of NVIDIA.
    "tensorrt": ("tensorrt-cu13-libs>=10.13,<11", "tensorrt-cu13-bindings>=10.13,<11"),
    "rtx": ("onnxruntime-ep-nv-tensorrt-rtx-cu13",),
    "openvino": ("onnxruntime>=1.20", "onnxruntime-ep-openvino"),
    "llama": ("llama-cpp-python>=0.3.36",),
}
INDEXES: Mapping[str, str] = {"tensorrt": "https://pypi.nvidia.com"}
"""Where an overlay's packages are, beside the usual index."""


def core_requirements(root: Path = ROOT, *, gpu: bool = True) -> list[str]:
    """What the environment holds: all that editjudge and its exports need but APART, and CUDA's libraries for a GPU."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"], *project["optional-dependencies"]["export"]]
    kept = [requirement for requirement in named if _name(requirement) not in APART]
    return [*kept, *BESIDE, *(CUDA if gpu else ())]


def project_version(root: Path = ROOT) -> str:
    version: str = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return version


def read_pins(lock: str) -> list[str]:
    """The versions of a lock, without its hashes, as constraints; of the overlays' packages none."""
    free = {_name(requirement) for requirements in OVERLAYS.values() for requirement in requirements}
    entries = re.findall(r"^([A-Za-z0-9][\w.\[\]-]*==[^\\\n]+?)\s*\\?$", lock, re.MULTILINE)
    return [entry for entry in entries if _name(entry) not in free]


def explain_failure(printed: str, wanted: Sequence[str], wheels: Path | None) -> str:
    """What pip could not do, and how to bring what is missing, in one sentence."""
    missing = re.search(r"No matching distribution found for ([^\s;]+)", printed)
    stub = re.search(r"installation of (\S+) for version (\S+) failed", printed)
    if missing or stub:
        what = missing[1] if missing else f"{stub[1]}=={stub[2]}"
        where = f"in {wheels}" if wheels else "on the index"
        target = wheels or "DIR"
        return (
            f"{what} is not to be had {where}; where the index can be reached, with the same Python, run "
            f"python -m benchmarks.gpu.requirements {target}, and then this with --wheels {target}"
        )
    errors = [line.removeprefix("ERROR:").strip() for line in printed.splitlines() if line.startswith(("ERROR", "err"))]
    last = (errors or printed.strip().splitlines() or ["it printed nothing"])[-1]
    return f"pip cannot install {_quote(wanted)}: {last.rstrip('.')}"


def _quote(wanted: Sequence[str]) -> str:
    shown = wanted if len(wanted) <= 4 else [*wanted[:3], "..."]
    return " ".join(f"'{requirement}'" for requirement in shown)


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def fetch_wheels(folder: Path) -> int:
    """Fetches the wheels of the environment and of the overlays; returns how many of these could not be had."""
    folder.mkdir(parents=True, exist_ok=True)
    pins = folder / "pins.txt"
    pins.write_text(
        "\n".join(read_pins((ROOT / "requirements.lock").read_text(encoding="utf-8"))) + "\n", encoding="utf-8"
    )
    pip = [sys.executable, "-m", "pip", "wheel", "--wheel-dir", str(folder)]
    commands = [[*pip, "--constraint", str(pins), *core_requirements()]]
    for name, wanted in OVERLAYS.items():
        if name not in ("openvino", "llama"):
            index = ["--extra-index-url", INDEXES[name]] if name in INDEXES else []
            commands.append([*pip, "--no-deps", *index, *wanted])
    return sum(subprocess.run(command, check=False).returncode != 0 for command in commands)


if __name__ == "__main__":
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    sys.exit(min(1, fetch_wheels(command_line.parse_args().folder)))
