"""What the run on a GPU makes of what it measured: differences, memory, requirements and the table."""

from __future__ import annotations

import os
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest

from benchmarks.gpu.nvidia_smi import GpuState, MemoryWatch
from benchmarks.gpu.parts.gaps import FAR, compare_outputs, compare_sub_scores
from benchmarks.gpu.plan import PARTS, ROOT, GpuPart, GpuRun, write_json
from benchmarks.gpu.report import write_report
from benchmarks.gpu.requirements import OVERLAYS, core_requirements, explain_failure, read_pins

NAN, INF = float("nan"), float("inf")


def array(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("actual", "expected", "gap"),
    [
        ({"a": array(1.0, 2.5)}, {"a": array(1.0, 2.0)}, 0.25),  # of numbers up to 2
        ({"a": array(0.1)}, {"a": array(0.125)}, 0.025),
        ({"a": array(1, -INF), "b": array(0)}, {"a": array(1, -INF), "b": array(0.5)}, 0.5),
        ({"a": array(1, 0)}, {"a": array(1, -INF)}, FAR),
        ({"a": array(1, -INF)}, {"a": array(1, 0)}, FAR),
        ({"a": array(NAN)}, {"a": array(0)}, FAR),
        ({"a": array(NAN)}, {"a": array(NAN)}, FAR),
        ({"a": array(1, 2)}, {"a": array(1)}, FAR),
    ],
)
def test_outputs_are_compared(actual: dict[str, np.ndarray], expected: dict[str, np.ndarray], gap: float) -> None:
    assert compare_outputs(actual, expected) == pytest.approx(gap, abs=1e-6)


def test_sub_scores_are_compared() -> None:
    ours = [{"modify": 0.5, "size": NAN}, {"modify": 0.5, "size": 1.0}]
    theirs = [{"modify": 0.25, "size": NAN}, {"modify": 0.5, "size": NAN}]
    assert compare_sub_scores(ours, theirs) == [0.25, FAR]


def test_what_nvidia_smi_does_not_say_is_not_known() -> None:
    state = GpuState.parse("NVIDIA H100 80GB HBM3 MIG, GPU-1, 580.159.04, 9.0, [N/A], [N/A], [N/A]")
    assert (state.capability, state.total, state.used, state.busy) == (9.0, None, None, None)
    state.check()


