"""The tree of docs/files.md is the repository's, a line for every folder; flags in docs are those of the code."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from editjudge.metrics.flags import FLAGS

ROOT = Path(__file__).parent.parent
HIDDEN = {".ci"}


def tree() -> list[str]:
    """The folders that the page lists, by their paths."""
    text = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    block = text.split("```text\n")[1].split("```")[0]
    paths: list[str] = []
    parents: list[str] = []
    for line in block.strip().splitlines():
        match = re.match(r"( *)(\S+)/( |$)", line)
        assert match, f"no folder stands in {line!r}"
        depth = len(match[1]) // 2
        parents = [*parents[:depth], match[2]]
        assert len(parents) == depth + 1, f"{line!r} is indented too far"
        paths.append("/".join(parents))
    return paths


def test_the_tree_lists_every_folder_once() -> None:
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is no checkout")
    files = [Path(name) for name in done.stdout.splitlines() if (ROOT / name).is_file()]
    folders = {path.parent.as_posix() for path in files} - {".", *HIDDEN}
    assert sorted(tree()) == sorted(folders)


def test_the_tree_names_the_modules_that_stand_in_no_room() -> None:
    text = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("runtime/editjudge/"))
    modules = {path.stem for path in (ROOT / "runtime" / "editjudge").glob("[!_]*.py")}
    assert set(re.search(r"imports: ([\w, ]+);", line)[1].split(", ")) == modules


def test_the_page_about_the_score_lists_every_flag() -> None:
    page = (ROOT / "docs" / "score.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (?:x ([\d.]+))? ?\|$", page[page.index("## Flags") :], re.MULTILINE)
    listed = [(name, meaning, float(doubt or 1)) for name, meaning, doubt in rows]
    assert listed == [(flag.name, flag.meaning, flag.doubt) for flag in FLAGS.values()]
