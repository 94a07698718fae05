"""Homes that cannot be used: every command and a score do without, and say so once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.fresh_process import TESTS, run_python

REMEDY = "set EDITJUDGE_HOME to a folder with 300 MB to spare"
SOMEONE = ("unshare", "--user", "--map-user=54321", "--map-group=54321")
"""Runs a program as a user without an entry in the passwd file, and without the rights of root."""
MOUNTING = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
"""Runs a line of the shell that may mount file systems, which end with it."""

COMMANDS = """
import contextlib, io, json, sys
from editjudge.cli.main import run

original, edited = sys.argv[1:]
lines = (
    ["score", original, edited, "paint the hydrant blue", "--device", "cpu"],
    ["parse", "paint the car blue"],
    ["doctor", "--device", "cpu"],
    ["bundle", "list"],
)
errors, statuses = io.StringIO(), []
for line in lines:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
        statuses.append(run(line))
print(json.dumps({"statuses": statuses, "errors": errors.getvalue().splitlines()}))
"""
PARSES = """
import warnings
from editjudge import Scorer

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for instruction in ("paint the car blue", "remove the hat"):
        scorer = Scorer.load("studio", "cpu", threads=1)
        print(scorer.parse(instruction).intent.edit_type)
print([str(warning.message) for warning in caught if warning.category.__name__ == "EditJudgeWarning"])
"""


def skip_unless(prefix: tuple[str, ...], *line: str) -> None:
    works = shutil.which("unshare") and subprocess.run([*prefix, *line], capture_output=True, check=False)
    if not works or works.returncode:
        pytest.skip("this system lets nobody become another user, or mount (unshare)")


def run_as(prefix: tuple[str, ...], program: str, *arguments: object, **variables: str | None) -> str:
    """What a program printed that was started through another; a variable that is None is not set."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1", **variables}
    known = {name: value for name, value in environment.items() if value is not None}
    command = [*prefix, sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, env=known, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    folder.mkdir()
    yield folder
    folder.chmod(0o755)


def check_commands(printed: str, *words: str) -> None:
    """Expects that all commands did what they do, with one warning between them."""
    result = json.loads(printed)
    assert result["statuses"] == [0, 0, 0, 0]
    (warning,) = result["errors"]
    assert warning.startswith("editjudge: warning: ")
    assert warning.endswith(
        "so nothing is kept for the next process; set EDITJUDGE_HOME to a folder with 300 MB to spare"
    )
    for word in words:
        assert word in warning


def check_parses(printed: str, word: str) -> None:
    """Expects that both instructions were read, with one warning between them."""
    first, second, warnings = printed.splitlines()
    assert (first, second) == ("color", "remove")
    assert warnings.count("nothing is kept") == 1
    assert word in warnings


def test_no_home_and_no_passwd_entry(grey_edit: tuple[Path, Path]) -> None:
    skip_unless(SOMEONE, "true")
    printed = run_as(SOMEONE, COMMANDS, *grey_edit, HOME=None, EDITJUDGE_HOME=None, XDG_CACHE_HOME=None)
    check_commands(printed, "the user has no home folder")


@pytest.mark.parametrize("home", ["", "relative"])
def test_a_home_that_says_nothing(home: str) -> None:
    skip_unless(SOMEONE, "true")
    program = """
from editjudge import BundleError
from editjudge.bundles.cache import cache_folder
try:
    cache_folder()
except BundleError as error:
    print(error)
"""
    printed = run_as(SOMEONE, program, HOME=home, EDITJUDGE_HOME="", XDG_CACHE_HOME=home)
    assert printed == f"the user has no home folder; {REMEDY}\n"


def test_a_home_of_nobody(grey_edit: tuple[Path, Path]) -> None:
    printed = run_as((), COMMANDS, *grey_edit, EDITJUDGE_HOME="~nosuch/cache")
    check_commands(printed, "EDITJUDGE_HOME is ~nosuch/cache, and there is no such home folder")
    assert not Path("~nosuch").exists()


@pytest.mark.parametrize("mode", [0o000, 0o555])
def test_the_home_of_another(home: Path, grey_edit: tuple[Path, Path], mode: int) -> None:
    """Which may neither be written, nor even be looked into."""
    skip_unless(SOMEONE, "true")
    home.chmod(mode)
    variables = {"HOME": str(home), "EDITJUDGE_HOME": None, "XDG_CACHE_HOME": None}
    if mode == 0o000:
        check_commands(run_as(SOMEONE, COMMANDS, *grey_edit, **variables), str(home), "Permission denied")
    else:
        check_parses(run_as(SOMEONE, PARSES, **variables), "Permission denied")


@pytest.mark.parametrize("kind", ["a file", "a name too long"])
def test_a_home_that_cannot_be(tmp_path: Path, grey_edit: tuple[Path, Path], kind: str) -> None:
    home = tmp_path / ("x" * 300 if kind == "a name too long" else "file")
    if kind == "a file":
        home.touch()
    if kind == "a file":
        check_commands(run_as((), COMMANDS, *grey_edit, EDITJUDGE_HOME=str(home)), "cannot be written to")
    else:
        check_parses(run_as((), PARSES, EDITJUDGE_HOME=str(home)), "File name too long")


@pytest.mark.parametrize("kind", ["files", "links to nowhere"])
def test_a_home_with_something_else_in_the_place_of_its_folders(
    home: Path, grey_edit: tuple[Path, Path], kind: str
) -> None:
    for name in ("answers", "models", "bundles", "verified", "compiled"):
        if kind == "files":
            (home / name).write_text("something else")
        else:
            (home / name).symlink_to(home / "nowhere" / name)
    if kind == "files":
        check_commands(run_as((), COMMANDS, *grey_edit, EDITJUDGE_HOME=str(home)), "File exists")
    else:
        check_parses(run_as((), PARSES, EDITJUDGE_HOME=str(home)), "File exists")
    assert {path.name for path in home.iterdir()} == {"answers", "models", "bundles", "verified", "compiled"}


def test_a_full_home(home: Path) -> None:
    """The model is held in memory, once for all scorers of the process."""
    line = f'mount -t tmpfs -o size=1m none {home} && head -c 2000000 /dev/zero > {home}/full; exec "$@"'
    prefix = (*MOUNTING, line, "sh")
    skip_unless(prefix, "true")
    check_parses(run_as(prefix, PARSES, EDITJUDGE_HOME=str(home)), "No space left on device")


def test_a_read_only_home_with_all_in_it(tmp_path: Path) -> None:
    """As in an image of a container: what is kept is taken from there, and there is nothing to warn of."""
    home = tmp_path / "home"
    prefix = (*MOUNTING, f'mount --bind -o ro {home} {home} && mount -o remount,bind,ro {home} && exec "$@"', "sh")
    home.mkdir()
    skip_unless(prefix, "true")
    assert run_as((), PARSES, EDITJUDGE_HOME=str(home)).splitlines() == ["color", "remove", "[]"]
    before = sorted(path.name for path in home.rglob("*"))
    assert run_as(prefix, PARSES, EDITJUDGE_HOME=str(home)).splitlines() == ["color", "remove", "[]"]
    assert sorted(path.name for path in home.rglob("*")) == before


def test_a_home_whose_name_is_no_text(tmp_path: Path) -> None:
    """Bytes that are not UTF-8, and a line break."""
    name = os.fsdecode(os.fsencode(tmp_path) + b"/h\xffome\n")
    printed = run_python(PARSES, environment={"EDITJUDGE_HOME": name})
    assert printed.stdout.splitlines() == ["color", "remove", "[]"]
    assert {path.name for path in Path(name).iterdir()} == {"answers", "models", "verified"}


def test_without_files_in_memory_one_is_held_in_the_temporary_folder(tmp_path: Path) -> None:
    """As on macOS and Windows. A forked process ends without taking it from the others."""
    program = """
        import os, sys
        from pathlib import Path
        del os.memfd_create
        from editjudge.bundles.bundle import Bundle

        path = Bundle.load("studio").file("parser")
        if os.fork() == 0:
            sys.exit()
        os.wait()
        print(path.parent, path.stat().st_size > 10**8, Bundle.load("studio").file("parser") == path)
    """
    folder = tmp_path / "temporary"
    folder.mkdir()
    done = run_python(program, environment={"EDITJUDGE_HOME": "~nosuch", "TMPDIR": str(folder)})
    assert done.stdout.split() == [str(folder), "True", "True"]
    assert list(folder.iterdir()) == []


def test_neither_home_nor_memory(tmp_path: Path) -> None:
    """Nothing is left behind either."""
    program = """
        import resource, sys
        from editjudge import BundleError
        from editjudge.bundles.bundle import Bundle

        resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
        try:
            Bundle.load("studio").file("parser")
        except BundleError as error:
            print(error)
    """
    home, folder = tmp_path / "home", tmp_path / "temporary"
    folder.mkdir()
    done = run_python(program, environment={"EDITJUDGE_HOME": str(home), "TMPDIR": str(folder)})
    assert done.stdout.startswith("the parser's model cannot be written to ")
    assert done.stdout.endswith(f"(File too large), nor be held in memory (File too large); {REMEDY}\n")
    assert [*folder.iterdir(), *(home / "models").iterdir()] == []