def test_the_most_memory_that_was_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a stand-in for nvidia-smi, which no machine of ours has: what was used before is taken off."""
    tool = tmp_path / "nvidia-smi"
    values = "for used in 700 2300 1100; do echo $used; done; exec sleep 60"
    tool.write_text(f'#!/bin/sh\ncase "$*" in *loop*) {values};; *) echo 500;; esac\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with MemoryWatch("GPU-1") as memory:
        give_up = time.monotonic() + 30
        while memory.peak != 1800:
            assert time.monotonic() < give_up
            time.sleep(0.01)
    assert memory.peak == 1800
    with MemoryWatch(None) as none:
        pass
    assert none.peak is None


def test_the_environment_holds_all_but_the_overlays() -> None:
    names = core_requirements()
    assert "torch>=2.6" in names
    assert "nvidia-cublas" in names
    assert "nvidia-cublas" not in core_requirements(gpu=False)
    assert not [name for name in names if name.startswith(("onnxruntime", "llama"))]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {name.split(">")[0] for name in project["dependencies"]} - {name.split(">")[0] for name in names} == {
        "onnxruntime",
        "llama-cpp-python",
    }


def test_versions_are_those_of_the_lock_but_for_the_overlays() -> None:
    lock = (
        "# made by a tool\nnumpy==2.4.6 ; python_version < '3.12' \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n"
        "onnxruntime==1.31.0 \\\n    --hash=sha256:22\ntorch==2.13.0\n"
    )
    assert read_pins(lock) == ["numpy==2.4.6 ; python_version < '3.12'", "torch==2.13.0"]
    pins = read_pins((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    assert [pin for pin in pins if pin.startswith("transformers==")]
    overlays = {name for wanted in OVERLAYS.values() for name in wanted}
    assert not {pin.split("==")[0] for pin in pins} & {name.split(">")[0] for name in overlays}


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        (
            "Collecting a\nERROR: No matching distribution found for a>=2 (from b)",
            "a>=2 is not to be had on the index; where the index can be reached, with the same Python, run python -m "
            "benchmarks.gpu.requirements DIR, and then this with --wheels DIR",
        ),
        (
            "The installation of tensorrt-cu13-libs for version 10.16.1.11 failed.\nerror: metadata-generation-failed",
            "tensorrt-cu13-libs==10.16.1.11 is not to be had on the index; where",
        ),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n",
            "pip cannot install 'a': Could not install packages due to an OSError: [Errno 28] No space left on device",
        ),
        ("", "pip cannot install 'a': it printed nothing"),
    ],
)
def test_what_pip_could_not_do(printed: str, said: str) -> None:
    assert explain_failure(printed, ["a"], None).startswith(said)


def test_every_row_of_the_table_says_whether_it_was_measured(tmp_path: Path) -> None:
    run = GpuRun(tmp_path)
    write_record(run, "environment", "measured", {"environment": {"seconds": 61.2}, "tensorrt": {"missing": "none"}})
    write_record(
        run, "cuda", "failed", provider_results("cuda"), "a sub-score of studio is 0.1 from the CPU provider's"
    )
    write_report(run)
    rows = (tmp_path / "gpu.md").read_text(encoding="utf-8").splitlines()
    assert "| environment | environment | 61 s | measured |" in rows
    assert "|  | tensorrt | missing: none | measured |" in rows
    failed = "failed: a sub-score of studio is 0.1 from the CPU provider's"
    assert f"| CUDA | studio: graphs opened | 2 of 2; operators left to the CPU: 3 | {failed} |" in rows
    assert "|  | studio: opening them, engines built; again | 3.5 s; 0.5 s | failed |" in rows
    assert "|  | studio: largest difference of an output, of 1 graphs | 1.0e-03 | failed |" in rows
    assert (
        "|  | studio: sub-scores, trained weights | largest difference 1.0e-01; 28 of 29 edits within 0.005 | failed |"
        in rows
    )
    assert "|  | studio: one edit, ms | p50 9.0, p95 12.0, n 40 (detect 4.0, judge 2.0) | failed |" in rows
    assert "|  | studio: memory at most | of the GPU 1.50 GiB; of the process not measured | failed |" in rows
    assert "| PyTorch | all |  | not run |" in rows
    assert not [row for row in rows if "rehears" in row.lower()]


def test_the_table_of_a_rehearsal_says_so(tmp_path: Path) -> None:
    run = GpuRun(tmp_path, rehearse=True)
    write_record(run, "cuda", "rehearsed", provider_results("cpu"))
    write_record(run, "llama", "failed", {}, "no | model")
    write_report(run)
    text = (tmp_path / "gpu.md").read_text(encoding="utf-8")
    assert "No GPU was at hand." in text
    assert "| CUDA | studio: graphs opened | 2 of 2; operators left to the CPU: 3 | rehearsed only, on cpu |" in text
    assert "| llama.cpp | all |  | rehearsal failed: no \\| model |" in text
    assert "| measured |" not in text


def test_devices_and_packages_of_a_rehearsal() -> None:
    real, rehearsal = GpuRun(Path("run")), GpuRun(Path("run"), rehearse=True)
    assert [
        (real.device(part), real.overlays(part)) for part in map(PARTS.__getitem__, ("tensorrt", "rtx", "llama"))
    ] == [
        ("tensorrt", ("cuda", "tensorrt")),
        ("rtx", ("rtx", "cpu")),
        ("cuda", ("llama", "cpu")),
    ]
    assert [
        (rehearsal.device(part), rehearsal.overlays(part)) for part in map(PARTS.__getitem__, ("tensorrt", "rtx"))
    ] == [
        ("cpu", ("cpu",)),
        ("openvino", ("openvino",)),
    ]
    bare: GpuPart = PARTS["environment"]
    assert rehearsal.overlays(bare) == ()


def provider_results(device: str) -> dict[str, object]:
    def graph(seconds: float, **other: float) -> dict[str, object]:
        return {"seconds": seconds, "seconds_again": 0.25, "cpu_nodes": None, "provider": "P", **other}

    times = {
        stage: {"p50": middle, "p95": 12.0, "n": 40}
        for stage, middle in (("detect", 4.0), ("judge", 2.0), ("total", 9.0))
    }
    studio = {
        "graphs": {"detector": graph(2.5, cpu_nodes=3, apart=1e-3), "difference": graph(1.0)},
        "sub_scores": {"trained": True, "edits": 29, "largest": 0.1, "within": 28},
        "latency": {"score": times, "rank": times},
        "memory": {"gpu_mib": 1536, "process_bytes": None},
    }
    return {"device": device, "note": None, "bounds": {"trained": 5e-3}, "bundles": {"studio": studio}}


def write_record(run: GpuRun, part: str, state: str, results: dict[str, object], reason: str | None = None) -> None:
    write_json(run.record(part), {"state": state, "reason": reason, "results": results})
