"""How much faster is editjudge than the released recipe? Same random weights and pictures, in turns on one machine.

    python -m benchmarks.speedup.compare FOLDER [--bundle photo-edge] [--local] [--sam vit_b] [--rounds 10]

The recipe (`reference`, `reference_llm`) uses the paper's models; editjudge uses them too (`paper`), or the smaller
ones of `photo-edge` and `photo-lite`, by the released rules. With --local every edit changes one object alone, and
these two score it by editjudge's own rules as well, which look only where a picture changed (`scripted`). Checkpoints
and bundles are in FOLDER, or are made there: 15 GB, and half an hour the first time. Needs the `export` extra, the
group `benchmarks`, and 20 GB of memory. Writes benchmarks/data/speedup.json and its section of RESULTS.md. Exits with
status 1 if editjudge, with the same models in float32, did other work or came to other sub-scores.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from benchmarks.common.paths import RESULTS
from benchmarks.common.provenance import commit, machine
from benchmarks.common.reporting import put_section, show
from benchmarks.speedup.bundles import (
    CLIP,
    PAPER_CLIP,
    PAPER_SAM,
    SAM,
    build_bundle,
    paper_bundle,
    paper_checkpoints,
    paper_sizes,
)
from benchmarks.speedup.edits import KINDS, edits, local_edits
from benchmarks.speedup.ours import open_scorer
from benchmarks.speedup.random_llm import NAME, gemma_2_9b
from benchmarks.speedup.record import SideRecord
from benchmarks.speedup.reference import ReferencePipeline
from benchmarks.speedup.reference_llm import ReferenceParser
from benchmarks.speedup.rounds import REFERENCE, CountedScorer, one_edit, one_ranking, rank
from benchmarks.speedup.rows import PAPER, PHOTO_EDGE, PHOTO_LITE
from benchmarks.speedup.table import OUT, figures, render_section
from editjudge.benchmarking.system_info import resident_memory
from editjudge.bundles.bundle import Bundle
from editjudge.parser.parser import Parser, ParserWeights
from editjudge.utils import atomic_file
from editjudge_export.onnx.precision import PRECISIONS
from editjudge_export.verification.end_to_end import BOUNDS


def measure(options: argparse.Namespace) -> Iterator[SideRecord]:
    """The records of all rounds so far, after each of them: {"edits": [...], "rankings": [...]}."""
    torch.set_num_threads(options.threads)
    folders = {
        PAPER: lambda: paper_bundle(options.folder, options.precision, options.sam, options.clip),
        PHOTO_EDGE: lambda: build_bundle(PHOTO_EDGE, options.folder, options.precision),
        PHOTO_LITE: lambda: build_bundle(PHOTO_LITE, options.folder, None),  # its speed comes of its precisions
    }
    bundles = {name: Bundle.load(folders[name]()) for name in options.bundle}
    checkpoints = paper_checkpoints(options.folder, options.sam, options.clip)
    reference = ReferencePipeline(paper_sizes(), checkpoints, options.boxes, options.device, options.compiled)
    parser = bundles[options.bundle[0]].file("parser")  # the same in all of them
    llm = options.llm or gemma_2_9b(options.folder / "hub", parser)
    reference_parser = ReferenceParser(llm, options.threads, gpu=options.device == "cuda")
    ours = [
        CountedScorer(
            name, *open_scorer(bundle, options.boxes, options.device, options.threads), same_models=name == PAPER
        )
        for name, bundle in bundles.items()
    ]
    if options.local:
        ours += [CountedScorer.by_own_rules(counted) for counted in ours if counted.name != PAPER]
    make = local_edits if options.local else edits
    *rounds, warm_up = make(options.rounds + 1, candidates=options.candidates)
    one_edit(reference, reference_parser, ours, warm_up[0], 0)
    if options.sample:
        for counted in ours:
            rank(counted, warm_up[-1], [])
    records: SideRecord = {"edits": [], "rankings": []}
    for turn, (*scored, last) in enumerate(kinds if options.local else (*kinds, kinds[0]) for kinds in rounds):
        for edit in scored:
            record = one_edit(reference, reference_parser, ours, edit, turn)
            records["edits"].append(record)
            log(f"round {turn + 1} of {len(rounds)}, {edit.kind}", record)
        if options.sample:
            record = one_ranking(reference, ours, last, turn, options.sample)
            of_parse = records["edits"][-len(scored)]  # of the first kind, whose instruction is as long
            for name in (REFERENCE, *(counted.name for counted in ours)):
                record[name]["parse"] = of_parse[name]["parse"]
            records["rankings"].append(record)
            log(f"round {turn + 1} of {len(rounds)}, {options.candidates} candidates", record)
        yield records
    reference_parser.close()
    if PAPER in options.bundle:
        instructions = [edit.instruction for kinds in rounds for edit in kinds[: len(KINDS)]]
        times = time_parses(llm, warm_up[0].instruction, instructions, options.device, options.threads)
        for record, seconds in zip(records["edits"], times, strict=True):
            record[PAPER]["paper_parse"] = seconds
        yield records


def time_parses(llm: Path, warm_up: str, instructions: list[str], device: str, threads: int) -> list[float]:
    """Seconds that editjudge's parser takes with the reference's language model, once its prompts have been read.

    To be called after the rounds, as there is not enough memory for that model twice. Its weights are random, and so
    are its answers.
    """
    parser = Parser({"parser": ParserWeights(llm)}, device=device, threads=threads)
    parser.parse(warm_up)
    times = []
    for instruction in instructions:
        start = time.perf_counter()
        parser.parse(instruction)
        times.append(time.perf_counter() - start)
    parser.close()
    return times


def log(what: str, record: SideRecord) -> None:
    """Prints what was done, how long it took on each side, and the memory that is in use."""
    times = ", ".join(f"{name} {side['vision']:.2f} s" for name, side in record.items() if isinstance(side, dict))
    print(f"{time.strftime('%H:%M:%S')} {what}: {times}; {(resident_memory() or 0) / 2**30:.1f} GiB", flush=True)


def disagreements(records: SideRecord, allowed: float) -> list[str]:
    """Where the same models did other work, or came to sub-scores further from the reference's than allowed."""
    sentences = []
    for number, record in enumerate(records["edits"], start=1):
        mine, theirs = record.get(PAPER), record[REFERENCE]
        if mine and mine["work"] != theirs["work"]:
            sentences.append(f"edit {number}: editjudge did {mine['work']}, the reference {theirs['work']}")
    for what in ("edits", "rankings"):
        for number, record in enumerate(records[what], start=1):
            if PAPER in record and not record[PAPER]["apart"] <= allowed:
                apart = f"{record[PAPER]['apart']:.2g}"
                sentences.append(f"{what}, number {number}: a sub-score is {apart} from the reference's")
    return sentences


