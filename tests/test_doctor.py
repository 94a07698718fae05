"""The doctor: what it finds here, what it says of what is broken, and how it reads."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from editjudge import doctor
from editjudge.backends.onnx.nvidia import Gpu
from editjudge.bundles.roles import GRAPHS
from editjudge.cli.main import run
from editjudge.doctor import examine
from editjudge.errors import DeviceError
from editjudge.reports import diagnostics
from editjudge.reports.wording import describe_placements
from editjudge.types import Placement

Capture = pytest.CaptureFixture[str]
RTX = {"name": "NVIDIA GeForce RTX 4060", "memory": 8_188_000_000, "capability": "sm89"}


def printed(report: dict[str, Any], capfd: Capture, monkeypatch: pytest.MonkeyPatch, columns: int = 80) -> str:
    """What the command prints of this."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("editjudge.cli.commands.doctor.examine", lambda bundle, device: report)
    run(["doctor"])
    return capfd.readouterr().out


def test_here(capfd: Capture) -> None:
    assert run(["doctor", "--json"]) == 0
    output, error = capfd.readouterr()
    assert error == ""
    report = json.loads(output)
    assert report["packages"]["numpy"] == np.__version__
    assert report["cpu"]["cores"] >= 1
    assert report["devices"]["cpu"]["problem"] is None
    assert [bundle["problem"] for bundle in report["bundles"] if bundle["name"] == "studio"] == [None]
    assert set(report["plan"]["models"]) == {*GRAPHS, "parser"}
    assert report["judges"] == {"llama": {"problem": None}, "openai": {"problem": None}}
    lacking = {name for name, device in report["devices"].items() if not device["installed"] and device["possible"]}
    assert set(report["more"]) >= lacking


