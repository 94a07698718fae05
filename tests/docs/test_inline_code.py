"""Commands, options and names that stand within sentences are there, as those of blocks, which are run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from editjudge.cli.commands.study.app import PAGES, StudyGroup
from editjudge.cli.main import app
from support.documented import ROOT, pages

TEXTS = [*pages(), ROOT / "SECURITY.md", ROOT / "CONTRIBUTING.md"]
FENCED = re.compile(r"^```.*?^```", re.S | re.M)
INLINE = re.compile(r"(`+)(.+?)\1")
OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")
NAME = re.compile(r"(?<![\w./-])editjudge(?:\.[A-Za-z_]\w*)+")
OTHERS = {
    "curl": {"--fail-with-body"},
    "docker": {
        "--build-arg", "--cap-drop", "--file", "--gpus", "--publish", "--read-only", "--stop-timeout", "--tag",
        "--tmpfs", "--volume",
    },
    "gunicorn": {"--preload"},
    "ray": {"--head"},
    "pip": {"--force-reinstall", "--no-cache-dir", "--no-deps"},
}  # fmt: skip
"""Options of other programs."""
ELSEWHERE = {"editjudge.rewards.flow_factory.GroupwiseEditReward"}
"""Names that are there once another package is installed."""
SCRIPTS = ("examples", "benchmarks", "models", "tools")
"""Folders of programs with options of their own."""
PROGRAM = get_command(app)


def read_inline(page: Path) -> list[str]:
    """What stands in a page between backticks, but for its blocks."""
    return [code for _, code in INLINE.findall(FENCED.sub("", page.read_text(encoding="utf-8")))]


def list_options(command: Any) -> set[str]:
    """The long and short options of one command."""
    return {"-h", "--help"} | {option for one in command.params for option in (*one.opts, *one.secondary_opts)}


def list_below(command: Any) -> dict[str, Any]:
    """The commands of a group; none of another command."""
    return getattr(command, "commands", {})


def walk(command: Any) -> Iterator[Any]:
    yield command
    for below in list_below(command).values():
        yield from walk(below)


def find_fault(line: str) -> str | None:
    """What an inline command names that there is not."""
    command, words = PROGRAM, shlex.split(line)[1:]
    while words and words[0] in list_below(command):
        command = list_below(command)[words.pop(0)]
    if words and isinstance(command, StudyGroup):
        command = command.commands[PAGES]
    if words and list_below(command) and not words[0].startswith("-"):
        return words[0]
    given = (word.split("=")[0] for word in words if re.match(r"--?[a-z]", word))
    return next((option for option in given if option not in list_options(command)), None)


@cache
def find_script_options() -> set[str]:
    """The options that our programs beside the command line read."""
    files = (path for folder in SCRIPTS for path in (ROOT / folder).rglob("*.py"))
    return {name for path in files for name in re.findall(r'"(--[a-z][\w-]*)"', path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_commands_within_sentences_are_there(page: Path) -> None:
    lines = [code for code in read_inline(page) if re.match(r"editjudge\s", code)]
    assert {line: fault for line in lines if (fault := find_fault(line)) is not None} == {}


@pytest.mark.parametrize("line", ["editjudge scores a b", "editjudge score --bundel x", "editjudge study export -q"])
def test_what_is_not_there_is_found(line: str) -> None:
    assert find_fault(line) in {"scores", "--bundel", "-q"}


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_options_within_sentences_are_there(page: Path) -> None:
    known = set().union(*map(list_options, walk(PROGRAM)), *OTHERS.values(), find_script_options())
    assert {option for code in read_inline(page) for option in OPTION.findall(code)} - known == set()


def test_names_within_sentences_are_there() -> None:
    names = {name for page in TEXTS for code in read_inline(page) for name in NAME.findall(code)}
    assert len(names) > 5
    for name in sorted(names - ELSEWHERE):
        package, *below = name.split(".")
        found = import_module(package)
        for place, part in enumerate(below):
            if not hasattr(found, part):
                import_module(".".join((package, *below[: place + 1])))
            found = getattr(found, part)
