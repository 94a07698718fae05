"""`editjudge bench`: how fast edits are scored on this machine, with the user's own pictures where they are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
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
from editjudge.benchmarking.looks import measure_looks
from editjudge.benchmarking.looks_table import render_looks
from editjudge.benchmarking.plots import write_plot
from editjudge.benchmarking.system_info import describe_machine
from editjudge.benchmarking.target_table import render_target
from editjudge.benchmarking.targets import UntimedBundle, check_target, judge_target, list_unbuilt
from editjudge.benchmarking.throughput import measure_throughput
from editjudge.benchmarking.waits import TimedBundle, measure_waits
from editjudge.bundles.bundle import Bundle, available_bundles
from editjudge.bundles.catalog import missing_recipes
from editjudge.cli.console import console, progress
from editjudge.cli.options import Debug, Device, Json
from editjudge.datasets import EditSample
from editjudge.errors import BundleError, DeviceError, InputError, OutOfMemoryError, quote_value
from editjudge.reports.figures import check_plot
from editjudge.scorer import Scorer
from editjudge.utils.json_safe import to_json

BUNDLE = "studio"
LEVELS, SECONDS, COLD_STARTS = "1,2,4,8", 2.0, 3


def bench(
    *,
    bundle: Annotated[
        str | None,
        typer.Option(
            "--bundle",
            "-b",
            help="A bundle's name, or its folder with a slash in it.",
            show_default=f"{BUNDLE}; with --target-ms all that are here",
        ),
    ] = None,
    device: Device = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads a model may use; by default all cores.")
    ] = None,
    target_ms: Annotated[
        float | None, typer.Option(metavar="MS", help="Say which bundle scores an edit in so many milliseconds.")
    ] = None,
    looked_at: Annotated[
        bool, typer.Option("--looked-at", help="Say what looking only where pictures changed saves.")
    ] = False,
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
    concurrency: Annotated[
        str | None, typer.Option(help="Numbers of threads that share a scorer.", show_default=LEVELS)
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(min=0, help="For each of these, in each round; 0: not at all.", show_default=f"{SECONDS:g}"),
    ] = None,
    cold_starts: Annotated[
        int | None, typer.Option(min=0, help="Fresh processes that are timed.", show_default=f"{COLD_STARTS}")
    ] = None,
    plot: Annotated[Path | None, typer.Option(metavar="FILE.svg|png", help="Draw where the time goes.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Time edits by stage, throughput, cold start and memory: tables, then one line of JSON.

    With --target-ms or --looked-at, the answer to that question instead, then its JSON. A bundle is timed for a minute
    at most, and for as many rounds as fit into it.
    """
    given = {
        "--target-ms": target_ms, "--looked-at": looked_at or None, "--compare": compare, "--plot": plot,
        "--concurrency": concurrency, "--seconds": seconds, "--cold-starts": cold_starts,
    }  # fmt: skip
    _check_question([option for option, value in given.items() if value is not None])
    if target_ms is not None:
        check_target(target_ms)
    levels = _parse_levels(LEVELS if concurrency is None else concurrency)
    if plot is not None:
        check_plot(plot)
    configuration = Configuration(BUNDLE if bundle is None else bundle, device, threads)
    configurations = [configuration]
    if compare is not None:
        configurations.append(Configuration.parse(compare, configuration))
    for each in configurations:  # before any model is opened, so that a wrong name is reported at once
        check_device(each.device)
        if bundle is not None or target_ms is None:
            Bundle.load(each.bundle)
    samples = select_edits(edits, original, edited, instruction)
    results: dict[str, Any]
    with progress() as bar:
        if target_ms is not None:
            timed, untimed = _time_bundles(configuration, samples, rounds, bar, every=bundle is None)
            results, render = judge_target(target_ms, timed, untimed), render_target
        elif looked_at:
            advance = _begin(bar, "looking at candidates", rounds * len(samples))
            results, render = measure_looks(configuration, samples, rounds, advance), render_looks
        else:
            amount: dict[str, Any] = {
                "levels": levels,
                "seconds": SECONDS if seconds is None else seconds,
                "cold_starts": COLD_STARTS if cold_starts is None else cold_starts,
            }
            measured = _measure(configurations, samples, bar, rounds=rounds, **amount)
            results = {**measured[0], **amount, "compare": measured[1] if compare is not None else None}
            render = tables.render_report
    machine = describe_machine()
    results = {"version": __version__, **results, "edits": len(samples), "rounds": rounds, "threads": threads}
    results["machine"] = machine
    if plot is not None:
        bars = [(result["name"], result["ms"]) for result in measured]
        write_plot(plot, bars, tables.summarize_machine(machine))
    if not as_json:
        console().print(render(results))
    print(to_json(results))


def _check_question(given: Sequence[str]) -> None:
    """Raises InputError where an option would do nothing."""
    for question in ("--target-ms", "--looked-at"):
        if question in given and (others := [option for option in given if option != question]):
            raise InputError(f"{question} has no use for {' and '.join(others)}; leave out the one or the other")


def _begin(bar: Progress, what: str, steps: int) -> Callable[[], None]:
    """Shows what is done from now on; what is returned is to be called after each step."""
    task = bar.add_task(what, total=steps)
    return lambda: bar.advance(task)


def _time_bundles(
    configuration: Configuration, edits: Sequence[EditSample], rounds: int, bar: Progress, *, every: bool
) -> tuple[list[TimedBundle], list[UntimedBundle]]:
    """The bundle of a configuration; or, where it is to be every one, all that are here, and what cannot be timed."""
    if not every:
        return [measure_waits(configuration, edits, rounds, _begin(bar, configuration.name, rounds * len(edits)))], []
    timed: list[TimedBundle] = []
    untimed: list[UntimedBundle] = []
    for location in available_bundles():
        chosen = replace(configuration, bundle=location.name)
        try:
            timed.append(measure_waits(chosen, edits, rounds, _begin(bar, chosen.name, rounds * len(edits))))
        except (BundleError, DeviceError, OutOfMemoryError) as error:
            untimed.append(UntimedBundle(location.name, str(error)))
    if not timed:
        reasons = "; ".join(f"{bundle.name}: {bundle.reason}" for bundle in untimed) or "there is none"
        raise BundleError(f"no bundle that is here could be timed: {reasons}")
    return timed, [*untimed, *list_unbuilt(missing_recipes())]


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
