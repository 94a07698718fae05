"""The house keeps its plan: its floors are those that the page draws, no room is crowded, no name means two things."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
RUNTIME = ROOT / "runtime" / "editjudge"
ROOTS = (RUNTIME, ROOT / "export", ROOT / "models", ROOT / "integrations", ROOT / "benchmarks")
BPM_ROOMS = (
    "metrics/bpm/",
    "metrics/registry.py",
    "metrics/__init__.py",
    "datasets/formats/bpm.py",
    "datasets/dataset.py",
)
"""Where the metric may be named: at home, in the registry and its door. A data set has the same name."""


def test_the_picture_shows_the_floors_of_the_contract() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    picture = (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")
    rooms = re.findall(r'<g class="room">.*?<text class="name"[^>]*>(\w+)</text>', picture)
    assert rooms == [room for floor in contract["layers"] for room in floor.split(" : ")]
    packages = {path.name for path in RUNTIME.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    modules = {path.stem for path in RUNTIME.glob("*.py")} - {"__init__"}
    assert set(rooms) == packages | modules


def test_no_room_is_crowded() -> None:
    for folder in {RUNTIME, *(path.parent for path in RUNTIME.rglob("*.py"))}:
        files = [path for path in folder.iterdir() if path.is_file() and path.name != "py.typed"]  # that is a mark
        assert len(files) <= (8 if folder == RUNTIME else 13), f"{folder} has {len(files)} files"
        for path in folder.glob("*.py"):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 250, f"{path} is long"


def test_a_public_name_means_one_class() -> None:
    homes: dict[str, set[Path]] = defaultdict(set)
    for root in ROOTS:
        for path in root.rglob("*.py"):
            for name in _classes(path):
                homes[name].add(path.relative_to(ROOT))
    assert not {name: sorted(map(str, paths)) for name, paths in homes.items() if len(paths) > 1}


def test_no_metric_is_named_outside_its_room() -> None:
    """No identifier, attribute, import or key says "bpm"; words for people, as the title "BPM", may."""
    named = []
    for path in RUNTIME.rglob("*.py"):
        place = path.relative_to(RUNTIME).as_posix()
        if not place.startswith(BPM_ROOMS):
            words = [(line, text) for line, text in _code_words(path) if text != "BPM" and "bpm" in text.lower()]
            named += [f"{place}:{line}: {text}" for line, text in words]
    for path in (RUNTIME / "reports" / "templates").iterdir():
        code = re.findall(r"{[{%].*?[}%]}|class=\"[^\"]*\"", path.read_text(encoding="utf-8"))
        named += [f"{path.name}: {text}" for text in code if "bpm" in text.lower()]
    assert named == []


def test_opencv_comes_from_the_one_place_that_leaves_the_environment_alone() -> None:
    places = {path.relative_to(RUNTIME).as_posix() for path in RUNTIME.rglob("*.py") if _imports(path, "cv2")}
    assert places == {"utils/libraries/opencv.py"}


def _imports(path: Path, package: str) -> bool:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names) if any(name.name.split(".")[0] == package for name in names):
                return True
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] == package:
                return True
    return False


def _classes(path: Path) -> Iterator[str]:
    """The public classes of a module, and its type aliases; constants are in capitals."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.ClassDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
                if re.match(r"[A-Z]\w*[a-z]", name):
                    yield name


def _code_words(path: Path) -> Iterator[tuple[int, str]]:
    """Identifiers, and texts that are one word: those are keys, the others are words for people."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.arg(arg=word) | ast.keyword(arg=str(word)):
                yield node.lineno, word
            case ast.FunctionDef(name=word) | ast.ClassDef(name=word):
                yield node.lineno, word
            case ast.ImportFrom(module=str(word), names=names):
                yield node.lineno, " ".join([word, *(alias.name for alias in names)])
            case ast.Constant(value=str(text)) if re.fullmatch(r"[\w.]+", text):
                yield node.lineno, text
