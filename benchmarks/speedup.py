"""How much faster than the released recipe, on the same random weights and pictures, in turns on one machine?

    python benchmarks/speedup.py FOLDER [--bundle photo-edge] [--sam vit_b] [--rounds 10] [--threads 2]

The recipe (reference.py, reference_llm.py) has the paper's models; editjudge has them too (`paper`), or the smaller
ones of `photo-edge`. Checkpoints and bundles are in FOLDER, or made there: 15 GB, and half an hour the first time.
Needs the `export` extra, the group `benchmarks`, and 20 GB of memory. Writes benchmarks/data/speedup.json and that
section of RESULTS.md. Ends with status 1 where editjudge, with the same models in float32, did other work or came to
other sub-scores.
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

from editjudge import atomic
from editjudge.bundle import Bundle
from editjudge.machine import resident
from editjudge.parse import Parser, Weights
from editjudge_export.end_to_end import BOUNDS
from editjudge_export.precision import PRECISIONS
from random_llm import NAME, gemma_2_9b
from reference import Released
from reference_llm import Calls
from reporting import put_section, show
from results import commit, machine
from speedup_bundles import CLIP, PAPER_CLIP, PAPER_SAM, SAM, bundle, paper_bundle, paper_checkpoints
from speedup_cases import edits
from speedup_ours import open_scorer
from speedup_rounds import REFERENCE, Ours, Record, one_edit, one_ranking
from speedup_table import OUT, figures, speedup

PAPER, PHOTO_EDGE = "paper", "photo-edge"


def measure(asked: argparse.Namespace) -> Iterator[Record]:
    """All rounds so far, after each: {"edits": [...], "rankings": [...]}."""
    torch.set_num_threads(asked.threads)
    folders = {
        PAPER: lambda: paper_bundle(asked.folder, asked.precision, asked.sam, asked.clip),
        PHOTO_EDGE: lambda: bundle(PHOTO_EDGE, asked.folder, asked.precision),
    }
    bundles = {name: Bundle.load(folders[name]()) for name in asked.bundle}
    either = bundles[asked.bundle[0]]  # the sizes of inputs are the same in both, and so is the parser
    checkpoints = paper_checkpoints(asked.folder, asked.sam, asked.clip)
    reference = Released(either, checkpoints, asked.boxes, asked.device, asked.compiled)
    llm = asked.llm or gemma_2_9b(asked.folder / "hub", either.file("parser"))
    calls = Calls(llm, asked.threads, gpu=asked.device == "cuda")
    ours = [
        Ours(name, *open_scorer(opened, asked.boxes, asked.device, asked.threads), same_models=name == PAPER)
        for name, opened in bundles.items()
    ]
    *rounds, first = edits(asked.rounds + 1, candidates=asked.candidates)
    for edit in first:
        one_edit(reference, calls, ours, edit, 0)
    if asked.sample:
        one_ranking(reference, ours, first[0], 0, 1)
    found: Record = {"edits": [], "rankings": []}
    for turn, kinds in enumerate(rounds):
        for edit in kinds:
            record = one_edit(reference, calls, ours, edit, turn)
            found["edits"].append(record)
            tell(f"round {turn + 1} of {len(rounds)}, {edit.kind}", record)
        if asked.sample:
            record = one_ranking(reference, ours, kinds[0], turn, asked.sample)
            found["rankings"].append(record)
            tell(f"round {turn + 1} of {len(rounds)}, {asked.candidates} candidates", record)
        yield found
    calls.close()
    if PAPER in asked.bundle:
        each_instruction = [edit.instruction for kinds in rounds for edit in kinds]
        taken = parses(llm, first[0].instruction, each_instruction, asked.device, asked.threads)
        for record, seconds in zip(found["edits"], taken, strict=True):
            record[PAPER]["paper_parse"] = seconds
        yield found


def parses(llm: Path, warm: str, instructions: list[str], device: str, threads: int) -> list[float]:
    """Seconds that editjudge's parser takes with the reference's language model, its prompts once read.

    Timed after the rounds: there is no room for that model twice. Its weights are random, and so is what it says.
    """
    parser = Parser({"parser": Weights(llm)}, device=device, threads=threads)
    parser.parse(warm)
    taken = []
    for instruction in instructions:
        start = time.perf_counter()
        parser.parse(instruction)
        taken.append(time.perf_counter() - start)
    parser.close()
    return taken


def tell(what: str, record: Record) -> None:
    taken = ", ".join(f"{name} {each['vision']:.2f} s" for name, each in record.items() if isinstance(each, dict))
    print(f"{time.strftime('%H:%M:%S')} {what}: {taken}; {(resident() or 0) / 2**30:.1f} GiB", flush=True)


def disagreements(found: Record, allowed: float) -> list[str]:
    """Where the same models did other work, or came to sub-scores further from the reference's than allowed."""
    wrong = []
    for number, record in enumerate(found["edits"], start=1):
        mine, theirs = record.get(PAPER), record[REFERENCE]
        if mine and mine["work"] != theirs["work"]:
            wrong.append(f"edit {number}: editjudge did {mine['work']}, the reference {theirs['work']}")
    for what in ("edits", "rankings"):
        for number, record in enumerate(found[what], start=1):
            if PAPER in record and not record[PAPER]["apart"] <= allowed:
                wrong.append(
                    f"{what}, number {number}: a sub-score is {record[PAPER]['apart']:.2g} from the reference's"
                )
    return wrong


