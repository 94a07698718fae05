"""What README.md and docs/ tell to run: their blocks of commands and Python, and why some are not run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHELLS = {"sh", "bash", "console"}
LABELS = SHELLS | {"python", "text", "diff", "json", "yaml", "toml", "ini", "nginx", "csv"}
REASONS = {
    "sets up an environment": "`make` does it, and the continuous integration runs `make`",
    "installs packages": "the test environment is locked",
    "downloads from the hub": "gigabytes of weights, from a network that tests do without",
    "needs a GPU": "the tests run on any machine",
    "takes hours": "on the machines that run the tests",
    "needs another program": "which is not installed with the package",
    "needs a model of your own": "a language model with eyes, here or behind an address",
    "needs a published data set": "which is not handed out with the package",
    "needs tables of people's ratings": "made by a study, or of other forms; tests of `evaluate` have small ones",
}
"""Why a block may be left out, with what there is to say of it."""
RUNS = {"slow": "slow", "until it answers": "served"}
"""How else a block may be run."""
MARKER = re.compile(r"<!-- (not run|run|exits): (.+?) -->$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its page and line, its label, what it says, and what the comment before it asks for."""

    page: str
    line: int
    label: str
    code: str
    left_out: str | None = None
    """The reason that it is not run for."""
    slow: bool = False
    served: bool = False
    """Whether its commands answer until they are interrupted."""
    status: int = 0
    """With which each of its commands ends."""

    @property
    def commands(self) -> list[str]:
        """The commands of a shell's block, those that go over several lines as one."""
        told = "".join(line for line in self.code.splitlines(keepends=True) if not line.lstrip().startswith("#"))
        return [line.removeprefix("$ ") for line in told.replace("\\\n", " ").splitlines() if line.strip()]


def pages() -> list[Path]:
    """The README and the pages of docs/, in order."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def read_blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page; raises ValueError where a fence or a marker is malformed."""
    name = page.relative_to(ROOT).as_posix()
    lines = page.read_text(encoding="utf-8").splitlines()
    blocks, number = [], 0
    while number < len(lines):
        if re.match(r"\s+(```|~~~)|~~~", lines[number]):
            raise ValueError(f"{name}:{number + 1}: a block begins with ``` at the left, or no test finds it")
        if lines[number].startswith("```"):
            end = next((n for n in range(number + 1, len(lines)) if lines[n] == "```"), None)
            if end is None:
                raise ValueError(f"{name}:{number + 1}: the block does not end")
            code = "\n".join(lines[number + 1 : end]) + "\n"
            label = lines[number].removeprefix("```").strip()
            blocks.append(Block(name, number + 1, label, code, **read_marker(lines[number - 1])))
            number = end
        number += 1
    return blocks


def read_marker(line: str) -> dict[str, str | bool | int]:
    """What the line before a block says of it; nothing where it is no marker."""
    found = MARKER.match(line)
    if found is None:
        return {}
    kind, value = found.groups()
    if kind == "not run":
        return {"left_out": value}
    if kind == "run":
        if value not in RUNS:
            raise ValueError(f"a block is run in one of these ways: {', '.join(RUNS)}; not {value!r}")
        return {RUNS[value]: True}
    return {"status": int(value)}


def explain_reason(reason: str) -> str:
    """Why a block is left out, in words; raises ValueError for a reason that there is not."""
    if found := re.fullmatch(r"runs in (tests/\S+\.py)", reason):
        if not (ROOT / found[1]).is_file():
            raise ValueError(f"{found[1]} does not exist")
        return f"[{found[1]}](../{found[1]}) tests what it shows"
    if reason not in REASONS:
        raise ValueError(f"{reason!r} is no reason; choose one of {', '.join(REASONS)}, or 'runs in tests/...'")
    return f"{reason}: {REASONS[reason]}"


def write_list() -> str:
    """docs/unrun.md: what is not run, a row each, and why."""
    rows = [
        f"| {block.page} | {_name_code(block)} | {explain_reason(block.left_out)} |"
        for page in pages()
        for block in read_blocks(page)
        if block.left_out is not None
    ]
    head = """# What no test of these pages runs

Every block of commands and of Python on these pages is run by tests/docs, but for these.
`python tests/docs/write_unrun.py` writes this list from the comments that stand before the blocks.

| page | commands, or how the Python begins | why |
|---|---|---|
"""
    return head + "\n".join(rows) + "\n"


def _name_code(block: Block) -> str:
    """The commands of a block; of Python its first line."""
    lines = block.commands if block.label in SHELLS else block.code.strip().splitlines()[:1]
    return "<br>".join(f"`{' '.join(line.split('  #')[0].split()).replace('|', '/')}`" for line in lines)