def test_for_people(capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    report = examine()
    for columns in (60, 80, 120):
        output = printed(report, capfd, monkeypatch, columns)
        lines = output.splitlines()
        assert max(map(len, lines)) <= columns
        assert len(lines) <= 50
        assert "\x1b" not in output
        for word in ("studio", "CLIP vision", "openvino", "numpy"):
            assert word in output
    for commands in report["more"].values():
        for command in commands:
            if len(command) < 60:
                assert any(line.rstrip().endswith(command) for line in lines)  # so that it can be copied


def test_judges_that_cannot_be_asked(monkeypatch: pytest.MonkeyPatch, capfd: Capture) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    report = examine()
    assert report["judges"]["llama"]["problem"] is None
    assert "pip install 'editjudge[judges]'" in report["judges"]["openai"]["problem"]
    assert "pip install 'editjudge[judges]'" in printed(report, capfd, monkeypatch, 120)


def test_a_default_that_is_broken(capfd: Capture, tmp_path: Path, toy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # or a long path is broken
    shutil.copytree(toy.folder, tmp_path / "bad")
    (tmp_path / "bad" / "detector.onnx").unlink()
    for arguments, word in (
        (["--bundle", str(tmp_path / "bad")], "detector.onnx"),
        (["--bundle", "nowhere"], "nowhere"),
    ):
        assert run(["doctor", *arguments]) == 3
        assert word in capfd.readouterr().out.replace("\n", "")
        assert run(["doctor", *arguments, "--json"]) == 3
        assert word in json.loads(capfd.readouterr().out)["plan"]["problem"]


def test_an_unknown_device_is_bad_usage(capfd: Capture) -> None:
    assert run(["doctor", "--device", "abacus"]) == 2
    output, error = capfd.readouterr()
    assert (output, error.count("\n")) == ("", 1)


def test_another_bundle_that_is_broken_is_told_and_no_failure(
    capfd: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path))
    (tmp_path / "bundles" / "mine").mkdir(parents=True)
    (tmp_path / "bundles" / "mine" / "bundle.toml").write_text("format = ", encoding="utf-8")
    monkeypatch.setattr(doctor, "_plan", lambda bundle, device: {**PLAN, "bundle": bundle, "device": device})
    assert run(["doctor"]) == 0
    assert "malformed" in capfd.readouterr().out


PLAN = {"bundle": "studio", "device": "auto", "problem": None, "models": {}}


def test_a_machine_with_a_gpu_that_nothing_uses_yet(monkeypatch: pytest.MonkeyPatch, capfd: Capture) -> None:
    monkeypatch.setattr(doctor, "find_gpus", lambda: (Gpu(**RTX),))
    report = examine()
    assert report["gpus"] == {"found": [RTX], "problem": None}
    if report["plan"]["models"]["parser"]["device"] == "cpu":
        assert "GGML_CUDA" in report["more"]["parser on the GPU"][0]
    output = printed(report, capfd, monkeypatch)
    assert "NVIDIA GeForce RTX 4060, 8.2 GB of memory, sm89" in output


def test_what_fell_back_and_what_fits(monkeypatch: pytest.MonkeyPatch, capfd: Capture) -> None:
    report = examine()
    report["plan"] = {
        **PLAN,
        "models": {
            "detector": Placement("rtx", "NvTensorRTRTXExecutionProvider", "engine", 0).to_dict(),
            "clip_text": Placement("cuda", "CUDAExecutionProvider", "model", 3).to_dict(),
            "parser": Placement("cpu", "llama.cpp", reason="llama.cpp was built without GPU support").to_dict(),
        },
    }
    report["bundles"] = [
        {
            "name": "photo-edge", "problem": None, "version": "1", "bytes": 4_000_000_000, "precision": ["fp16"],
            "engines": ["rtx sm86"],
            "engines_here": {"rtx": {"fitting": 1, "reasons": ["engine for sm86: this GPU is sm89"]}},
        }
    ]  # fmt: skip
    output = " ".join(printed(report, capfd, monkeypatch).split())
    assert "rtx (NvTensorRTRTXExecutionProvider, the bundle's engine)" in output
    assert "cuda (CUDAExecutionProvider, 3 operators on the CPU)" in output
    assert "parser cpu (llama.cpp) parser: llama.cpp was built without GPU support" in output
    assert "4.0 GB, fp16; rtx engines for 1 of 5 models fit here; engine for sm86: this GPU is sm89" in output


def test_devices_of_other_systems(monkeypatch: pytest.MonkeyPatch, capfd: Capture) -> None:
    """They are left out, and no command is offered that could not help; programs are told."""
    monkeypatch.setattr("sys.platform", "linux")
    devices = {name: doctor._device(name) for name in ("coreml", "directml", "webgpu")}
    assert [device["possible"] for device in devices.values()] == [False, False, True]
    assert devices["coreml"]["problem"] == "device coreml needs a Mac; use auto or cpu"
    monkeypatch.undo()
    report = {**examine(), "devices": devices}
    output = " ".join(printed(report, capfd, monkeypatch, 120).split())
    assert "webgpu not installed; it needs a GPU" in output
    assert "coreml" not in output
    assert "directml" not in output
    report["devices"]["webgpu"] |= {"problem": None, "hardware": "Radeon RX 7600"}
    assert "webgpu ready, on Radeon RX 7600" in " ".join(printed(report, capfd, monkeypatch).split())


def test_no_driver_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing() -> tuple[()]:
        raise DeviceError("no NVIDIA driver is installed")

    monkeypatch.setattr(doctor, "find_gpus", nothing)
    assert doctor._gpus() == {"found": [], "problem": "no NVIDIA driver is installed"}


def test_commands_that_begin_alike_are_said_once() -> None:
    rows = list(diagnostics._more({"cuda": ["a", "b"], "tensorrt": ["a", "b", "c"], "rtx": ["d"]}))
    assert [(name, text.plain) for name, text in rows] == [
        ("cuda", "a"), ("", "b"), ("tensorrt", "as cuda, then c"), ("rtx", "d"),
    ]  # fmt: skip


def test_where_models_ran_in_words() -> None:
    cpu, cuda = Placement("cpu", "llama.cpp"), Placement("cuda", "CUDAExecutionProvider")
    assert describe_placements({}) == ""
    assert describe_placements({"detector": cpu, "parser": cpu}) == "cpu"
    assert describe_placements({"parser": cpu, "detector": cuda, "clip_text": cuda}) == "cuda; parser on cpu"