def about(asked: argparse.Namespace) -> dict[str, Any]:
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers"))
    gpu = f"; {torch.cuda.get_device_name()}" if asked.device == "cuda" else ""
    settings = ("device", "precision", "compiled", "sam", "clip", "boxes", "threads", "candidates", "sample")
    return {
        "commit": commit(),
        "machine": f"{machine()}, {packages}{gpu}",
        "llm": asked.llm.name if asked.llm else NAME,
        **{name: getattr(asked, name) for name in settings},
    }


def options(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bundle", choices=(PAPER, PHOTO_EDGE), nargs="+", default=[PAPER])
    parser.add_argument("--sam", choices=SAM, default=PAPER_SAM, help="the paper's SAM, or a smaller one in its place")
    parser.add_argument("--clip", choices=CLIP, default=PAPER_CLIP)
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32", help="of editjudge's models")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--compiled", action="store_true", help="the reference by torch.compile, in half precision")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of either side")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--boxes", type=int, default=2, help="of a phrase, on either side")
    parser.add_argument("--candidates", type=int, default=8, help="that are ranked")
    parser.add_argument("--sample", type=int, help="of them, that the reference scores in a round; 0: no ranking")
    parser.add_argument("--llm", type=Path, help="a GGUF for the reference's calls, in place of a random Gemma 2 9B")
    asked = parser.parse_args(words)
    asked.sample = asked.candidates if asked.sample is None else min(asked.sample, asked.candidates)
    return asked


def main() -> None:
    asked = options()
    every = json.loads(OUT.read_text(encoding="utf-8")) if OUT.is_file() else {}
    models = f"reference with SAM {asked.sam} and CLIP {asked.clip}, {'compiled' if asked.compiled else 'eager'}"
    key = f"{' and '.join(asked.bundle)} in {asked.precision}; {models}; {asked.device}"
    conditions = about(asked)  # told before anything is written that would change the tree
    for found in measure(asked):
        every[key] = {"about": conditions, **found}
        atomic.write(OUT, json.dumps(every, indent=1) + "\n")
    put_section(OUT.parents[1] / "RESULTS.md", speedup(OUT))
    show("speed-up over the released recipe", figures(every[key]), **conditions)
    wrong = disagreements(every[key], BOUNDS[asked.precision]) if asked.precision == "fp32" else []
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
