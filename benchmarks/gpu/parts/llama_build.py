"""Compiles llama.cpp for the GPU, for the kind of GPU that is there alone; in a rehearsal for the CPU."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

from benchmarks.gpu.nvidia_smi import find_gpu
from benchmarks.gpu.parts.environment import WHOLE, install_overlay, list_packages
from benchmarks.gpu.plan import ROOT, GpuPart, GpuRun, GpuRunError, Keep

PLACES = ("/usr/local/cuda/bin", "/opt/cuda/bin")
OVERLAY = "llama"
LEFT_OUT = ("LLAVA_BUILD", *(f"LLAMA_BUILD_{part}" for part in ("TESTS", "EXAMPLES", "TOOLS", "SERVER")))
HINT = "install the CUDA toolkit of version 13, or put a wheel of llama-cpp-python that was built with it into --wheels"


def measure(run: GpuRun, _: GpuPart, __: Keep) -> dict[str, Any]:
    """The seconds that it took. Raises GpuRunError where there is neither a compiler nor a wheel."""
    start = time.monotonic()
    already = (run.overlay(OVERLAY) / WHOLE).exists()
    if not run.python.exists():
        raise GpuRunError("the environment was not made; run the part environment first")
    if run.rehearse or _has_wheel(run):
        install_overlay(run, OVERLAY)
    else:
        compiler = find_compiler()
        capability = find_gpu().capability
        options = [
            f"-DCMAKE_PROJECT_llama_cpp_INCLUDE={ROOT / 'tools' / 'llama.cmake'}",
            f"-DCMAKE_CUDA_COMPILER={compiler}",
            f"-DCMAKE_CUDA_ARCHITECTURES={'native' if capability is None else round(10 * capability)}",
            "-DGGML_CUDA=ON",
            "-DGGML_CUDA_NO_VMM=ON",  # else it is linked with a library of the driver that containers often lack
            *(f"-D{left}=OFF" for left in LEFT_OUT),
            *borrow_cublas(run, compiler),
        ]
        settings = {
            **os.environ,
            "CMAKE_ARGS": " ".join(f'"{option}"' for option in options),
            "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 1),
            "CUDACXX": compiler,
        }
        # A wheel that pip kept may have been built without CUDA: it is kept by its version alone.
        build = ("--no-cache-dir", "--no-binary", "llama-cpp-python")
        install_overlay(run, OVERLAY, *build, settings=settings)
    seconds = None if already else round(time.monotonic() - start, 1)
    return {"seconds": seconds, "packages": list_packages(run.overlay(OVERLAY))}


def find_compiler() -> str:
    """The path of nvcc. Raises GpuRunError."""
    found = shutil.which("nvcc", path=os.pathsep.join([os.environ.get("PATH", ""), *PLACES]))
    if found is None:
        raise GpuRunError(f"llama.cpp cannot be compiled for the GPU, as there is no nvcc; {HINT}")
    return found


def borrow_cublas(run: GpuRun, compiler: str) -> list[str]:
    """CMake's options for cuBLAS where the toolkit has none: that which PyTorch came with. Raises GpuRunError."""
    toolkit = Path(compiler).resolve().parents[1]
    places = [toolkit / "lib64", *toolkit.glob("targets/*/lib"), *Path("/usr/lib").glob("*-linux-gnu")]
    if any((place / "libcublas.so").exists() for place in places):
        return []
    roots = [*run.environment.glob("lib/python*/site-packages"), *map(Path, run.reuse)]
    found = [library for root in roots for library in root.glob("nvidia/cu*/lib/libcublas.so.*")]
    if not found:
        raise GpuRunError(f"llama.cpp cannot be compiled for the GPU, as there is no cuBLAS in {toolkit}; {HINT}")
    libraries = run.folder / "cublas"
    libraries.mkdir(exist_ok=True)
    for name in ("libcublas", "libcublasLt"):  # compilers look for names without a version
        link = libraries / f"{name}.so"
        link.unlink(missing_ok=True)
        link.symlink_to(next(found[0].parent.glob(f"{name}.so.*")))
    return [f"-DCMAKE_LIBRARY_PATH={libraries}", f"-DCMAKE_CUDA_FLAGS=-I{found[0].parents[1] / 'include'}"]


def _has_wheel(run: GpuRun) -> bool:
    return run.wheels is not None and any(run.wheels.glob("llama_cpp_python-*.whl"))
