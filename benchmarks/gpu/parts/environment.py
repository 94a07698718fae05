"""Makes the environment: PyTorch and all that the exports need, and the overlays; what cannot be had is told."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.gpu.plan import ROOT, GpuPart, GpuRun, GpuRunError, Keep
from benchmarks.gpu.requirements import (
    INDEXES,
    OVERLAYS,
    core_requirements,
    explain_failure,
    project_version,
    read_pins,
)

WHOLE = ".whole"
"""A file in a folder whose packages are all there."""
RETRIES = ("--retries", "2")
"""More take minutes where an index cannot be reached."""
LATER = ("llama",)
"""Overlays that are made in parts of their own."""


def measure(run: GpuRun, _: GpuPart, keep: Keep) -> dict[str, Any]:
    """The seconds that each took, and for what is missing the reason; raises GpuRunError at the end if anything is."""
    made: dict[str, Any] = {}
    start = time.monotonic()
    make_environment(run)
    made["environment"] = {"seconds": round(time.monotonic() - start, 1), **describe_torch(run)}
    missing = []
    for name in (name for name in OVERLAYS if name not in LATER and (run.rehearse or name != "openvino")):
        start = time.monotonic()
        try:
            install_overlay(run, name)
            made[name] = {"seconds": round(time.monotonic() - start, 1), "packages": list_packages(run.overlay(name))}
        except GpuRunError as error:
            made[name] = {"missing": str(error)}
            missing.append(str(error))
        keep(made)
    # In a rehearsal what only a GPU uses may be missing.
    if missing and not (run.rehearse and all((run.overlay(name) / WHOLE).exists() for name in ("cpu", "openvino"))):
        raise GpuRunError("; ".join(missing))
    return made


def make_environment(run: GpuRun) -> None:
    """Makes the environment unless it is there, with what is wanted now. Raises GpuRunError."""
    folder, wanted = run.environment, core_requirements(gpu=not run.rehearse)
    whole = folder / WHOLE
    if whole.exists() and whole.read_text(encoding="utf-8") == "\n".join(wanted):
        return
    command = [run.interpreter, "-m", "venv", "--clear", str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        said = (made.stdout + made.stderr).strip().splitlines() or ["it says nothing"]
        raise GpuRunError(f"python -m venv fails ({said[-1]}); install Python's venv (apt-get install python3-venv)")
    packages = site_packages(folder)
    sources = [str(ROOT / name) for name in ("runtime", "export", "models")]
    (packages / "editjudge-sources.pth").write_text("\n".join([*sources, *run.reuse]) + "\n", encoding="utf-8")
    version = project_version()
    metadata = packages / f"editjudge-{version}.dist-info"
    metadata.mkdir()
    # The package runs from the working tree; only its version is looked up as if it were installed.
    text = f"Metadata-Version: 2.1\nName: editjudge\nVersion: {version}\n"
    (metadata / "METADATA").write_text(text, encoding="utf-8")
    options = []
    if run.reuse:
        # It came with the environment, and would hide a newer one among what is reused.
        subprocess.run([str(run.python), "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools"], check=False)
    else:
        pins = folder / "pins.txt"
        pins.write_text("\n".join(read_pins((ROOT / "requirements.lock").read_text(encoding="utf-8"))) + "\n")
        options = ["--constraint", str(pins)]
    install(run, wanted, *options)
    whole.write_text("\n".join(wanted), encoding="utf-8")


def install_overlay(run: GpuRun, name: str, *options: str, settings: dict[str, str] | None = None) -> None:
    """Puts packages into a folder of their own unless they are there. Raises GpuRunError."""
    folder = run.overlay(name)
    if (folder / WHOLE).exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    index = ["--extra-index-url", INDEXES[name]] if name in INDEXES and not run.wheels else []
    install(run, OVERLAYS[name], "--no-deps", "--target", str(folder), *index, *options, settings=settings)
    (folder / WHOLE).touch()


def install(run: GpuRun, wanted: Sequence[str], *options: str, settings: dict[str, str] | None = None) -> None:
    """Installs with the environment's pip; what it prints goes on into the log. Raises GpuRunError."""
    source = ["--no-index", "--find-links", str(run.wheels)] if run.wheels else []
    command = [str(run.python), "-m", "pip", "install", "--progress-bar", "off", "--no-input", *RETRIES]
    pip = subprocess.Popen(
        [*command, *source, *options, *wanted],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=settings,
    )
    lines = []
    with pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            lines.append(line.strip())
    if pip.returncode:
        raise GpuRunError(explain_failure("\n".join(lines), wanted, run.wheels))


def site_packages(folder: Path) -> Path:
    (found,) = folder.glob("lib/python*/site-packages")
    return found


def list_packages(folder: Path) -> dict[str, str]:
    """The versions of the packages in a folder, by name."""
    names = [path.name.removesuffix(".dist-info") for path in folder.glob("*.dist-info")]
    return dict(sorted(name.rsplit("-", 1) for name in names if "-" in name))


def describe_torch(run: GpuRun) -> dict[str, Any]:
    """The version of PyTorch, and that of the CUDA that it is built with. Raises GpuRunError for a build without."""
    code = "import torch; print(torch.__version__, torch.version.cuda)"
    found = subprocess.run([str(run.python), "-c", code], capture_output=True, text=True, check=False)
    if found.returncode:
        said = found.stderr.strip().splitlines() or ["it says nothing"]
        raise GpuRunError(f"PyTorch cannot be imported ({said[-1]}); delete {run.environment} and run again")
    version, cuda = found.stdout.split()[-2:]
    if cuda == "None" and not run.rehearse:
        raise GpuRunError(
            f"PyTorch {version} was built without CUDA; leave the index of its CPU builds out of pip's settings, "
            f"delete {run.environment} and run again"
        )
    return {"torch": version, "cuda": None if cuda == "None" else cuda}
