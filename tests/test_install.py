"""tools/install.py: what it says of an installation, by the lines of a real one, and that a failure is one.

tests/fixtures/pip_install.txt is what `pip install --verbose llama-cpp-python` printed, with the seconds since its
start, on two cores that were busy with other work; of the compiler's lines only the beginnings are kept.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tools.environment import find_other_runtime, lacks_eyes, llama_settings
from tools.install import describe, share_done

ROOT = Path(__file__).parent.parent
RECORDED = Path(__file__).parent / "fixtures" / "pip_install.txt"
STARTED, ENDED = 10.6, 1207.8
"""When the first step began and the last one was done, in seconds, as the recording has it."""


class Replay:
    """The recorded lines as they came, and the time at which they did."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def lines(self) -> Iterator[str]:
        for line in RECORDED.read_text().splitlines():
            seconds, text = line.split(" ", 1)
            self.seconds = float(seconds)
            yield f"{text}\n"

    def now(self) -> float:
        return self.seconds


def test_what_is_compiled_how_far_it_is_and_for_how_long() -> None:
    replay = Replay()
    told = [(replay.seconds, line) for line in describe(replay.lines(), replay.now, 2)]
    texts = [line for _, line in told]
    assert "compiling llama.cpp: 83 steps on 2 cores, about 3 min where nothing else runs" in texts
    assert texts[-2:] == ["compiled: llama-cpp-python", "installing 6 packages"]
    counts = [int(found[1]) for line in texts if (found := re.search(r": (\d+) of 83 steps", line))]
    assert counts == sorted(set(counts))
    assert len(counts) > 20
    compiling = [seconds for seconds, line in told if line.startswith("compiling")]
    compiling_lines = [line for line in texts if line.startswith("compiling")]
    assert "left" not in compiling_lines[1]  # too early to tell
    # A step of C++ takes up to a minute and a half there.
    assert max(later - earlier for earlier, later in pairwise(compiling)) < 200


def test_what_is_left_is_told_well_once_half_of_it_is_done() -> None:
    replay = Replay()
    checked = 0
    for line in describe(replay.lines(), replay.now, 2):
        found = re.search(r"about (\d+) min left", line)
        if found and STARTED + (ENDED - STARTED) / 2 < replay.seconds < ENDED - 120:
            whole = replay.seconds - STARTED + 60 * int(found[1])
            assert whole == pytest.approx(ENDED - STARTED, rel=0.2)
            checked += 1
    assert checked > 5


def test_the_share_of_time_grows_from_nothing_to_all() -> None:
    shares = [share_done(step / 100) for step in range(1, 101)]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.01
    assert shares[-1] == pytest.approx(1)


def test_more_cores_take_less_time() -> None:
    replay = Replay()
    (line,) = [line for line in describe(replay.lines(), replay.now, 16) if "where nothing else runs" in line]
    assert line == "compiling llama.cpp: 83 steps on 16 cores, less than a minute where nothing else runs"


