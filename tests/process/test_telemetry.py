"""What leaves a process that scores: no file but in our folders, no look-up, no packet, from import to exit."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest

from editjudge.bundles.bundle import Bundle
from editjudge.bundles.cache import cache_folder
from support.fresh_process import run_python

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="folders and tracing are those of Linux")

QUIET_VARIABLES = ("CI", "GITHUB_ACTIONS", "TF_BUILD", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS")
"""With one of these ONNX Runtime's telemetry is off anyway."""

SCORE = """
    import sys, time
    import numpy as np
    from editjudge import EditIntent, Scorer
    from editjudge.backends.onnx.library import describe_telemetry

    toy = Scorer.load(sys.argv[1], "cpu", 1)
    grey = np.full((64, 64, 3), 90, np.uint8)
    toy.score(grey, grey[::-1], EditIntent("add", None, "cat"))
    if len(sys.argv) > 2:
        Scorer.load("studio", "cpu", 1).parse("make the wooden boat blue")
    time.sleep(11)  # ONNX Runtime looks up its maker's server some 9 s after it was loaded
    print(describe_telemetry())
"""
UNASKED = """
    import onnxruntime, time
    time.sleep(11)
"""
IMPORTED_BEFORE = "import onnxruntime" + SCORE.replace("\n    ", "\n").replace("time.sleep(11)", "")


Variables = dict[str, str]


@pytest.fixture(autouse=True)
def telemetry_is_not_off_anyway(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in QUIET_VARIABLES:
        monkeypatch.delenv(name, raising=False)


def make_home(folder: Path) -> Variables:
    """The variables of a home of its own, with all that programs write to; the parser's model is linked into it."""
    models = cache_folder() / "models"
    variables = {}
    for variable, name in (
        ("HOME", "home"), ("XDG_CACHE_HOME", "cache"), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data"),
        ("XDG_STATE_HOME", "state"), ("XDG_RUNTIME_DIR", "runtime"), ("TMPDIR", "tmp"), ("EDITJUDGE_HOME", "ours"),
    ):  # fmt: skip
        (folder / name).mkdir(parents=True)
        variables[variable] = str(folder / name)
    if models.is_dir():
        (folder / "ours" / "models").symlink_to(models)
    return variables


def written(folder: Path) -> set[str]:
    """The files that are not in our folder."""
    files = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    return {file for file in files if not file.startswith("ours/")}


def trace(folder: Path, program: str, *arguments: object) -> tuple[list[str], set[str]]:
    """Runs a program without a network; the sockets of the internet that it asked for, and what it wrote."""
    variables = make_home(folder)
    log = folder / "ours" / "calls"
    command = ["unshare", "-rn", "strace", "-f", "-qq", "-e", "trace=socket,connect,sendto,sendmsg", "-o", str(log)]
    done = run_python(program, *arguments, environment=variables, before=command)
    assert done.returncode == 0, done.stderr
    calls = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return [call for call in calls if "AF_INET" in call or "nscd" in call], written(folder)


def test_nothing_leaves_the_process(tmp_path: Path, toy: Bundle) -> None:
    """Beside it runs what shows that it would be seen: ONNX Runtime's module alone, as it is, writes and looks up."""
    if not shutil.which("strace") or not shutil.which("unshare"):
        pytest.skip("strace and unshare are not installed")
    if subprocess.run(["unshare", "-rn", "strace", "-f", "true"], capture_output=True, check=False).returncode:
        pytest.skip("a process without a network, or its tracing, is not permitted here")
    with ThreadPoolExecutor() as pool:
        alone = pool.submit(trace, tmp_path / "alone", UNASKED)
        assert trace(tmp_path / "ours", SCORE, toy.folder, "parse") == ([], set())
        calls, files = alone.result()
    assert calls
    assert any("onnxruntime" in file for file in files)


def test_no_file_is_left(tmp_path: Path, toy: Bundle) -> None:
    """Nor the variable that sees to it."""
    program = SCORE.replace("time.sleep(11)", "import os; print(os.environ.get('ORT_DISABLE_TELEMETRY'))")
    done = run_python(program, toy.folder, environment=make_home(tmp_path))
    assert done.stdout == "None\nNone\n", done.stderr
    assert written(tmp_path) == set()


def test_who_imported_it_before_us_is_told(tmp_path: Path, toy: Bundle) -> None:
    done = run_python(IMPORTED_BEFORE, toy.folder, environment=make_home(tmp_path))
    assert done.stdout == (
        "onnxruntime was imported before editjudge loaded it; set ORT_DISABLE_TELEMETRY=1 before that\n"
    ), done.stderr


@pytest.mark.parametrize(("value", "told"), [("1", "None"), ("0", "ORT_DISABLE_TELEMETRY is '0'; unset it")])
def test_what_the_user_says_holds(tmp_path: Path, toy: Bundle, value: str, told: str) -> None:
    program = IMPORTED_BEFORE.replace("import onnxruntime", "")
    done = run_python(program, toy.folder, environment={**make_home(tmp_path), "ORT_DISABLE_TELEMETRY": value})
    assert done.stdout.startswith(told), done.stderr
    assert any("onnxruntime" in file for file in written(tmp_path)) == (value == "0")


def test_the_doctor_says_so(tmp_path: Path, toy: Bundle) -> None:
    program = """
        import sys
        from editjudge.cli.main import run
        sys.exit(run(["doctor", "--bundle", sys.argv[1]]))
    """
    done = run_python(program, toy.folder, environment=make_home(tmp_path))
    assert [line.split() for line in done.stdout.splitlines() if "telemetry" in line] == [["telemetry", "off"]]
    early = run_python("import onnxruntime\n" + dedent(program), toy.folder, environment=make_home(tmp_path / "early"))
    assert "ORT_DISABLE_TELEMETRY=1" in early.stdout
