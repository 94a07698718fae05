"""Which tool exports a model better? Exports each with our exporter and with optimum, and compares both with PyTorch.

    python -m benchmarks.export_tools.measure FOLDER

Checkpoints are random (`common.random_checkpoints`) and are drawn in FOLDER unless they are there. Needs the `export`
extra. Writes benchmarks/data/export_tools.json and its section of RESULTS.md; what is there is not measured anew.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import torch
from transformers import AutoConfig

from benchmarks.common.paths import DATA, RESULTS
from benchmarks.common.provenance import commit, machine
from benchmarks.common.reporting import put_section
from benchmarks.export_tools.models import CASES, ExportCase
from benchmarks.export_tools.optimum_exports import export_by_optimum
from benchmarks.export_tools.table import render_section
from editjudge_export.onnx.files import save
from editjudge_export.onnx.graph import NamedTensors, trace
from editjudge_export.verification.numeric_gate import draw_inputs, measure_difference, open_graph

OUT = DATA / "export_tools.json"
ROUNDS = 9
ERROR = 300
"""Characters of an error that are kept."""


def measure_case(case: ExportCase) -> dict[str, Any]:
    """Figures of a graph by our exporter, by optimum, and by optimum's ORTOptimizer made of ours."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, theirs = folder / "ours.onnx", folder / "optimum.onnx"
        graph = replace(case.graph, batches=(1,))
        seconds = {"ours": _time(lambda: save(trace(graph), ours))}
        seconds["optimum"] = _time(lambda: export_by_optimum(graph, case.optimum, theirs))
        runs = {"ours": _open(ours), "optimum": _open_optimum(theirs, case)}
        figures = {
            tool: {
                "parity": measure_difference(graph, graph.reference, runs[tool]).largest,
                "bytes": path.stat().st_size,
                "nodes": len(onnx.load(path, load_external_data=False).graph.node),
                "seconds": seconds[tool],
            }
            for tool, path in (("ours", ours), ("optimum", theirs))
        }
        optimized = _optimize(ours, case)
        if isinstance(optimized, Path):
            runs["ORTOptimizer"] = _open(optimized)
            difference = measure_difference(graph, graph.reference, runs["ORTOptimizer"]).largest
            figures["ORTOptimizer"] = {"parity": difference, "bytes": optimized.stat().st_size}
        else:
            figures["ORTOptimizer"] = {"refused": optimized}
        for tool, milliseconds in _time_runs(runs, next(iter(draw_inputs(graph)))).items():
            figures[tool]["ms"] = milliseconds
    return {"figures": figures, "used": case.used}


def _optimize(path: Path, case: ExportCase) -> Path | str:
    """The graph after ORTOptimizer, or why it was refused."""
    from optimum.onnxruntime import ORTOptimizer  # noqa: PLC0415
    from optimum.onnxruntime.configuration import OptimizationConfig  # noqa: PLC0415

    config = getattr(case.optimum.model, "config", None) or AutoConfig()
    try:
        optimizer = ORTOptimizer([path], config)
        optimizer.optimize(OptimizationConfig(optimization_level=2), path.parent, file_suffix="optimized")
    except Exception as error:  # whatever it may be, it is the answer
        return f"{type(error).__name__}: {error}"[:ERROR]
    return path.with_stem(f"{path.stem}_optimized")


def _open(path: Path) -> Callable[[NamedTensors], NamedTensors]:
    session = open_graph(path)
    names = [output.name for output in session.get_outputs()]

    def run(inputs: NamedTensors) -> NamedTensors:
        outputs = session.run(names, {name: tensor.numpy() for name, tensor in inputs.items()})
        return {name: torch.from_numpy(output) for name, output in zip(names, outputs, strict=True)}

    return run


def _open_optimum(path: Path, case: ExportCase) -> Callable[[NamedTensors], NamedTensors]:
    run, way = _open(path), case.optimum
    return lambda inputs: way.read(run({**inputs, **way.more(inputs)}))


def _time_runs(runs: dict[str, Callable[[NamedTensors], NamedTensors]], inputs: NamedTensors) -> dict[str, float]:
    """Median milliseconds of each; they take turns."""
    taken: dict[str, list[float]] = {tool: [] for tool in runs}
    for _ in range(ROUNDS):
        for tool, run in runs.items():
            taken[tool].append(1000 * _time(lambda run=run: run(inputs)))
    return {tool: statistics.median(values[1:]) for tool, values in taken.items()}


def _time(work: Callable[[], Any]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(folder: Path, names: list[str]) -> None:
    """Measures the named models, and writes what is known of all."""
    results = json.loads(OUT.read_text(encoding="utf-8")) if OUT.is_file() else {}
    results["about"] = {"commit": commit(), "machine": machine()}
    for name in names:
        if name not in results:
            results[name] = measure_case(CASES[name](folder))
            print(json.dumps({name: results[name]}), flush=True)
            OUT.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    put_section(RESULTS, render_section(results))


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    command_line.add_argument("--model", choices=[*CASES], nargs="*", default=[*CASES])
    options = command_line.parse_args()
    measure(options.folder, options.model)


if __name__ == "__main__":
    main()
