"""How far is each stage of an edit from what the machine can do? And how long would it take at least on some GPUs?

    python benchmarks/cost_model.py --bundle studio --threads 1

Operations and bytes are counted from a bundle's graphs and from what llama.cpp is given; the CPU's limits (a large
product of matrices, a large copy) are measured in turn with the models. Needs the `export` extra and the group
`benchmarks`. Writes benchmarks/data/cost_model.json and that section of RESULTS.md.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import costs
import parse_cost
import profiles
from cost_table import cost_model
from editjudge import atomic, detect, embed, segment
from editjudge.bench import LOADER
from editjudge.bundle import Bundle
from editjudge.caption import CaptionTokenizer
from editjudge.demo import load_demo
from editjudge.engine import Array
from editjudge.opening import open_model
from editjudge.parse import Parser
from limits import Limits
from peaks import GPUS
from reporting import put_section
from results import commit, machine

OUT = Path(__file__).resolve().parent / "data" / "cost_model.json"
SIDE = 512
"""Pixels of the pictures, which are noise: what they show costs nothing."""


@dataclass(frozen=True)
class Stage:
    """A model, what it is fed for one edit, and how often it runs. batch: in words."""

    role: str
    batch: str
    feeds: Mapping[str, Array]
    runs: int = 1


@dataclass(frozen=True)
class Measured:
    """The best of each: seconds of one run; FLOP/s and bytes/s of the machine. What else runs can only slow them."""

    seconds: float
    rate: float
    bandwidth: float


def stages(bundle: Bundle) -> Iterator[Stage]:
    """What one edit of one object needs of each model: both pictures, a box in each, two crops of CLIP, two texts."""
    generator = np.random.default_rng(0)
    pictures = list(generator.integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8))
    captions = CaptionTokenizer(bundle.file("detector_tokenizer"), bundle.detector.text_length)
    pair = {**detect.picture_inputs(pictures, bundle.detector), **captions.inputs([captions.caption(["car"])] * 2)}
    yield Stage("detector", "2 pictures", pair)
    one = segment.picture_inputs(pictures[:1], bundle.segmenter)
    yield Stage("sam_encoder", "1 picture, twice", one, runs=2)
    _, *feature = costs.input_shape(bundle.file("sam_decoder"), "image_embeddings")
    boxes = np.tile(np.array([0.25, 0.25, 0.75, 0.75], np.float32) * bundle.segmenter.size, (2, 1, 1))
    features = generator.standard_normal((2, *feature), np.float32)
    yield Stage("sam_decoder", "2 pictures, a box each", {"image_embeddings": features, "input_boxes": boxes})
    views = 3 if bundle.has("domain") else 2  # the whole original too, to tell whether the bundle knows such pictures
    crops = [pictures[0][: SIDE // 2, : SIDE // 2]] * views
    yield Stage("clip_vision", f"{views} crops", embed.picture_inputs(crops, bundle.clip))
    ids = np.ones((2, bundle.clip.context), np.int64)
    yield Stage("clip_text", "2 texts", {"input_ids": ids, "attention_mask": ids})


def in_turn(work: Callable[[], object], limits: Limits, rounds: int) -> Measured:
    """Measures the machine and the work by turns, so that both find it as quiet. The first work is not timed."""
    work()
    taken, rates, bandwidths = [], [], []
    for _ in range(rounds):
        rates.append(limits.sgemm())
        bandwidths.append(limits.bandwidth())
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return Measured(min(taken), max(rates), max(bandwidths))


def graph_row(stage: Stage, bundle: Bundle, limits: Limits, rounds: int) -> dict[str, Any]:
    """A model that ONNX Runtime runs."""
    path = bundle.file(stage.role)
    cost = costs.count(path, {name: array.shape for name, array in stage.feeds.items()})
    # The session is gone before the profiler opens its own: there may be no room for two.
    measured = in_turn(partial(open_model(bundle, stage.role, "cpu", limits.threads).run, stage.feeds), limits, rounds)
    spent = profiles.operators(path, stage.feeds, limits.threads)
    others = {name: seconds for name, seconds in spent.items() if name not in profiles.PRODUCTS}
    in_products = sum(spent.values()) - sum(others.values())
    runs = stage.runs
    return {
        "role": stage.role,
        "batch": stage.batch,
        "flops": runs * cost.flops,
        "products": runs * sum(step.flops > 0 for step in cost.steps),
        "bytes": runs * cost.needed,
        "bytes_unfused": runs * cost.moved,
        **_against(
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


def parse_row(bundle: Bundle, limits: Limits, rounds: int) -> dict[str, Any]:
    """The parser: an instruction on average, of those of the demo."""
    model, instructions = parse_cost.read_transformer(bundle.file("parser")), [each.instruction for each in load_demo()]
    number, best = len(instructions), Measured(0.0, 0.0, 0.0)
    taken = [math.inf] * number
    for _ in range(rounds):
        parser = Parser.of(bundle, threads=limits.threads, keep=False)  # a new one: it remembers its answers
        parser.parse(LOADER)
        with parse_cost.recorded() as passes:
            for place, instruction in enumerate(instructions):
                rate, bandwidth = max(best.rate, limits.sgemm()), max(best.bandwidth, limits.bandwidth())
                start = time.perf_counter()
                parser.parse(instruction)
                taken[place] = min(taken[place], time.perf_counter() - start)
                best = Measured(sum(taken) / number, rate, bandwidth)
        parser.close()
    flops = sum(map(model.flops, passes)) / number
    return {
        "role": "parser",
        "batch": f"an instruction: {sum(len(one.places) for one in passes) / number:.0f} tokens, "
        f"{sum(one.scored for one in passes) / number:.0f} of them scored, in {len(passes) / number:.0f} passes",
        "flops": round(flops),
        "bytes": round(model.bytes * len(passes) / number),
        **_against(
            best, seconds=best.seconds, flops=flops, bound=model.bound(passes, best.rate, best.bandwidth) / number
        ),
        "weights": model.weights,
        "bits": model.bits,
        "share_in_table": 2 * model.table * sum(one.scored for one in passes) / number / flops,
        "gpus": {
            gpu.name: {
                "fp32_ms": 1000 * model.bound(passes, gpu.fp32, gpu.bandwidth) / number,
                "fp16_ms": 1000 * model.bound(passes, gpu.fp16, gpu.bandwidth) / number,
            }
            for gpu in GPUS
        },
    }


def _against(measured: Measured, *, seconds: float, flops: float, bound: float) -> dict[str, float]:
    """What was measured, beside the bound; `seconds` and `bound` of all runs."""
    return {
        "ms": 1000 * seconds,
        "sgemm": measured.rate,
        "bandwidth": measured.bandwidth,
        "bound_ms": 1000 * bound,
        "of_sgemm": flops / seconds / measured.rate,
        "of_bound": bound / seconds,
    }


def model_costs(bundle: Bundle, rounds: int, threads: int) -> Iterator[dict[str, Any]]:
    """A row for every model of a bundle."""
    limits = Limits(threads)
    yield parse_row(bundle, limits, rounds)
    for stage in stages(bundle):
        yield graph_row(stage, bundle, limits, rounds)


def main(arguments: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bundle", nargs="+", default=["studio"], help="names or folders of bundles")
    options.add_argument("--threads", type=int, default=2, help="CPU threads of the models and of the limits")
    options.add_argument("--rounds", type=int, default=7)
    asked = options.parse_args(arguments)
    found = json.loads(OUT.read_text(encoding="utf-8")) if OUT.is_file() else {}
    for name in asked.bundle:
        about = {"commit": commit(), "machine": machine(), "threads": asked.threads, "rounds": asked.rounds}
        rows = []
        for row in model_costs(Bundle.load(name), asked.rounds, asked.threads):
            print(json.dumps(row), flush=True)
            rows.append(row)
        found[Path(name).name] = {"about": about, "models": rows}
        found["gpus"] = [asdict(gpu) for gpu in GPUS]
        atomic.write(OUT, json.dumps(found, indent=1) + "\n")
    put_section(OUT.parents[1] / "RESULTS.md", cost_model(OUT))


if __name__ == "__main__":
    main()
