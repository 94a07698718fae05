"""The run on a machine with a GPU: what it refuses, and that it goes on wherever it was cut off."""

from __future__ import annotations

import json
import os
import signal
import site
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.gpu.nvidia_smi import await_gpu
from benchmarks.gpu.parts.environment import WHOLE, install, site_packages
from benchmarks.gpu.plan import PARTS, ROOT, GpuRun, GpuRunError, read_json, write_json
from benchmarks.gpu.runner import run_part

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the run is for Linux")

GOOD = "NVIDIA RTX 4090, GPU-1, 590.44.01, 8.9, 24564, 412, 0"
FakeSmi = Callable[[str], None]


@pytest.fixture
def fake_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSmi:
    """Has nvidia-smi, which no machine of ours has, print lines; the arguments are in a file beside it."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def install_tool(script: str) -> None:
        tool = folder / "nvidia-smi"
        tool.write_text(f'#!/bin/sh\necho "$@" > {folder}/arguments\n{script}\n')
        tool.chmod(0o755)

    return install_tool


@pytest.fixture
def begun(tmp_path: Path) -> GpuRun:
    """A rehearsal whose environment is that of the tests, and whose llama.cpp is there."""
    run = GpuRun(tmp_path / "run", rehearse=True)
    venv.create(run.environment, symlinks=True)
    here = [str(ROOT / name) for name in ("runtime", "export", "models")] + site.getsitepackages()
    (site_packages(run.environment) / "here.pth").write_text("\n".join(here) + "\n")
    for folder in (run.environment, run.overlay("cpu"), run.overlay("llama")):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / WHOLE).touch()
    run.save()
    write_json(run.record("llama_build"), {"state": "rehearsed", "results": {}})
    return run


def call(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "benchmarks.gpu", *map(str, arguments)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            GOOD.replace("590.44.01", "570.10"),
            "the driver of NVIDIA RTX 4090 is 570.10, and CUDA 13 needs 580 or later",
        ),
        (GOOD.replace("8.9", "6.1"), "has compute capability 6.1, and CUDA 13 needs 7.5 or later"),
        (GOOD.replace("24564", "4096"), "has 4.0 GiB of memory, and 6 are needed"),
        (GOOD.replace("412", "20000"), "19.5 of 24.0 GiB of NVIDIA RTX 4090 are taken by others, and 6 are needed"),
        (GOOD.replace(", 0", ", 97"), "is at work for others (97 % of the time)"),
        ("No devices were found", "nvidia-smi shows no GPU 0"),
    ],
)
def test_a_gpu_that_will_not_do(line: str, said: str, fake_smi: FakeSmi, tmp_path: Path) -> None:
    fake_smi(f'echo "{line}"')
    result = call(tmp_path / "run")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("benchmarks.gpu: ")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_gpu_that_is_left_in_a_moment_will_do(fake_smi: FakeSmi, tmp_path: Path) -> None:
    """As by a part that has ended just now."""
    used = tmp_path / "used"
    fake_smi(f'[ -e {used} ] && echo "{GOOD}" || echo "{GOOD.replace("412", "24000")}"; touch {used}')
    assert await_gpu().used == 412


def test_a_driver_that_fails(fake_smi: FakeSmi, tmp_path: Path) -> None:
    fake_smi('echo "NVIDIA-SMI has failed because it could not talk to the NVIDIA driver."; exit 9')
    result = call(tmp_path / "run")
    assert result.returncode == 2
    assert "could not talk to the NVIDIA driver; check the driver" in result.stderr


def test_every_gpu_is_hidden(fake_smi: FakeSmi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_smi(f'echo "{GOOD}"')
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    result = call(tmp_path / "run")
    assert (result.returncode, "hides every GPU" in result.stderr) == (2, True)


def test_what_a_good_gpu_lets_begin_needs_its_environment_first(
    fake_smi: FakeSmi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_smi(f'echo "{GOOD}"')
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,1")
    result = call(tmp_path / "run", "--part", "cuda")
    assert result.returncode == 1
    assert "cuda: 0 s, failed: the environment was not made; see the part environment" in result.stdout
    assert "--id 3" in (tmp_path / "tools" / "arguments").read_text()
    record = read_json(tmp_path / "run" / "parts" / "cuda.json")
    assert record is not None
    assert record["state"] == "failed"


@pytest.mark.skipif(any(Path(place, "nvidia-smi").exists() for place in ("/usr/bin", "/usr/local/bin")), reason="a GPU")
def test_no_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    result = call(tmp_path / "run")
    assert result.returncode == 2
    assert "there is no NVIDIA driver here (nvidia-smi is missing); install it, or run" in result.stderr


def test_places_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = call(tmp_path / "file" / "run", "--rehearse")
    assert (result.returncode, "cannot be written (Not a directory)" in result.stderr) == (2, True)
    result = call(tmp_path / "run", "--rehearse", "--wheels", tmp_path / "none")
    assert (result.returncode, "there are no wheels in" in result.stderr) == (2, True)
    result = call(tmp_path / "run", "--rehearse", "--minutes", 0)
    assert (result.returncode, result.stdout.count("not begun, for the 0 minutes are over")) == (1, len(PARTS))
    assert call(tmp_path / "run", "--part", "environment").stderr.count("holds a rehearsal; choose another folder") == 1
    (tmp_path / "run" / "run.json").write_text("{}")
    assert "run.json cannot be read" in call(tmp_path / "run", "--rehearse").stderr


def test_a_wheel_that_is_missing_is_named_with_how_to_bring_it(begun: GpuRun, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    subprocess.run([begun.python, "-m", "ensurepip"], check=True, capture_output=True)
    with pytest.raises(GpuRunError) as caught:
        install(GpuRun(begun.folder, True, wheels), ["onnxruntime-gpu>=1.27"], "--no-deps", "--target", str(tmp_path))
    assert str(caught.value) == (
        f"onnxruntime-gpu>=1.27 is not to be had in {wheels}; where the index can be reached, with the same Python, "
        f"run python -m benchmarks.gpu.requirements {wheels}, and then this with --wheels {wheels}"
    )


def test_a_run_that_was_killed_goes_on_and_leaves_no_process(begun: GpuRun) -> None:
    """Its part is ended with it; a second run is kept out meanwhile; what was done is not done again."""
    arguments = (begun.folder, "--rehearse", "--part", "llama")
    with subprocess.Popen(command(*arguments), cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        worker = _wait_for(lambda: _find_worker(begun.folder))
        assert "another run is at work in" in call(*arguments).stderr
        process.send_signal(signal.SIGKILL)
    _wait_for(lambda: not Path(f"/proc/{worker}").exists() or _find_worker(begun.folder) is None)
    assert not begun.record("llama").exists()
    result = call(*arguments)
    assert (result.returncode, "s, rehearsed" in result.stdout) == (0, True), result.stdout
    record = read_json(begun.record("llama"))
    assert record is not None
    assert record["results"]["cpu"]["parse_ms"]["n"] == 6
    assert record["results"]["same"] == 1
    again = call(*arguments)
    assert (again.returncode, again.stdout.splitlines()[0]) == (0, "llama: done before")
    table = (begun.folder / "gpu.md").read_text()
    assert "| llama.cpp | cpu: a parse, ms, on cpu | p50 " in table
    assert json.loads((begun.folder / "gpu.json").read_text())["parts"]["cuda"]["state"] == "not run"


def test_a_part_that_takes_too_long_is_ended(begun: GpuRun) -> None:
    record = run_part(begun, PARTS["llama"], 0.5)
    assert record["state"] == "failed"
    assert record["reason"] == "it was not done within 0 s and was ended; run again to go on with what it had"
    assert _find_worker(begun.folder) is None


def test_a_part_that_fails_says_why(begun: GpuRun) -> None:
    write_json(begun.record("bundles"), {"state": "rehearsed", "results": {"tiny": {}}})
    record = run_part(begun, PARTS["machine"], 60)
    assert record["state"] == "failed"
    assert record["reason"].startswith("PyTorch cannot be imported")
    begun.record("llama_build").unlink()
    reason = run_part(begun, PARTS["llama"], 60)["reason"]
    assert reason == "llama.cpp, compiled were not made; see the part llama_build"


def _find_worker(folder: Path) -> str | None:
    """The number of the process that does a part in a folder; None where there is none."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if f"benchmarks.gpu.work\0llama\0{folder}\0".encode() in (place / "cmdline").read_bytes():
                return place.name
        except OSError:
            continue
    return None


def _wait_for(condition: Callable[[], object]) -> object:
    give_up = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < give_up
        time.sleep(0.02)
    return found
