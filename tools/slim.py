"""Takes out of a virtual environment what nothing needs that only runs in it, as in a container image.

    python tools/slim.py /opt/editjudge

That is pip; tests, stubs and headers; what ONNX Runtime brings for programs in C and for those who convert models; the
second copy of llama.cpp that its wheel installs beside the package, and each of its libraries under three names, which
become links; symbols, where there is `strip`; and hf_xet, without which Hugging Face's hub is asked in the plain way.
Needs nothing but Python.
"""

from __future__ import annotations

import filecmp
import shutil
import subprocess
import sys
from pathlib import Path

UNUSED = ("pip", "hf_xet", "setuptools")
"""Packages that are taken out, with what is said of them."""
WITH_TESTS = ("numpy", "uvloop", "prometheus_client")
UNUSED_PARTS = (
    "onnxruntime/capi/libonnxruntime.so.*", "onnxruntime/transformers", "onnxruntime/quantization", "onnxruntime/tools",
    "numpy/f2py", "numpy/_core/include", "**/*.pyi",
)  # fmt: skip
"""ONNX Runtime's own module holds all that it needs; NumPy's are for who compiles, and stubs for who checks types."""
WITH_SYMBOLS = ("llama_cpp/lib/*.so*", "uvloop/*.so", "tokenizers/*.so")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("tools/slim.py: it takes the folder of the environment, and nothing else", file=sys.stderr)
        return 2
    (packages,) = Path(arguments[0]).glob("lib/python3.*/site-packages")
    for name in UNUSED:
        remove([packages / name, *packages.glob(f"{name}-*.dist-info"), *packages.glob(f"../../../bin/{name}*")])
    for name in WITH_TESTS:
        remove(list((packages / name).rglob("tests")))
    for pattern in UNUSED_PARTS:
        remove(list(packages.glob(pattern)))
    if (packages / "llama_cpp" / "lib").is_dir():
        remove([packages / "lib"])
        link_copies(packages / "llama_cpp" / "lib")
    strip([path for pattern in WITH_SYMBOLS for path in packages.glob(pattern) if not path.is_symlink()])
    return 0


def remove(paths: list[Path]) -> None:
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def link_copies(folder: Path) -> None:
    """Of libraries that are the same, the one with the longest name stays: that which has its version in it."""
    kept: list[Path] = []
    for path in sorted(folder.glob("*.so*"), key=lambda each: -len(each.name)):
        same = next((one for one in kept if filecmp.cmp(one, path, shallow=False)), None)
        if same is None:
            kept.append(path)
        else:
            path.unlink()
            path.symlink_to(same.name)


def strip(libraries: list[Path]) -> None:
    if libraries and shutil.which("strip"):
        subprocess.run(["strip", "--strip-unneeded", *libraries], check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
