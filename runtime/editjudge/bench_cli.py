"""`editjudge bench`: how fast edits are scored on this machine, with the user's own pictures where they are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from editjudge import __version__, bench_table
from editjudge.bench import Configuration, ratio, summaries, time_edits
from editjudge.bench_plot import write_plot
from editjudge.bundle import Bundle
from editjudge.cold import cold_start, together
from editjudge.console import console, progress
from editjudge.edits import Edit, chosen_edits
from editjudge.errors import InputError
from editjudge.jsonable import to_json
from editjudge.machine import machine_card
from editjudge.plot_file import check_plot
from editjudge.providers import check_device
from editjudge.scorer import Scorer
from editjudge.throughput import throughput


def bench(
    *,
    bundle: Annotated[str, typer.Option("--bundle", "-b", help="A bundle's name, or its folder.")] = "studio",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, tensorrt, rtx or openvino.")] = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads a model may use; by default all cores.", show_default=False)
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(metavar="BUNDLE@DEVICE", help="Measure this too, in turn with the other.", show_default=False),
    ] = None,
    edits: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.jsonl", help="Edits: original, edited, instruction in JSON, one a line.", show_default=False
        ),
    ] = None,
    original: Annotated[Path | None, typer.Option(help="The picture before one edit.", show_default=False)] = None,
    edited: Annotated[Path | None, typer.Option(help="The picture after it.", show_default=False)] = None,
    instruction: Annotated[str | None, typer.Option(help="What was asked for.", show_default=False)] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often everything is measured.")] = 3,
    concurrency: Annotated[str, typer.Option(help="Numbers of threads that share a scorer.")] = "1,2,4,8",
    seconds: Annotated[float, typer.Option(min=0, help="For each of these, in each round; 0: not at all.")] = 2.0,
    cold_starts: Annotated[int, typer.Option(min=0, help="Fresh processes that are timed.")] = 3,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.svg|png", help="Draw where the time goes.", show_default=False)
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Time edits by stage, throughput, cold start and memory: tables, then one line of JSON."""
    amount = Amount(rounds, _levels(concurrency), seconds, cold_starts)
    if plot is not None:
        check_plot(plot)
    configurations = [Configuration(bundle, device, threads)]
    if compare is not None:
        configurations.append(Configuration.parse(compare, configurations[0]))
    for each in configurations:  # before any model is opened, so that a wrong name is told at once
        check_device(each.device)
        Bundle.load(each.bundle)
    chosen = chosen_edits(edits, original, edited, instruction)
    with progress() as bar:
        first, *others = _measure(configurations, chosen, amount, bar)
    machine = machine_card()
    found = {"version": __version__, **first, "edits": len(chosen), **asdict(amount), "threads": threads}
    found |= {"compare": others[0] if others else None, "machine": machine}
    if plot is not None:
        bars = [(each["name"], each["ms"]) for each in (first, *others)]
        write_plot(plot, bars, bench_table.machine_line(machine))
    console().print(bench_table.report(found))
    print(to_json(found))


@dataclass(frozen=True)
class Amount:
    """How much is measured. levels: numbers of threads; seconds: for each of them, in each round."""

    rounds: int
    levels: tuple[int, ...]
    seconds: float
    cold_starts: int


def _measure(
    configurations: Sequence[Configuration], edits: Sequence[Edit], amount: Amount, bar: Progress
) -> list[dict[str, Any]]:
    """What is printed of each configuration."""
    task = bar.add_task("loading the models", total=None)
    scorers = [Scorer.load(each.bundle, each.device, each.threads, keep_answers=False) for each in configurations]

    def begin(what: str, steps: int) -> Callable[[], None]:
        bar.update(task, description=what, total=steps * len(scorers), completed=0)
        return lambda: bar.advance(task)

    times = time_edits(scorers, edits, amount.rounds, begin("timing edits", amount.rounds * len(edits)))
    rates: list[dict[str, Any] | None] = [None] * len(scorers)
    if amount.seconds:
        advance = begin("scoring in threads", amount.rounds * len(amount.levels))
        rates[:] = throughput(
            scorers, edits, amount.levels, rounds=amount.rounds, seconds=amount.seconds, advance=advance
        )
    advance = begin("starting fresh processes", amount.cold_starts)
    starts: list[list[dict[str, Any]]] = [[] for _ in scorers]
    for _ in range(amount.cold_starts):
        for each, configuration in zip(starts, configurations, strict=True):
            each.append(cold_start(configuration, edits[0]))
            advance()
    first = configurations[0].name
    names = [first, *(f"{each.name} again" if each.name == first else each.name for each in configurations[1:])]
    return [
        {
            "name": name,
            "bundle": f"{scorer.bundle.name} {scorer.bundle.version}",
            "device": configuration.device,
            "models": {role: ran.to_dict() for role, ran in scorer.models.items()},
            "ms": summaries(taken),
            "ratio": None if taken is times[0] else ratio(times[0], taken),
            "throughput": rate,
            "cold_start": together(cold) if cold else None,
        }
        for name, configuration, scorer, taken, rate, cold in zip(
            names, configurations, scorers, times, rates, starts, strict=True
        )
    ]


def _levels(text: str) -> tuple[int, ...]:
    """Raises InputError."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and 1 <= int(word) <= 256 for word in words):
        raise InputError(f"--concurrency is {text!r}; give numbers of threads from 1 to 256, such as 1,2,4,8")
    return tuple(sorted({int(word) for word in words}))
