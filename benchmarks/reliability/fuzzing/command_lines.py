"""Command lines: usual ones, with tokens dropped, doubled, exchanged and mutated."""

from __future__ import annotations

import re

from benchmarks.reliability.fuzzing.draw import Draw

TOY = "--bundle ./toy --device cpu"
COMMANDS = (
    f"score original.png edited.png +++ {TOY}",
    f"score original.png edited.png +++ {TOY} --json --metrics all --report r.html --mask m.png",
    f"score original.png edited.png make~the~car~blue {TOY} --threads 1 --compat paper --accept-at 0.5",
    f"rank original.png +++ edited.png original.png empty.png {TOY} --json",
    f"rank original.png remove~the~car edited.png {TOY} --report r.html --compat released",
    f"parse make~the~car~blue remove~the~car {TOY} --json",
    f"parse --file words.txt -o parsed.jsonl {TOY}",
    f"parse --file words.jsonl {TOY}",
    f"mask original.png edited.png +++ -o m.png --latent l.png --factor 8 {TOY}",
    f"score-dataset edits.csv -o out.csv {TOY} --metrics l2,psnr --workers 1",
    f"score-dataset edits.jsonl -o out.parquet {TOY} --format plain --resume",
    f"score-dataset edits.parquet -o out.jsonl {TOY} --compat paper --accept-at 1",
    "evaluate human-alignment scores.csv --json --metrics bpm --ties half --where kind=edited --resamples 5",
    "evaluate ground-truth scores.jsonl --kinds edited=edited,preserved=preserved,modified=modified --resamples 5",
    "evaluate components scores.csv --ratings modify=human.modify --satisfied 2 --resamples 5",
    "evaluate alpha-sweep scores.parquet --resamples 5 --norm data",
    "evaluate correlation scores.csv --method kendall --alpha 0.5 --seed 3 --plot plot.svg --resamples 5",
    "bundle verify ./toy",
    "bundle list --json",
    "bundle pull ./toy --name mine",
    "doctor --bundle ./toy --device cpu --json",
    "bench --edits edits.jsonl --rounds 1 --seconds 0 --cold-starts 0 --concurrency 1,2 --compare ./toy@cpu",
    "demo --report r.html",
    "--version",
    "--help",
)
"""A tilde stands for a space."""
OPTIONS = (
    "--bundle", "--device", "--json", "--report", "--mask", "--threads", "--metrics", "--compat", "--accept-at",
    "--debug",
    "--file", "--output", "-o", "--no-cache", "--latent", "--factor", "--format", "--edited", "--workers", "--engine",
    "--resume", "--norm", "--alpha", "--ties", "--method", "--human", "--group", "--model", "--kind", "--kinds",
    "--ratings",
    "--satisfied", "--where", "--resamples", "--seed", "--plot", "--name", "--help", "--version", "--nothing", "-x",
)  # fmt: skip
ODD = (
    "", " ", "-", "--", "=", "0", "-1", "1", "2", "100000", "1e309", "nan", "inf", "9" * 30, "1.5", "true", "a\0b",
    "\ud800", "\udcff", "é", "n" * 300, "n" * 70_000, "make the car blue " * 300, "\x1b[31m", "\u202e", "data:,",
    "data:image/png;base64,AAAA", "https://127.0.0.1/x.png", "file:///nowhere.png", "file:", "~nosuch/x", ".", "..",
    "folder", "folder/", "/dev/full", "/dev/null", "/proc/nothing.html", "nowhere.png", "empty.png", "words.txt", "@",
    "./toy", "toy", "studio", "l2,lpips", "all", "bpm:lower", "human", "a=b", "original.png", "r.svg", "--bundle=",
    "edits.csv", "scores.csv", "scores.parquet", "edits.json", "edits.parquet", "paper", "released", "1,2", "auto",
)  # fmt: skip
HARMLESS = re.compile(r"/dev/(full|null)|/proc/nothing\.html|file:///nowhere\.png|https://127\.0\.0\.1/x\.png")


def draw_arguments(draw: Draw) -> list[str]:
    """A command line without the program's name, none that leads out of the folder."""
    arguments = [word.replace("~", " ") for word in draw.choose(COMMANDS).split()]
    for _ in range(draw.number(5)):
        place = draw.number(len(arguments) + 1)
        kind = draw.number(7)
        if kind == 0:
            del arguments[place : place + 1]
        elif kind == 1:
            arguments[place : place + 1] = [draw.choose(ODD)]
        elif kind == 2:
            arguments[place:place] = [draw.choose(OPTIONS), draw.choose(ODD)]
        elif kind == 3:
            arguments[place:place] = [draw.choose(OPTIONS)]
        elif kind == 4 and place < len(arguments):
            arguments[place] = draw.mutate_text(arguments[place])
        elif kind == 5:
            arguments[place:place] = arguments[draw.number(len(arguments) + 1) :][:1]
        else:
            arguments.append(draw.choose(ODD))
    return _tame([_stay_inside(argument) for argument in arguments])


def _stay_inside(argument: str) -> str:
    """No path that leads out of the folder: what is written there must not do harm."""
    if HARMLESS.fullmatch(argument):
        return argument
    return (
        argument.replace("/..", "/.")
        .replace("../", "./")
        .replace("=/", "=")
        .lstrip("/~" if argument != "~nosuch/x" else "")
    )


def _tame(arguments: list[str]) -> list[str]:
    """What would measure for minutes, build a bundle, or ask a server is left at a bundle that is not there."""
    if {"bench", "demo"} & set(arguments):
        return [*arguments, "--bundle", "nowhere"]
    if "build" in arguments:
        return [*arguments, "--nothing"]
    if "pull" in arguments:
        return [argument for argument in arguments if argument.startswith(("-", ".", "bundle", "pull", "mine"))]
    return arguments