def test_pips_failure_is_one_and_its_last_lines_are_shown() -> None:
    command = [sys.executable, ROOT / "tools" / "install.py", sys.executable, "--no-index", "no-such-package-anywhere"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "No matching distribution found for no-such-package-anywhere" in done.stderr
    assert done.stderr.splitlines()[-1] == "pip failed; what it printed last is above"


def test_pips_success_is_one() -> None:
    command = [sys.executable, ROOT / "tools" / "install.py", sys.executable, "--no-index", "numpy"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "it takes the Python to install for and what `pip install` is to install"),
        ([sys.executable], "it takes the Python to install for and what `pip install` is to install"),
        (["/nonexistent/python", "numpy"], "/nonexistent/python cannot be run: No such file or directory"),
        ([str(ROOT), "numpy"], f"{ROOT} cannot be run: Permission denied"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_sentence(arguments: list[str], message: str) -> None:
    command = [sys.executable, ROOT / "tools" / "install.py", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr


def test_a_pip_that_is_killed_is_told_as_a_shell_does(tmp_path: Path) -> None:
    """A Python that ends itself as the kernel would end it for want of memory."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nkill -9 $$\n")
    python.chmod(0o755)
    command = [sys.executable, ROOT / "tools" / "install.py", python, "numpy"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 137
    assert done.stderr == "pip was ended by signal 9; what it printed last is above\n"


def test_steps_that_count_to_nothing_are_passed_over() -> None:
    lines = ["  Building wheel for x (pyproject.toml): started\n", "[0/5] a\n", "[1/0] b\n", "[0/0] c\n", "[7/5] d\n"]
    assert list(describe(lines, lambda: 100.0, 2)) == []


def test_this_environment_has_a_llama_cpp_that_sees() -> None:
    assert not lacks_eyes(sys.executable)
    assert "LLAVA_BUILD" not in llama_settings()["CMAKE_ARGS"]


@pytest.mark.parametrize(
    ("libraries", "lacks"),
    [
        (["libllama.so", "libggml.so"], True),
        (["libllama.so", "libmtmd.so"], False),
        (["llama.dll", "mtmd.dll"], False),
        (["libllama.dylib"], True),
        ([], False),  # as before it is built
    ],
)
def test_a_llama_cpp_without_libmtmd_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, libraries: list[str], lacks: bool
) -> None:
    """A package in the place of the real one, which a Python finds first; it would fail if it was loaded."""
    folder = tmp_path / "llama_cpp" / "lib"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("raise SystemExit('loaded')\n")
    for name in libraries:
        (folder / name).touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert lacks_eyes(sys.executable) == lacks


BACKEND = """
import pathlib, zipfile
def build_wheel(folder, *_):
    built = pathlib.Path({built!r})
    names = ["libllama.so", *(["libmtmd.so"] if built.exists() else [])]
    built.touch()
    info = "llama_cpp_python-9.dist-info"
    files = {{f"llama_cpp/lib/{{name}}": "" for name in names}} | {{
        "llama_cpp/__init__.py": "",
        f"{{info}}/METADATA": "Metadata-Version: 2.1\\nName: llama-cpp-python\\nVersion: 9\\n",
        f"{{info}}/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        f"{{info}}/RECORD": "",
    }}
    with zipfile.ZipFile(f"{{folder}}/llama_cpp_python-9-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return "llama_cpp_python-9-py3-none-any.whl"
"""


def test_a_llama_cpp_without_libmtmd_is_compiled_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of that name which has libmtmd only when it is built for the second time."""
    with zipfile.ZipFile(tmp_path / "llama_cpp_python-9.zip", "w") as sources:
        settings = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        sources.writestr("llama_cpp_python-9/pyproject.toml", settings)
        sources.writestr("llama_cpp_python-9/backend.py", BACKEND.format(built=str(tmp_path / "built")))
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": str(tmp_path), "CACHE_DIR": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.delenv("CMAKE_ARGS", raising=False)
    folder = tmp_path / "environment"
    command = [sys.executable, ROOT / "tools" / "environment.py", folder, "--newest", "llama-cpp-python"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("compiled: llama-cpp-python") == 2
    assert "without libmtmd, so it is compiled anew" in done.stdout
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    assert not lacks_eyes(str(python))


@pytest.mark.parametrize(
    ("packages", "runtime"),
    [
        (["onnxruntime", "onnxruntime-webgpu"], "onnxruntime-webgpu"),
        (["onnxruntime-webgpu"], None),  # it has taken the place already
        (["onnxruntime"], None),
    ],
)
def test_a_runtime_that_is_to_take_the_place_of_another(
    tmp_path: Path, packages: list[str], runtime: str | None
) -> None:
    """In a Python that sees these packages alone."""
    for name in packages:
        folder = tmp_path / f"{name.replace('-', '_')}-1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n", encoding="utf-8")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{tmp_path}" exec "{sys.executable}" -S "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    assert find_other_runtime(str(python)) == runtime


def test_swiftshader_that_cannot_be_had_is_a_sentence(tmp_path: Path) -> None:
    """In a system without apt; where a driver was named, that one is taken, and nothing is fetched."""
    command = [sys.executable, ROOT / "tools" / "swiftshader.py", tmp_path / "here"]
    environment = {"PATH": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if not (Path("/usr/lib/chromium") / "libvk_swiftshader.so").exists():
        assert (done.returncode, done.stderr.count("\n")) == (3, 1)
        assert done.stderr.startswith("tools/swiftshader.py: there is no SwiftShader (")
        assert done.stderr.endswith("; apt-get install chromium\n")
    named = {**environment, "VK_DRIVER_FILES": "mine.json"}
    program = "import os; print(os.environ['VK_DRIVER_FILES'], 'LD_LIBRARY_PATH' in os.environ)"
    done = subprocess.run(
        [*command, sys.executable, "-c", program], capture_output=True, text=True, check=True, env=named
    )
    assert done.stdout == "mine.json False\n"
