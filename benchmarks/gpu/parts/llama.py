"""The parser on the GPU, all of its layers there, and on the CPU of the same machine."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from benchmarks.common.paths import DATA
from benchmarks.gpu.nvidia_smi import MemoryWatch, find_gpu
from benchmarks.gpu.parts.materials import open_studio
from benchmarks.gpu.parts.timing import THREADS, percentiles
from benchmarks.gpu.plan import GpuPart, GpuRun, GpuRunError, Keep
from editjudge.backends.llama_cpp import LanguageModel
from editjudge.bundles.bundle import Bundle
from editjudge.parser.parser import Parser

ROOM, READ, WRITTEN = 2048, 512, 64
"""Tokens of the context, that are read at once, and one by one."""
WARM_UP, INSTRUCTIONS, REHEARSED_INSTRUCTIONS = 3, 60, 6


def measure(run: GpuRun, part: GpuPart, keep: Keep) -> dict[str, Any]:
    """{"cpu" and "gpu": {"placement", "parse_ms", "read_tokens_s", "written_tokens_s", "gpu_mib"}, "same": the share of
    instructions of which both made the same}. Raises GpuRunError where nothing ran on the GPU.
    """
    bundle = open_studio()
    texts = read_instructions(WARM_UP + (REHEARSED_INSTRUCTIONS if run.rehearse else INSTRUCTIONS))
    found: dict[str, Any] = {}
    intents: dict[str, list[Any]] = {}
    for side, device in (("cpu", "cpu"), ("gpu", run.device(part))):
        with MemoryWatch(None if run.rehearse else find_gpu().uuid) as memory:
            found[side], intents[side] = _measure_side(bundle, device, texts)
        found[side]["gpu_mib"] = memory.peak
        keep(found)
    found["same"] = sum(map(_equal, intents["cpu"], intents["gpu"])) / len(intents["cpu"])
    keep(found)
    if found["gpu"]["placement"]["device"] != "gpu" and not run.rehearse:
        raise GpuRunError(f"the parser did not run on the GPU: {found['gpu']['placement']['reason']}")
    return found


def read_instructions(count: int) -> list[str]:
    """Instructions of one edit each, no two the same."""
    lines = (DATA / "parse_dev.jsonl").read_text(encoding="utf-8").splitlines()
    return list(dict.fromkeys(json.loads(line)["instruction"] for line in lines))[:count]


def _measure_side(bundle: Bundle, device: str, texts: list[str]) -> tuple[dict[str, Any], list[Any]]:
    parser = Parser.open(bundle, device, THREADS, keep=False)
    for text in texts[:WARM_UP]:
        parser.parse(text)
    times, intents = [], []
    for text in texts[WARM_UP:]:
        start = time.perf_counter()
        intents.append(parser.parse(text).intents)
        times.append(1000 * (time.perf_counter() - start))
    placement = parser.placement
    assert placement is not None
    parser.close()
    rates = measure_rates(bundle.file("parser"), bundle.file("parser_adapter"), gpu=placement.device == "gpu")
    return {"placement": placement.to_dict(), "parse_ms": percentiles(times), **rates}, intents


def measure_rates(path: Path, adapter: Path, *, gpu: bool) -> dict[str, float]:
    """Tokens a second that are read of a prompt, and that follow one another."""
    model = LanguageModel(path, THREADS, room=ROOM, adapter=adapter, gpu=gpu)
    tokens = model.tokenize("make the red car blue and put a small dog to the left of the old house " * 64)[:READ]
    model.set_prompt(tokens)  # what is slow the first time
    start = time.perf_counter()
    model.set_prompt(tokens[1:])
    model.log_likelihoods(tokens[:1], tokens[:1])
    read = READ / (time.perf_counter() - start)
    start = time.perf_counter()
    for token in tokens[:WRITTEN]:
        model.log_likelihoods([token], [token])
    written = WRITTEN / (time.perf_counter() - start)
    model.close()
    return {"read_tokens_s": round(read, 1), "written_tokens_s": round(written, 1)}


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other)
