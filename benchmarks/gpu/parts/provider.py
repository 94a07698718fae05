"""One execution provider: what of the bundles' graphs runs on it, how long it takes to build, whether it computes what
the CPU provider does, how long edits take, and with how much memory.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.gpu.nvidia_smi import MemoryWatch, find_gpu
from benchmarks.gpu.parts.agreement import record_on_cpu, score_demo, score_photographs
from benchmarks.gpu.parts.gaps import compare_outputs, compare_sub_scores
from benchmarks.gpu.parts.latency import time_scorer
from benchmarks.gpu.parts.materials import BOXES, open_bundles, open_studio
from benchmarks.gpu.parts.timing import THREADS
from benchmarks.gpu.plan import STUDIO, GpuPart, GpuRun, GpuRunError, Keep, read_json, write_json
from benchmarks.speedup.ours import open_scorer
from editjudge import Scorer
from editjudge.backends.onnx.providers import find_problem
from editjudge.benchmarking.system_info import peak_memory
from editjudge.bundles.bundle import Bundle
from editjudge.bundles.roles import GRAPHS, OTHER_GRAPHS
from editjudge.errors import EditJudgeError
from editjudge.models.model_set import ModelSet

BOUNDS = {"trained": 5e-3, "outputs": 2e-2}
"""How far a sub-score of trained models may be from the CPU provider's; and an output of any graph, as a share of its
largest number where that is over 1."""
ROUNDS, REHEARSED_ROUNDS = 20, 2
COMPARED_ROUNDS = 2
"""Of two edits each, in which a CPU scores models of full size too."""


def measure(run: GpuRun, part: GpuPart, keep: Keep) -> dict[str, Any]:
    """{"device", "bounds", "bundles": {name: see `measure_bundle`}}.

    Raises GpuRunError where a bundle could not be opened, or the device came to other results.
    """
    device, note = choose_device(run, part)
    found: dict[str, Any] = {"device": device, "note": note, "bounds": BOUNDS, "threads": THREADS, "bundles": {}}
    rounds = REHEARSED_ROUNDS if run.rehearse else ROUNDS
    uuid = None if run.rehearse else find_gpu().uuid
    problems: list[str] = []
    bundles = {STUDIO: open_studio()}
    try:
        bundles |= open_bundles(run)
    except GpuRunError as error:  # the studio's figures can be had all the same
        problems.append(str(error))
    for name, bundle in bundles.items():
        results: dict[str, Any] = {}
        found["bundles"][name] = results
        try:
            with MemoryWatch(uuid) as memory:
                measure_bundle(bundle, device, rounds, results, lambda: keep(found), folder=run.folder / "cpu")
            results["memory"] = {"gpu_mib": memory.peak, "process_bytes": peak_memory()}
        except EditJudgeError as error:
            results["missing"] = str(error)
        keep(found)
    problems += [problem for name, results in found["bundles"].items() for problem in _problems(name, results)]
    if problems:
        raise GpuRunError("; ".join(dict.fromkeys(problems)))
    return found


def choose_device(run: GpuRun, part: GpuPart) -> tuple[str, str | None]:
    """The device of a part. In a rehearsal the CPU where what stands in for it does not work here, and the reason."""
    device = run.device(part)
    problem = find_problem(device) if run.rehearse else None
    return (device, None) if problem is None else ("cpu", problem)


def measure_bundle(
    bundle: Bundle, device: str, rounds: int, results: dict[str, Any], keep: Callable[[], None], *, folder: Path
) -> None:
    """Puts into `results` "graphs" ({role: {"seconds", "seconds_again", placement, "apart"}}), "sub_scores" and
    "latency". In `folder` the CPU provider's scores are kept.
    """
    results["graphs"] = graphs = open_graphs(bundle, device)
    keep()
    if all("missing" in graph for graph in graphs.values()):
        return
    again = open_graphs(bundle, device)
    for role, graph in graphs.items():
        graph["seconds_again"] = again[role].get("seconds")
    models = ModelSet(bundle, device, THREADS)
    for role, kept in record_on_cpu(bundle, THREADS).items():
        if "missing" not in graphs[role]:
            session = models.session(role)
            graphs[role]["apart"] = max(compare_outputs(session.run(feeds), outputs) for feeds, outputs in kept)
    models.close()
    keep()
    results["sub_scores"] = compare_scores(bundle, device, folder)
    keep()
    if bundle.name != STUDIO:
        scorer, _ = open_scorer(bundle, BOXES, device, THREADS)
        results["latency"] = time_scorer(scorer, rounds)
        scorer.close()


def open_graphs(bundle: Bundle, device: str) -> dict[str, Any]:
    """Opens every graph of the bundle: the seconds that it took, engines built included, and what runs where.

    Of one that cannot be opened: {"missing": the reason}.
    """
    models = ModelSet(bundle, device, THREADS)
    found: dict[str, Any] = {}
    for role in filter(bundle.has, (*GRAPHS, *OTHER_GRAPHS)):
        start = time.perf_counter()
        try:
            placement = models.session(role).placement
        except EditJudgeError as error:
            found[role] = {"missing": str(error)}
        else:
            found[role] = {"seconds": round(time.perf_counter() - start, 3), **placement.to_dict()}
    models.close()
    return found


def compare_scores(bundle: Bundle, device: str, folder: Path) -> dict[str, Any]:
    """How far sub-scores are from the CPU provider's, edit by edit.

    Of the studio's, edits of the demo; of random models photographs, with the best boxes whatever their scores: there a
    box may be another one for the last digit of a score, so it is told and has no bound.
    """
    digest = hashlib.sha256(" ".join(bundle.graph(role).digest for role in GRAPHS).encode()).hexdigest()
    path = folder / f"{bundle.name}-{digest[:12]}.json"
    kept = read_json(path)
    if kept is None:  # it takes long, and is the same for all devices
        kept = {"scores": _score_all(bundle, "cpu")}
        write_json(path, kept)
    apart = compare_sub_scores(_score_all(bundle, device), kept["scores"])
    within = sum(gap <= BOUNDS["trained"] for gap in apart)
    return {"trained": bundle.name == STUDIO, "edits": len(apart), "largest": max(apart), "within": within}


def _score_all(bundle: Bundle, device: str) -> list[dict[str, float]]:
    if bundle.name == STUDIO:
        with Scorer.load(bundle.folder, device, THREADS) as scorer:
            return score_demo(scorer)
    scorer, _ = open_scorer(bundle, BOXES, device, THREADS)
    with scorer:
        return score_photographs(scorer, COMPARED_ROUNDS)


def _problems(name: str, results: dict[str, Any]) -> list[str]:
    """What is not as it should be, in words."""
    found = [results["missing"]] if "missing" in results else []
    for role, graph in results.get("graphs", {}).items():
        if "missing" in graph:
            found.append(graph["missing"])
        with suppress(KeyError):
            if not graph["apart"] <= BOUNDS["outputs"]:
                found.append(f"{role} of {name} is {graph['apart']:.2g} from the CPU provider's outputs")
    scores = results.get("sub_scores")
    if scores and scores["trained"] and scores["within"] < scores["edits"]:
        found.append(f"a sub-score of {name} is {scores['largest']:.2g} from the CPU provider's")
    return found
