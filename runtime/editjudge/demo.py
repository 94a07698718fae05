"""The demo's inputs: pictures that come with the package, and what each candidate is known to be.

They lie beside a `demo.toml`:

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
from typing import TYPE_CHECKING, Any

from editjudge.errors import BundleError
from editjudge.judged import Candidate, Judged

if TYPE_CHECKING:
    from editjudge.scorer import Scorer


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


def load_demo(folder: Path | None = None) -> tuple[DemoInput, ...]:
    """The inputs that a folder's demo.toml lists; without a folder, those of the package.

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
    for path in (path for one in inputs for path in (one.original, *(each.file for each in one.candidates))):
        if not path.is_file():
            raise BundleError(f"the demo's picture {path} is missing; reinstall editjudge")
    return inputs


def _input(folder: Path, entry: dict[str, Any]) -> DemoInput:
    candidates = tuple(DemoCandidate(folder / each["file"], str(each["label"])) for each in entry["candidate"])
    return DemoInput(str(entry["id"]), str(entry["instruction"]), folder / entry["original"], candidates)


def judge(scorer: Scorer, given: DemoInput) -> Judged:
    """Ranks the candidates of an input, best first, with what each is known to be."""
    prepared = scorer.prepare(given.original, given.instruction)
    edits = given.candidates
    ranked = prepared.rank([each.file for each in edits])
    shown = tuple(Candidate.of(each, edits[each.index].file, edits[each.index].label) for each in ranked)
    return Judged(given.instruction, shown, given.id)
