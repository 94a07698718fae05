"""What it saves that inputs and outputs lie on the device from run to run, and that what the GPU does is recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from benchmarks.gpu.parts.agreement import record_on_cpu, score_photographs
from benchmarks.gpu.parts.gaps import Arrays, compare_outputs, compare_sub_scores
from benchmarks.gpu.parts.latency import time_scorer
from benchmarks.gpu.parts.materials import BOXES, open_bundles
from benchmarks.gpu.parts.provider import BOUNDS, REHEARSED_ROUNDS, ROUNDS
from benchmarks.gpu.parts.timing import THREADS, percentiles
from benchmarks.gpu.plan import GpuPart, GpuRun, GpuRunError, Keep
from benchmarks.speedup.ours import open_scorer
from editjudge.backends.onnx.loader import open_model
from editjudge.backends.onnx.session import Session
from editjudge.bundles.bundle import Bundle
from editjudge.errors import EditJudgeError

MODES: Mapping[str, bool | None] = {"plain": False, "bound": None, "recorded": True}
"""What `open_model` is told: arrays are copied in every run; they have memory on the device; and a CUDA graph is
recorded in the first run of a shape and replayed later. On a CPU the second is as the first, and the third is bound."""
RUNS, REHEARSED_RUNS = 30, 3


def measure(run: GpuRun, part: GpuPart, keep: Keep) -> dict[str, Any]:
    """{"bundles": {name: {"graphs": {role: {mode: {"p50", "p95", "n", "apart", "memory", "captured", "reason"}}},
    "latency": {mode: see `time_scorer`}, "apart": {mode: of sub-scores, from plain}}}}.

    Raises GpuRunError where a mode came to other results, or failed.
    """
    device = run.device(part)
    found: dict[str, Any] = {"device": device, "bundles": {}}
    problems: list[str] = []
    for name, bundle in open_bundles(run).items():
        results: dict[str, Any] = {"graphs": {}, "latency": {}, "apart": {}}
        found["bundles"][name] = results
        for role, kept in record_on_cpu(bundle, THREADS).items():
            results["graphs"][role] = time_graph(bundle, role, device, kept, REHEARSED_RUNS if run.rehearse else RUNS)
            keep(found)
        _time_scores(bundle, device, REHEARSED_ROUNDS if run.rehearse else ROUNDS, results, lambda: keep(found))
        problems += _problems(name, results)
    if problems:
        raise GpuRunError("; ".join(dict.fromkeys(problems)))
    return found


def time_graph(
    bundle: Bundle, role: str, device: str, kept: list[tuple[Arrays, Arrays]], runs: int
) -> dict[str, dict[str, Any]]:
    """Milliseconds of a run of one graph by mode, in turn, and how far its outputs ever were from the plain ones."""
    found: dict[str, dict[str, Any]] = {}
    sessions: dict[str, Session] = {}
    plain: list[Arrays] = []
    for mode, bound in MODES.items():
        try:
            session = open_model(bundle.graph(role), device, THREADS, bound=bound)
            outputs = [_run_copied(session, feeds) for feeds, _ in kept]
        except EditJudgeError as error:
            found[mode] = {"missing": str(error)}
        else:
            plain = plain or outputs
            sessions[mode] = session
            binding = session.binding
            found[mode] = {
                "memory": binding and binding.memory,
                "captured": bool(binding and binding.captured),
                "reason": binding and binding.reason,
            }
    times: dict[str, list[float]] = {mode: [] for mode in sessions}
    apart = dict.fromkeys(sessions, 0.0)
    for turn in range(runs):
        feeds, expected = kept[turn % len(kept)][0], plain[turn % len(kept)]
        for mode, session in sessions.items():
            start = time.perf_counter()
            actual = session.run(feeds)
            times[mode].append(1000 * (time.perf_counter() - start))
            apart[mode] = max(apart[mode], compare_outputs(actual, expected))
    for mode in sessions:
        found[mode] |= {**percentiles(times[mode]), "apart": apart[mode]}
    return found


def _time_scores(bundle: Bundle, device: str, rounds: int, results: dict[str, Any], keep: Callable[[], None]) -> None:
    plain: list[dict[str, float]] = []
    for mode, bound in MODES.items():
        try:
            opener = partial(open_model, bound=bound)
            scorer, _ = open_scorer(bundle, BOXES, device, THREADS, open_session=opener)
            scores = score_photographs(scorer, min(rounds, 4))
            plain = plain or scores
            results["apart"][mode] = max(compare_sub_scores(scores, plain))
            results["latency"][mode] = time_scorer(scorer, rounds)
            scorer.close()
        except EditJudgeError as error:
            results["latency"][mode] = {"missing": str(error)}
        keep()


def _run_copied(session: Session, feeds: Arrays) -> Arrays:
    return {name: np.array(array) for name, array in session.run(feeds).items()}


def _problems(name: str, results: dict[str, Any]) -> list[str]:
    """What is not as it should be, in words."""
    found = []
    for role, modes in results["graphs"].items():
        for mode, measured in modes.items():
            if "missing" in measured:
                found.append(measured["missing"])
            elif not measured["apart"] <= BOUNDS["outputs"]:
                found.append(f"{role} of {name}, {mode}, is {measured['apart']:.2g} from what it is unbound")
    return found + [latency["missing"] for latency in results["latency"].values() if "missing" in latency]