def describe_conditions(options: argparse.Namespace) -> dict[str, Any]:
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers"))
    gpu = f"; {torch.cuda.get_device_name()}" if options.device == "cuda" else ""
    settings = ("device", "local", "precision", "compiled", "sam", "clip", "boxes", "threads", "candidates", "sample")
    return {
        "commit": commit(),
        "machine": f"{machine()}, {packages}{gpu}",
        "llm": options.llm.name if options.llm else NAME,
        **{name: getattr(options, name) for name in settings},
    }


def parse_options() -> argparse.Namespace:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    command_line.add_argument("--bundle", choices=(PAPER, PHOTO_EDGE, PHOTO_LITE), nargs="+", default=[PAPER])
    command_line.add_argument("--local", action="store_true", help="edits that change one object alone")
    command_line.add_argument(
        "--sam", choices=SAM, default=PAPER_SAM, help="the paper's SAM, or a smaller one in its place"
    )
    command_line.add_argument("--clip", choices=CLIP, default=PAPER_CLIP)
    command_line.add_argument(
        "--precision", choices=PRECISIONS, default="fp32", help="of editjudge's models; photo-lite has its own"
    )
    command_line.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    command_line.add_argument(
        "--compiled", action="store_true", help="run the reference by torch.compile, in half precision"
    )
    command_line.add_argument("--threads", type=int, default=2, help="CPU threads of either side")
    command_line.add_argument("--rounds", type=int, default=10)
    command_line.add_argument("--boxes", type=int, default=2, help="boxes of a phrase, on either side")
    command_line.add_argument("--candidates", type=int, default=8, help="candidates that are ranked")
    command_line.add_argument(
        "--sample", type=int, help="how many of them the reference scores in a round; 0: no ranking"
    )
    command_line.add_argument(
        "--llm", type=Path, help="a GGUF for the reference's calls, in place of a random Gemma 2 9B"
    )
    options = command_line.parse_args()
    options.sample = options.candidates if options.sample is None else min(options.sample, options.candidates)
    return options


def main() -> None:
    options = parse_options()
    runs = json.loads(OUT.read_text(encoding="utf-8")) if OUT.is_file() else {}
    models = f"reference with SAM {options.sam} and CLIP {options.clip}, {'compiled' if options.compiled else 'eager'}"
    ours = " and ".join(name if name == PHOTO_LITE else f"{name} in {options.precision}" for name in options.bundle)
    key = f"{ours}{', local edits' * options.local}; {models}; {options.device}"
    conditions = describe_conditions(options)  # before anything is written that would change the tree
    for records in measure(options):
        runs[key] = {"about": conditions, **records}
        atomic_file.write(OUT, json.dumps(runs, indent=1) + "\n")
    put_section(RESULTS, render_section(OUT))
    show("speed-up over the released recipe", figures(runs[key]), **conditions)
    wrong = disagreements(runs[key], BOUNDS[options.precision]) if options.precision == "fp32" else []
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
