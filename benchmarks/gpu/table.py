"""What `python -m benchmarks.gpu` measured, as Markdown: every row says whether it was measured.

python -m benchmarks.gpu.table FOLDER/gpu.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.gpu.plan import PARTS

TITLE = "## GPU"
HEAD = """
`python -m benchmarks.gpu FOLDER`: published architectures with random weights, in half precision, and the trained
studio bundle. Instructions are parsed beforehand. Differences are those from ONNX Runtime's CPU provider.
"""
REHEARSAL = """
No GPU was at hand. All of this was rehearsed on a CPU, with models that are as small as they come: that it runs is what
the rows say; the figures say nothing of a GPU.
"""

Row = tuple[str, str]
"""What was measured, and what came of it, in words."""
Results = dict[str, Any]


def render_section(path: Path) -> str:
    """The section of RESULTS.md."""
    content = json.loads(path.read_text(encoding="utf-8"))
    about, parts = content["about"], content["parts"]
    lines = [TITLE, HEAD, _describe(about), *([REHEARSAL] if about["rehearsed"] else [""])]
    lines += ["| part | what | result | |", "|---|---|---|---|"]
    for name, record in parts.items():
        state = _describe_state(record, about)
        rows = list(ROWS[PARTS[name].module](record["results"])) or [("all", "")]
        reason = "".join(f": {text}" for text in (record["reason"], record["results"].get("note")) if text)
        for number, (what, value) in enumerate(rows):
            title, said = (record["title"], state + reason) if number == 0 else ("", state)
            lines.append(f"| {title} | {_escape(what)} | {_escape(value)} | {_escape(said)} |")
    return "\n".join(lines) + "\n"


def _describe(about: Results) -> str:
    parts = [f"Commit {about['commit']}, {about['written']}"]
    if gpu := about.get("gpu"):
        memory = f", {gpu['total'] / 1024:.0f} GiB" if gpu["total"] else ""
        parts.append(f"{gpu['name']}{memory}, compute capability {gpu['capability']}, driver {gpu['driver']}")
    if machine := about.get("machine"):
        parts.append(f"{machine['cpu']}, {machine['cores']} cores; Python {machine['python']}")
    packages = {"torch": about["torch"]} if about.get("torch") else {}
    packages |= about.get("packages", {})
    parts += [", ".join(f"{name} {version}" for name, version in packages.items())] if packages else []
    return "; ".join(parts) + "."


def _describe_state(record: Results, about: Results) -> str:
    state = {"measured": "measured", "rehearsed": "rehearsed only", "failed": "failed"}.get(record["state"], "not run")
    where = record["results"].get("device")
    if state == "rehearsed only" and where:
        state += f", on {where}"
    elif about["rehearsed"] and state == "failed":
        state = "rehearsal failed"
    return state


def _environment_rows(results: Results) -> Iterator[Row]:
    for name, made in results.items():
        yield name, f"missing: {made['missing']}" if "missing" in made else f"{made['seconds']:.0f} s"


def _machine_rows(_: Results) -> Iterator[Row]:
    yield "hardware and packages", "above"


def _bundle_rows(results: Results) -> Iterator[Row]:
    for name, made in results.items():
        whole = "missing" not in made
        yield (
            name,
            f"{made['seconds']:.0f} s, {made['bytes'] / 1e6:,.0f} MB" if whole else f"missing: {made['missing']}",
        )


def _provider_rows(results: Results) -> Iterator[Row]:
    for name, bundle in results.get("bundles", {}).items():
        if graphs := bundle.get("graphs"):
            opened = {role: graph for role, graph in graphs.items() if "missing" not in graph}
            left = [graph["cpu_nodes"] or 0 for graph in opened.values()]
            yield f"{name}: graphs opened", f"{len(opened)} of {len(graphs)}; operators left to the CPU: {sum(left)}"
            seconds, again = (_total(opened, key) for key in ("seconds", "seconds_again"))
            yield f"{name}: opening them, engines built; again", f"{seconds:.1f} s; {again:.1f} s"
            apart = [graph["apart"] for graph in opened.values() if "apart" in graph]
            if apart:
                yield f"{name}: largest difference of an output, of {len(apart)} graphs", f"{max(apart):.1e}"
        if scores := bundle.get("sub_scores"):
            largest = f"largest difference {scores['largest']:.1e}"
            within = f"{scores['within']} of {scores['edits']} edits within {results['bounds']['trained']:g}"
            yield f"{name}: sub-scores, {'trained' if scores['trained'] else 'random'} weights", f"{largest}; {within}"
        if latency := bundle.get("latency"):
            yield f"{name}: one edit, ms", _stages(latency["score"])
            yield f"{name}: ranking 8, per candidate, ms", _stages(latency["rank"])
        if memory := bundle.get("memory"):
            yield f"{name}: memory at most", _memory(memory["gpu_mib"], memory["process_bytes"])
        if "missing" in bundle:
            yield f"{name}", f"missing: {bundle['missing']}"


def _reference_rows(results: Results) -> Iterator[Row]:
    for side, times in results.get("milliseconds", {}).items():
        memory = results["gpu_mib"].get(side)
        yield f"{side}: one edit, ms", _times(times) + (f"; {memory / 1024:.1f} GiB of the GPU" if memory else "")
    for name, ratio in results.get("ratios", {}).items():
        spread = f"{ratio['p10']:.2f} to {ratio['p90']:.2f}"
        yield f"ratio {name}, median; p10 to p90", f"{ratio['p50']:.2f}; {spread}"
    for side, reason in results.get("missing", {}).items():
        yield side, f"missing: {reason}"


def _binding_rows(results: Results) -> Iterator[Row]:
    for name, bundle in results.get("bundles", {}).items():
        for role, modes in bundle["graphs"].items():
            yield f"{name}: {role}, ms", "; ".join(f"{mode} {_mode(measured)}" for mode, measured in modes.items())
        for mode, latency in bundle["latency"].items():
            value = f"missing: {latency['missing']}" if "missing" in latency else _stages(latency["score"])
            yield f"{name}: one edit, {mode}, ms", value
        for mode, apart in bundle["apart"].items():
            if mode != "plain":
                yield f"{name}: sub-scores, {mode}, from plain", f"{apart:.1e}"


def _llama_rows(results: Results) -> Iterator[Row]:
    for side in (side for side in ("cpu", "gpu") if side in results):
        measured = results[side]
        where = f"on {measured['placement']['device']}"
        yield f"{side}: a parse, ms, {where}", _times(measured["parse_ms"])
        rates = f"{measured['read_tokens_s']:.0f} read, {measured['written_tokens_s']:.0f} one by one"
        yield f"{side}: tokens a second", rates
    if "same" in results:
        yield "instructions read alike by both", f"{results['same']:.3f}"


def _build_rows(results: Results) -> Iterator[Row]:
    if results.get("seconds") is not None:
        yield "compiled", f"{results['seconds']:.0f} s"


ROWS: dict[str, Callable[[Results], Iterator[Row]]] = {
    "environment": _environment_rows,
    "machine": _machine_rows,
    "bundles": _bundle_rows,
    "provider": _provider_rows,
    "reference": _reference_rows,
    "binding": _binding_rows,
    "llama_build": _build_rows,
    "llama": _llama_rows,
}
"""By the module of a part."""


def _mode(measured: Results) -> str:
    if "missing" in measured:
        return f"missing ({measured['missing']})"
    where = "" if measured["memory"] is None else f" in {measured['memory']}"
    captured = ", replayed" if measured["captured"] else ""
    return f"{measured['p50']:.2f}{where}{captured}"


def _stages(stages: Results) -> str:
    parts = ", ".join(f"{stage} {times['p50']:.1f}" for stage, times in stages.items() if stage != "total")
    return f"{_times(stages['total'])} ({parts})"


def _times(times: Results) -> str:
    return f"p50 {times['p50']:.1f}, p95 {times['p95']:.1f}, n {times['n']}"


def _memory(gpu_mib: int | None, process_bytes: int | None) -> str:
    gpu = "not measured" if gpu_mib is None else f"{gpu_mib / 1024:.2f} GiB"
    process = "not measured" if process_bytes is None else f"{process_bytes / 2**30:.2f} GiB"
    return f"of the GPU {gpu}; of the process {process}"


def _total(graphs: Results, key: str) -> float:
    return sum(graph.get(key) or 0.0 for graph in graphs.values())


def _escape(text: str) -> str:
    """For a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    print(render_section(Path(sys.argv[1])))
