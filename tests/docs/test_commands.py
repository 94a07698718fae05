"""Every command and snippet of README.md and docs/ runs as it stands, or says why not."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from support.documented import LABELS, ROOT, SHELLS, Block, explain_reason, pages, read_blocks, write_list
from support.documented_files import make_files

RUN = SHELLS | {"python"}
BLOCKS = {page.relative_to(ROOT).as_posix(): read_blocks(page) for page in pages()}
TO_RUN = {
    name: found
    for name, blocks in BLOCKS.items()
    if (found := [block for block in blocks if block.label in RUN and block.left_out is None])
}


def cases() -> list[object]:
    """A page each, and those with a block that takes long once more for the tests that may take long."""
    quick = [pytest.param(name, False, id=name) for name, blocks in TO_RUN.items() if not all(b.slow for b in blocks)]
    slow = [
        pytest.param(name, True, id=f"{name}, slow", marks=pytest.mark.slow)
        for name, blocks in TO_RUN.items()
        if any(block.slow for block in blocks)
    ]
    return [*quick, *slow]


@pytest.mark.parametrize(("page", "slow"), cases())
def test_what_a_page_says_runs(page: str, slow: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder with the pictures that the page names, in its order; what a block makes is there for the next."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))
    make_files(tmp_path, page)
    known = {"originals": ["original.png"], "edited": ["edited.png"], "instructions": ["make the car blue"]}
    for block in TO_RUN[page]:
        if block.slow and not slow:
            continue
        if block.served:
            run_servers(block, tmp_path)
        elif block.label == "python":
            exec(compile(block.code, f"{block.page}:{block.line}", "exec"), known)
        else:
            run_commands(block, tmp_path)


def run_commands(block: Block, folder: Path) -> None:
    """Runs each command of a block with the installed editjudge first on the path."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for command in block.commands:
        done = subprocess.run(
            [bash, "-eo", "pipefail", "-c", command],
            cwd=folder,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == block.status, (f"{block.page}:{block.line}", command, done.stderr[-2000:])


def run_servers(block: Block, folder: Path) -> None:
    """Runs each command, at a port that is free, until it tells its address, and interrupts it."""
    if sys.platform == "win32":
        pytest.skip("a process is interrupted otherwise there")
    for command in block.commands:
        program, *words = shlex.split(command, comments=True)
        words = [str(Path(sys.executable).parent / program), *words, "--port", "0"]
        with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            late = threading.Timer(60, server.kill)
            late.start()
            told = server.stdout.readline()
            server.send_signal(signal.SIGINT)
            _, error = server.communicate()
            late.cancel()
        assert "http://127.0.0.1:" in told, (f"{block.page}:{block.line}", command, told, error)
        assert server.returncode in (0, 130), (f"{block.page}:{block.line}", command, error)


@pytest.mark.parametrize("page", BLOCKS)
def test_a_block_has_a_label_that_says_what_it_is(page: str) -> None:
    assert {block.label for block in BLOCKS[page]} <= LABELS
    for block in BLOCKS[page]:
        program = block.code.split(maxsplit=1)[0] if block.code.strip() else ""
        hidden = program in {"editjudge", "pip", "python", "make"} and block.label not in RUN
        assert not hidden, f"{page}:{block.line} has commands under the label {block.label}"


@pytest.mark.parametrize("page", BLOCKS)
def test_what_is_not_run_has_a_reason(page: str) -> None:
    for block in BLOCKS[page]:
        if block.left_out is not None:
            assert block.label in RUN, f"{page}:{block.line} is nothing to run"
            explain_reason(block.left_out)
            if block.left_out.startswith("runs in "):
                tests = (ROOT / block.left_out.removeprefix("runs in ")).read_text(encoding="utf-8")
                names = (Path(page).name, *name_programs(block))
                assert any(name in tests for name in names), f"{page}:{block.line} is not what these tests run"


def name_programs(block: Block) -> list[str]:
    """The scripts of a block, and our commands as a test has them among its arguments."""
    return re.findall(r"\w+\.py\b", block.code) + [f'"{name}"' for name in re.findall(r"^editjudge (\w+)", block.code)]


def test_a_reason_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no reason"):
        explain_reason("too hard")
    with pytest.raises(ValueError, match="does not exist"):
        explain_reason("runs in tests/test_nothing.py")


def test_the_list_of_what_is_not_run_is_that_of_the_markers() -> None:
    assert (ROOT / "docs" / "unrun.md").read_text(encoding="utf-8") == write_list()
