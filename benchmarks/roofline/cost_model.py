"""How far is each model from what the machine can do? And how long would it take at least on some GPUs?

    python -m benchmarks.roofline.cost_model --bundle studio --threads 1

Operations and bytes are counted from a bundle's graphs and from the batches that llama.cpp is given; the CPU's limits
(a large matrix product, a large copy) are measured in turn with the models. Needs the `export` extra and the group
`benchmarks`. Writes benchmarks/data/cost_model.json and its section of RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.paths import DATA, RESULTS
from benchmarks.common.provenance import commit, machine
from benchmarks.common.reporting import put_section
from benchmarks.roofline import graph_costs, parser_cost, profiles
from benchmarks.roofline.cpu_limits import CpuLimits
from benchmarks.roofline.gpu_peaks import GPUS
from benchmarks.roofline.table import render_section
from editjudge.backends.onnx.loader import open_model
from editjudge.backends.onnx.session import Tensor
from editjudge.benchmarking.latency import LOADER
from editjudge.bundles.bundle import Bundle
from editjudge.datasets.demo import load_demo
from editjudge.models import clip, grounding_dino, sam
from editjudge.models.grounding_dino_text import CaptionTokenizer
from editjudge.parser.parser import Parser
from editjudge.utils import atomic_file

OUT = DATA / "cost_model.json"
SIDE = 512
"""Pixels of a picture's side. The pictures are noise, as their content does not change the cost."""


@dataclass(frozen=True)
class ModelRun:
    """A model and what it is fed for one edit.

    Attributes:
        role: The role of the graph.
        batch: What is in the feeds, in words.
        feeds: The inputs by name.
        runs: How often it runs for one edit.
    """

    role: str
    batch: str
    feeds: Mapping[str, Tensor]
    runs: int = 1


@dataclass(frozen=True)
class BestOfRounds:
    """The best of all rounds, as anything else that the machine does can only slow them.

    Attributes:
        seconds: Of one run of the model.
        rate: FLOP/s of the machine.
        bandwidth: Bytes/s of the machine.
    """

    seconds: float
    rate: float
    bandwidth: float


