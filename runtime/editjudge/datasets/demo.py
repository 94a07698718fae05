"""The demos' inputs: pictures that come with the package, and what each candidate is known to be.

There are two demos, of rendered scenes and of photographs. A `demo.toml` beside the pictures lists them:

    format = 1
    [[input]]
    id = "color"                                # short, unique, used in links
    instruction = "Make the car blue."
    original = "color-original.webp"            # relative to demo.toml
    [[input.candidate]]
    file = "color-1.webp"
    label = "well done"                         # what it is, in words
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from editjudge.errors import BundleError


@dataclass(frozen=True)
class DemoCandidate:
    """An edited picture, and in words what it is known to be."""

    file: Path
    label: str


@dataclass(frozen=True)
class DemoInput:
    """An original, an instruction and its candidates, in no order of quality."""

    id: str
    instruction: str
    original: Path
    candidates: tuple[DemoCandidate, ...]


def load_photographs() -> tuple[DemoInput, ...]:
    """Loads the edits of photographs that come with the package; raises as `load_demo`."""
    return load_demo(Path(str(files("editjudge_models"))) / "photographs")


def load_demo(folder: Path | None = None) -> tuple[DemoInput, ...]:
    """Loads the inputs that a folder's demo.toml lists; without a folder, the rendered scenes of the package.

    Raises BundleError when the folder, its list or one of its pictures is missing or malformed.
    """
    folder = folder or Path(str(files("editjudge_models"))) / "demo"
    listing = folder / "demo.toml"
    try:
        content = tomllib.loads(listing.read_text(encoding="utf-8"))
        if content["format"] != 1:
            raise BundleError(f"{listing} has format {content['format']}; this editjudge reads 1: upgrade editjudge")
        inputs = tuple(_input(folder, entry) for entry in content["input"])
    except FileNotFoundError as error:
        raise BundleError(f"the demo's list {listing} is missing; reinstall editjudge") from error
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise BundleError(f"the demo's list {listing} is malformed ({error}); reinstall editjudge") from error
    for demo_input in inputs:
        for path in (demo_input.original, *(candidate.file for candidate in demo_input.candidates)):
            if not path.is_file():
                raise BundleError(f"the demo's picture {path} is missing; reinstall editjudge")
    return inputs


def _input(folder: Path, entry: dict[str, Any]) -> DemoInput:
    candidates = tuple(DemoCandidate(folder / item["file"], str(item["label"])) for item in entry["candidate"])
    return DemoInput(str(entry["id"]), str(entry["instruction"]), folder / entry["original"], candidates)
