"""Extras, targets of make and modules that the pages name are there, and no page sends its reader to itself."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from support.documented import ROOT, pages

TEXTS = [
    *pages(),
    *(ROOT / name for name in ("SECURITY.md", "CONTRIBUTING.md")),
    *(
        path
        for folder in ("integrations", "benchmarks", "models")
        for path in sorted((ROOT / folder).rglob("README.md"))
    ),
]
EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"])
TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
SOURCES = [ROOT / folder for folder in (".", "runtime", "export", "models", "integrations")]


def name_page(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def is_module(name: str) -> bool:
    """Whether `python -m` runs it."""
    path = name.replace(".", "/")
    return any((folder / f"{path}.py").is_file() or (folder / path / "__main__.py").is_file() for folder in SOURCES)


@pytest.mark.parametrize("page", TEXTS, ids=name_page)
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    extras = {name for found in re.findall(r"(?:editjudge|'\.)\[([\w,]+)\]", text) for name in found.split(",")}
    assert extras - EXTRAS == set()
    assert set(re.findall(r"(?:^|`)make ([\w-]+)(?=`|$| +#)", text, re.M)) - TARGETS == set()
    assert [name for name in re.findall(r"python -m ([\w.]+)", text) if not is_module(name)] == []
    assert f"]({page.name})" not in text


def test_what_is_not_there_is_found() -> None:
    assert is_module("benchmarks.drift.measure")
    assert not is_module("benchmarks.drift.weigh")
    assert {"demo", "test", "check"} <= TARGETS
    assert {"serve", "export"} <= EXTRAS