def model_runs(bundle: Bundle) -> Iterator[ModelRun]:
    """What one edit of one object takes: both pictures, a box in either, two crops for CLIP, and two texts."""
    generator = np.random.default_rng(0)
    pictures = list(generator.integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8))
    captions = CaptionTokenizer(bundle.file("detector_tokenizer"), bundle.detector.text_length)
    pair = {
        **grounding_dino.picture_inputs(pictures, bundle.detector),
        **captions.inputs([captions.caption(["car"])] * 2),
    }
    yield ModelRun("detector", "2 pictures", pair)
    single = sam.picture_inputs(pictures[:1], bundle.segmenter)
    yield ModelRun("sam_encoder", "1 picture, twice", single, runs=2)
    _, *feature = graph_costs.input_shape(bundle.file("sam_decoder"), "image_embeddings")
    boxes = np.tile(np.array([0.25, 0.25, 0.75, 0.75], np.float32) * bundle.segmenter.size, (2, 1, 1))
    features = generator.standard_normal((2, *feature), np.float32)
    yield ModelRun("sam_decoder", "2 pictures, a box each", {"image_embeddings": features, "input_boxes": boxes})
    views = 3 if bundle.has("domain") else 2  # the domain probe needs the whole original, too
    crops = [pictures[0][: SIDE // 2, : SIDE // 2]] * views
    yield ModelRun("clip_vision", f"{views} crops", clip.picture_inputs(crops, bundle.clip))
    ids = np.ones((2, bundle.clip.context), np.int64)
    yield ModelRun("clip_text", "2 texts", {"input_ids": ids, "attention_mask": ids})


def measure_in_turn(work: Callable[[], object], limits: CpuLimits, rounds: int) -> BestOfRounds:
    """Measures the machine and the work by turns, so that both find it equally busy. A first run is not timed."""
    work()
    seconds, rates, bandwidths = [], [], []
    for _ in range(rounds):
        rates.append(limits.sgemm())
        bandwidths.append(limits.bandwidth())
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return BestOfRounds(min(seconds), max(rates), max(bandwidths))


def measure_graph(model_run: ModelRun, bundle: Bundle, limits: CpuLimits, rounds: int) -> dict[str, Any]:
    """The row of a model that ONNX Runtime runs."""
    graph, feeds, runs = bundle.graph(model_run.role), model_run.feeds, model_run.runs
    cost = graph_costs.count(graph.path, {name: array.shape for name, array in feeds.items()})
    # The session is gone before the profiler opens its own: there may not be enough memory for two.
    measured = measure_in_turn(partial(open_model(graph, "cpu", limits.threads).run, feeds), limits, rounds)
    spent = profiles.profile_operators(graph.path, feeds, limits.threads)
    others = {name: seconds for name, seconds in spent.items() if name not in profiles.PRODUCTS}
    in_products = sum(spent.values()) - sum(others.values())
    return {
        "role": model_run.role,
        "batch": model_run.batch,
        "flops": runs * cost.flops,
        "products": runs * sum(step.flops > 0 for step in cost.steps),
        "bytes": runs * cost.needed,
        "bytes_unfused": runs * cost.moved,
        **_compare_with_bound(
            measured,
            seconds=runs * measured.seconds,
            flops=runs * cost.flops,
            bound=runs * cost.bound(measured.rate, measured.bandwidth),
        ),
        "bound_unfused_ms": 1000 * runs * cost.bound_unfused(measured.rate, measured.bandwidth),
        "products_ms": 1000 * runs * in_products,
        "products_of_sgemm": cost.flops / in_products / measured.rate,
        "others_ms": {name: 1000 * runs * seconds for name, seconds in others.items()},
        "gpus": {
            gpu.name: {
                "fp32_ms": 1000 * runs * cost.bound(gpu.fp32, gpu.bandwidth),
                "fp16_ms": 1000 * runs * max(cost.flops / gpu.fp16, cost.needed_in_half / gpu.bandwidth),
            }
            for gpu in GPUS
        },
    }


def measure_parser(bundle: Bundle, limits: CpuLimits, rounds: int) -> dict[str, Any]:
    """The row of the parser: the average over the instructions of the demo."""
    model = parser_cost.read_transformer(bundle.file("parser"))
    instructions = [example.instruction for example in load_demo()]
    number, best = len(instructions), BestOfRounds(0.0, 0.0, 0.0)
    seconds = [math.inf] * number
    for _ in range(rounds):
        parser = Parser.open(bundle, threads=limits.threads, keep=False)  # a new one, as it remembers its answers
        parser.parse(LOADER)
        with parser_cost.record_passes() as passes:
            for index, instruction in enumerate(instructions):
                rate, bandwidth = max(best.rate, limits.sgemm()), max(best.bandwidth, limits.bandwidth())
                start = time.perf_counter()
                parser.parse(instruction)
                seconds[index] = min(seconds[index], time.perf_counter() - start)
                best = BestOfRounds(sum(seconds) / number, rate, bandwidth)
        parser.close()
    flops = sum(map(model.flops, passes)) / number
    tokens, scored = sum(len(forward.positions) for forward in passes), sum(forward.scored for forward in passes)
    return {
        "role": "parser",
        "batch": f"an instruction: {tokens / number:.0f} tokens, {scored / number:.0f} of them scored, "
        f"in {len(passes) / number:.0f} passes",
        "flops": round(flops),
        "bytes": round(model.bytes_read * len(passes) / number),
        **_compare_with_bound(
            best, seconds=best.seconds, flops=flops, bound=model.bound(passes, best.rate, best.bandwidth) / number
        ),
        "weights": model.weights,
        "bits": model.bits,
        "gpus": {
            gpu.name: {
                "fp32_ms": 1000 * model.bound(passes, gpu.fp32, gpu.bandwidth) / number,
                "fp16_ms": 1000 * model.bound(passes, gpu.fp16, gpu.bandwidth) / number,
            }
            for gpu in GPUS
        },
    }


def _compare_with_bound(measured: BestOfRounds, *, seconds: float, flops: float, bound: float) -> dict[str, float]:
    """What was measured, beside the bound; `seconds`, `flops` and `bound` are those of all runs together."""
    return {
        "ms": 1000 * seconds,
        "sgemm": measured.rate,
        "bandwidth": measured.bandwidth,
        "bound_ms": 1000 * bound,
        "of_sgemm": flops / seconds / measured.rate,
        "of_bound": bound / seconds,
    }


def measure_models(bundle: Bundle, rounds: int, threads: int) -> Iterator[dict[str, Any]]:
    """A row for every model of a bundle."""
    limits = CpuLimits(threads)
    yield measure_parser(bundle, limits, rounds)
    for model_run in model_runs(bundle):
        yield measure_graph(model_run, bundle, limits, rounds)


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--bundle", nargs="+", default=["studio"], help="names or folders of bundles")
    command_line.add_argument("--threads", type=int, default=2, help="CPU threads of the models and of the limits")
    command_line.add_argument("--rounds", type=int, default=7)
    options = command_line.parse_args()
    results = json.loads(OUT.read_text(encoding="utf-8")) if OUT.is_file() else {}
    for name in options.bundle:
        about = {"commit": commit(), "machine": machine(), "threads": options.threads, "rounds": options.rounds}
        rows = []
        for row in measure_models(Bundle.load(name), options.rounds, options.threads):
            print(json.dumps(row), flush=True)
            rows.append(row)
        results[Path(name).name] = {"about": about, "models": rows}
        results["gpus"] = [asdict(gpu) for gpu in GPUS]
        atomic_file.write(OUT, json.dumps(results, indent=1) + "\n")
    put_section(RESULTS, render_section(OUT))


if __name__ == "__main__":
    main()
