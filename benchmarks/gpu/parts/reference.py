"""The recipe that the paper's authors released, with the paper's models, in PyTorch on the GPU, against editjudge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.gpu.nvidia_smi import MemoryWatch, find_gpu
from benchmarks.gpu.parts.bundles import paper_checkpoints
from benchmarks.gpu.parts.materials import BOXES, open_bundles
from benchmarks.gpu.parts.timing import THREADS, percentiles
from benchmarks.gpu.plan import GpuPart, GpuRun, GpuRunError, Keep
from benchmarks.gpu.work import describe_error
from benchmarks.speedup.edits import TimedEdit, edits
from benchmarks.speedup.ours import open_scorer
from benchmarks.speedup.reference import ReferencePipeline
from editjudge import Scorer

EAGER, COMPILED = "eager", "torch.compile"
EDITS, ROUNDS, REHEARSED_ROUNDS = 3, 6, 2
"""Rounds over all edits, of which each was scored before: PyTorch compiles for captions of a length anew."""

TimedSide = Callable[[TimedEdit], float]
"""Scores an edit, and returns the seconds that it took."""


def measure(run: GpuRun, part: GpuPart, keep: Keep) -> dict[str, Any]:
    """{"milliseconds": {side: {"p50", "p95", "n"}}, "ratios": {"eager / photo-edge": {"p10", "p50", "p90"}}, "missing":
    {side: why it could not be measured}, "warm_up": {side: seconds}, "gpu_mib": {side: ...}}.
    """
    bundles = open_bundles(run)
    checkpoints = paper_checkpoints(run)
    device = "cpu" if run.rehearse else "cuda"
    torch.set_num_threads(THREADS)
    either = next(iter(bundles.values()))  # the input sizes are the same in all

    def open_reference(compiled: bool) -> TimedSide:
        # Half precision in both, as the paper's code may be run; compiled beside that or not.
        pipeline = ReferencePipeline(either, checkpoints, BOXES, device, compiled, half=True)
        return lambda edit: pipeline.score(edit.original, edit.candidates[0], edit.intent).seconds["total"]

    openers: dict[str, Callable[[], TimedSide]] = {
        EAGER: lambda: open_reference(compiled=False),
        **{name: lambda bundle=bundle: _open_ours(bundle, run.device(part)) for name, bundle in bundles.items()},
        COMPILED: lambda: open_reference(compiled=True),
    }
    timed = [edit for kinds in edits(EDITS) for edit in kinds]
    uuid = None if run.rehearse else find_gpu().uuid
    results: dict[str, Any] = {"missing": {}, "gpu_mib": {}, "warm_up": {}}
    times: dict[str, list[float]] = defaultdict(list)
    contenders: dict[str, TimedSide] = {}
    for name, opener in openers.items():
        try:
            with MemoryWatch(uuid) as memory:
                contenders[name] = opener()
                results["warm_up"][name] = sum(contenders[name](edit) for edit in timed)
            results["gpu_mib"][name] = memory.peak
        except Exception as error:  # a compiler that is missing, or memory: the other sides can be measured
            contenders.pop(name, None)
            results["missing"][name] = describe_error(error)
        if len(contenders) > 1:
            _time_in_turn(contenders, timed, REHEARSED_ROUNDS if run.rehearse else ROUNDS, times)
            keep(results | _summarize(times, bundles))
    if not times:
        raise GpuRunError("; ".join(f"{name}: {reason}" for name, reason in results["missing"].items()))
    return results | _summarize(times, bundles)


def _open_ours(bundle: Any, device: str) -> TimedSide:
    scorer: Scorer = open_scorer(bundle, BOXES, device, THREADS)[0]
    return lambda edit: scorer.score(edit.original, edit.candidates[0], edit.intent).timings_ms["total"] / 1000


def _time_in_turn(
    contenders: dict[str, TimedSide], timed: list[TimedEdit], rounds: int, times: dict[str, list[float]]
) -> None:
    """Times all sides anew, edit by edit; another one begins each time."""
    times.clear()
    names = list(contenders)
    for turn in range(rounds):
        for number, edit in enumerate(timed):
            first = (turn + number) % len(names)
            for name in names[first:] + names[:first]:
                times[name].append(contenders[name](edit))


def _summarize(times: dict[str, list[float]], bundles: dict[str, Any]) -> dict[str, Any]:
    ratios = {}
    for reference in (EAGER, COMPILED):
        for name in bundles:
            if times.get(reference) and times.get(name):
                low, middle, high = np.percentile(np.divide(times[reference], times[name]), [10, 50, 90])
                ratios[f"{reference} / {name}"] = {"p10": low, "p50": middle, "p90": high}
    milliseconds = {name: percentiles([1000 * value for value in values]) for name, values in times.items()}
    return {"milliseconds": milliseconds, "ratios": ratios}
