"""`editjudge bench`: how fast edits are scored on this machine, with the user's own pictures where they are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from editjudge import __version__
from editjudge.backends.onnx.providers import check_device
from editjudge.benchmarking import tables
from editjudge.benchmarking.cold_start import combine, measure_cold_start
from editjudge.benchmarking.inputs import select_edits
from editjudge.benchmarking.latency import Configuration, compare_times, summarize, time_edits
from editjudge.benchmarking.plots import write_plot
from editjudge.benchmarking.system_info import describe_machine
from editjudge.benchmarking.throughput import measure_throughput
from editjudge.bundles.bundle import Bundle
from editjudge.cli.console import console, progress
from editjudge.cli.options import BundleName, Debug, Device
from editjudge.datasets import EditSample
from editjudge.errors import InputError, quote_value
from editjudge.reports.figures import check_plot
from editjudge.scorer import Scorer
from editjudge.utils.json_safe import to_json


def bench(
    *,
    bundle: BundleName = "studio",
    device: Device = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads a model may use; by default all cores.")
    ] = None,
    compare: Annotated[
        str | None, typer.Option(metavar="BUNDLE@DEVICE", help="Measure this too, in turn with the other.")
    ] = None,
    edits: Annotated[
        Path | None,
        typer.Option(metavar="FILE.jsonl", help="Edits: original, edited, instruction in JSON, one a line."),
    ] = None,
    original: Annotated[str | None, typer.Option(help="The picture before one edit.")] = None,
    edited: Annotated[str | None, typer.Option(help="The picture after it.")] = None,
    instruction: Annotated[str | None, typer.Option(help="What was asked for.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often everything is measured.")] = 3,
    concurrency: Annotated[str, typer.Option(help="Numbers of threads that share a scorer.")] = "1,2,4,8",
    seconds: Annotated[float, typer.Option(min=0, help="For each of these, in each round; 0: not at all.")] = 2.0,
    cold_starts: Annotated[int, typer.Option(min=0, help="Fresh processes that are timed.")] = 3,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.svg|png", help="Draw where the time goes.")] = None,
    debug: Debug = False,
) -> None:
    """Time edits by stage, throughput, cold start and memory: tables, then one line of JSON."""
    levels = _parse_levels(concurrency)
    if plot is not None:
        check_plot(plot)
    configurations = [Configuration(bundle, device, threads)]
    if compare is not None:
        configurations.append(Configuration.parse(compare, configurations[0]))
    for configuration in configurations:  # before any model is opened, so that a wrong name is reported at once
        check_device(configuration.device)
        Bundle.load(configuration.bundle)
    samples = select_edits(edits, original, edited, instruction)
    amount: dict[str, Any] = {"rounds": rounds, "levels": levels, "seconds": seconds, "cold_starts": cold_starts}
    with progress() as bar:
        measured = _measure(configurations, samples, bar, **amount)
    machine = describe_machine()
    results = {"version": __version__, **measured[0], "edits": len(samples), **amount, "threads": threads}
    results |= {"compare": measured[1] if compare is not None else None, "machine": machine}
    if plot is not None:
        bars = [(result["name"], result["ms"]) for result in measured]
        write_plot(plot, bars, tables.summarize_machine(machine))
    console().print(tables.render_report(results))
    print(to_json(results))


def _measure(
    configurations: Sequence[Configuration],
    edits: Sequence[EditSample],
    bar: Progress,
    *,
    rounds: int,
    levels: Sequence[int],
    seconds: float,
    cold_starts: int,
) -> list[dict[str, Any]]:
    """What is printed of each configuration."""
    task = bar.add_task("loading the models", total=None)
    scorers = [
        Scorer.load(configuration.bundle, configuration.device, configuration.threads, keep_answers=False)
        for configuration in configurations
    ]

    def begin(what: str, steps: int) -> Callable[[], None]:
        bar.update(task, description=what, total=steps * len(scorers), completed=0)
        return lambda: bar.advance(task)

    times = time_edits(scorers, edits, rounds, begin("timing edits", rounds * len(edits)))
    rates: Sequence[dict[str, Any] | None] = [None] * len(scorers)
    if seconds:
        advance = begin("scoring in threads", rounds * len(levels))
        rates = measure_throughput(scorers, edits, levels, rounds, seconds, advance=advance)
    advance = begin("starting fresh processes", cold_starts)
    starts: list[list[dict[str, Any]]] = [[] for _ in scorers]
    for _ in range(cold_starts):
        for index, configuration in enumerate(configurations):
            starts[index].append(measure_cold_start(configuration, edits[0]))
            advance()
    results = []
    for index, (configuration, scorer) in enumerate(zip(configurations, scorers, strict=True)):
        again = " again" if index and configuration.name == configurations[0].name else ""
        results.append(
            {
                "name": f"{configuration.name}{again}",
                "bundle": f"{scorer.bundle.name} {scorer.bundle.version}",
                "device": configuration.device,
                "models": {role: placement.to_dict() for role, placement in scorer.placements.items()},
                "ms": {part: summarize(values) for part, values in times[index].items()},
                "ratio": compare_times(times[0], times[index]) if index else None,
                "throughput": rates[index],
                "cold_start": combine(starts[index]) if starts[index] else None,
            }
        )
    return results


def _parse_levels(text: str) -> tuple[int, ...]:
    """Raises InputError."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and 1 <= int(word) <= 256 for word in words):
        raise InputError(
            f"--concurrency is {quote_value(text)}; give numbers of threads from 1 to 256, such as 1,2,4,8"
        )
    return tuple(sorted({int(word) for word in words}))
