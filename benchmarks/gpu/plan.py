"""The parts of a run, and what was asked of it; nothing but Python is needed to read this."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = "run.json"
MINUTES = 25.0
GIGABYTES, REHEARSED_GIGABYTES = 25, 6
"""Of disk that all of it takes."""

PHOTO_BUNDLES = ("photo-edge", "photo-lite")
STUDIO = "studio"
"""Has trained models, so that its scores can be compared; it comes with the package."""

REHEARSED_ON: Mapping[str, str] = {"cuda": "cpu", "tensorrt": "cpu", "rtx": "openvino"}
"""What stands in for a device in a rehearsal: the CPU, and for a plugin provider another plugin."""


Keep = Callable[[dict[str, Any]], None]
"""Takes what a part has measured so far, so that it is there even if the part does not come to its end."""


class GpuRunError(Exception):
    """What is asked for cannot be done; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class GpuPart:
    """A part of the run.

    Attributes:
        name: Its name for programs, and that of its files.
        title: Its name for people.
        module: Of `benchmarks.gpu.parts`.
        seconds: How long it may take.
        overlays: The packages that it needs beside the environment (`requirements.OVERLAYS`).
        needs: Parts that must have been done.
        device: What its models run on.
        bare: Whether it needs no environment.
        gibibytes: Of the GPU's memory, that must be free; 0: it needs no GPU.
    """

    name: str
    title: str
    module: str
    seconds: int
    overlays: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    device: str = "cpu"
    bare: bool = False
    gibibytes: int = 0


PARTS: Mapping[str, GpuPart] = {
    part.name: part
    for part in (
        GpuPart("environment", "environment", "environment", 540, bare=True),
        GpuPart("machine", "machine", "machine", 60, ("cpu",)),
        GpuPart("bundles", "checkpoints and bundles", "bundles", 600, ("cpu",)),
        GpuPart("cuda", "CUDA", "provider", 300, ("cuda",), device="cuda", gibibytes=6),
        GpuPart("reference", "PyTorch", "reference", 300, ("cuda",), ("bundles",), "cuda", gibibytes=14),
        GpuPart("binding", "IO binding and CUDA graphs", "binding", 120, ("cuda",), ("bundles",), "cuda", gibibytes=6),
        GpuPart("tensorrt", "TensorRT", "provider", 300, ("cuda", "tensorrt"), device="tensorrt", gibibytes=6),
        GpuPart("rtx", "TensorRT-RTX", "provider", 240, ("rtx", "cpu"), device="rtx", gibibytes=6),
        GpuPart("llama_build", "llama.cpp, compiled", "llama_build", 480, bare=True),
        GpuPart("llama", "llama.cpp", "llama", 90, ("llama", "cpu"), ("llama_build",), "cuda", gibibytes=2),
    )
}
"""In the order in which they are done: what tells most comes first."""


@dataclass(frozen=True)
class GpuRun:
    """What was asked for; it is kept in the folder, and holds for all that is done there.

    Attributes:
        folder: Where everything is kept.
        rehearse: Whether the CPU stands in for the GPU, and small models for large ones.
        wheels: A folder of wheels that stands in for the package index.
        reuse: Folders of packages that the machine has already.
        interpreter: The Python that the environment is made of.
    """

    folder: Path
    rehearse: bool = False
    wheels: Path | None = None
    reuse: tuple[str, ...] = ()
    interpreter: str = sys.executable

    @classmethod
    def read(cls, folder: Path) -> GpuRun | None:
        """What a folder holds; None where nothing was begun. Raises GpuRunError for what is no such folder."""
        path = folder / SETTINGS
        if not path.exists():
            return None
        try:
            values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            wheels = Path(values["wheels"]) if values["wheels"] else None
            return cls(folder, values["rehearse"], wheels, tuple(values["reuse"]), values["interpreter"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise GpuRunError(f"{path} cannot be read ({error}); choose another folder") from error

    def save(self) -> None:
        values = asdict(self) | {"wheels": self.wheels and str(self.wheels)}
        del values["folder"]
        write_json(self.folder / SETTINGS, values)

    def device(self, part: GpuPart) -> str:
        return REHEARSED_ON[part.device] if self.rehearse and part.device in REHEARSED_ON else part.device

    def overlays(self, part: GpuPart) -> tuple[str, ...]:
        """The packages of a part; in a rehearsal those of what stands in for its device."""
        if not self.rehearse or "llama" in part.overlays:
            return part.overlays
        others = tuple(name for name in part.overlays if name not in ("cuda", "tensorrt", "rtx", "cpu"))
        return (*others, "openvino" if self.device(part) == "openvino" else "cpu") if part.overlays else ()

    @property
    def environment(self) -> Path:
        return self.folder / "environment"

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"

    def overlay(self, name: str) -> Path:
        return self.folder / "overlays" / name

    def record(self, part: str) -> Path:
        """The file that says what became of a part."""
        return self.folder / "parts" / f"{part}.json"

    def outcome(self, part: str) -> Path:
        """The file in which a part that is at work keeps what it has measured so far."""
        return self.folder / "parts" / f"{part}.outcome.json"

    def log(self, part: str) -> Path:
        return self.folder / "logs" / f"{part}.log"


def write_json(path: Path, content: Any) -> None:
    """Writes a file that is either whole or not there. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)


def read_json(path: Path) -> dict[str, Any] | None:
    """What a file holds; None where there is none, or none that can be read: it is then made anew."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
