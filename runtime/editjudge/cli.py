"""The command line. Exit status: 0 scored; 2 bad input or usage; 3 a missing or damaged bundle or device."""

from __future__ import annotations

import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from editjudge import __version__, atomic, image, terminal
from editjudge.bench_cli import bench
from editjudge.bundle_cli import app as bundle_app
from editjudge.case import check_compat
from editjudge.console import console, progress
from editjudge.dataset_cli import score_dataset
from editjudge.demo import judge, load_demo
from editjudge.doctor import examine
from editjudge.errors import EditJudgeError, InputError
from editjudge.evaluate_cli import app as evaluate_app
from editjudge.health import health
from editjudge.jsonable import to_json
from editjudge.judged import Candidate, Judged, printable
from editjudge.mask import mask_png
from editjudge.mask_cli import mask as write_mask
from editjudge.metrics.registry import METRICS, chosen, named
from editjudge.metrics.shown import as_json as metrics_json
from editjudge.metrics.shown import table as metrics_table
from editjudge.parse_cli import parse
from editjudge.ranking import Ranked, best_first
from editjudge.report import report_html
from editjudge.scorer import Prepared, Scorer
from editjudge.types import Evidence

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(bundle_app, name="bundle", help="List, verify and build bundles of models.")
app.command("score-dataset")(score_dataset)
app.add_typer(evaluate_app, name="evaluate", help="Run the experiments of the paper on a table of scores.")
app.command("mask")(write_mask)

Original = Annotated[Path, typer.Argument(metavar="ORIGINAL", help="The picture before the edit.")]
Edited = Annotated[Path, typer.Argument(metavar="EDITED", help="The picture after the edit.")]
EditedMany = Annotated[list[Path], typer.Argument(metavar="EDITED...", help="The candidates.")]
Instruction = Annotated[str, typer.Argument(metavar="INSTRUCTION", help="What was asked for, in English.")]
BundleName = Annotated[str, typer.Option("--bundle", "-b", help="A bundle's name, or its folder with a slash in it.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, tensorrt, rtx or openvino.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Report = Annotated[Path | None, typer.Option(help="Write an HTML report.", metavar="FILE.html", show_default=False)]
Mask = Annotated[Path | None, typer.Option(help="Write the edited region.", metavar="FILE.png", show_default=False)]
Compat = Annotated[str | None, typer.Option(help="released: score as the authors' code does.", show_default=False)]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads of each model.", show_default="all cores")]
Metrics = Annotated[
    str | None, typer.Option(help=f"Print these as well: all, or some of {', '.join(METRICS)}.", show_default=False)
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]  # read by `run`


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    """Scores instruction-based image edits: what changed, where, how well, and why."""
    if version:
        typer.echo(f"editjudge {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def score(
    original: Original,
    edited: Edited,
    instruction: Instruction,
    *,
    bundle: BundleName = "studio",
    device: Device = "auto",
    as_json: Json = False,
    report: Report = None,
    mask: Mask = None,
    threads: Threads = None,
    metrics: Metrics = None,
    compat: Compat = None,
    debug: Debug = False,
) -> None:
    """Score one edit, 0 to 2."""
    atomic.check_outputs([report, mask], [original, edited])
    names = named(metrics) if metrics is not None else ()
    pictures = image.load(original), image.load(edited)  # before the models, so that a wrong path is told at once
    scorer = _scorer(bundle, device, compat, threads)
    wanted = chosen(names, scorer.bundle, parsed=False)
    result = scorer.score(*pictures, instruction)
    others = [each for each in wanted if each != "bpm"]
    told = {"bpm": result.bpm, **(scorer.metrics(*pictures, instruction, others) if others else {})}
    values = {each: told[each] for each in wanted}
    if report:
        _write_report(report, [Judged(instruction, (Candidate(edited.name, result),))])
    if mask:
        atomic.write(mask, mask_png(result))
    if as_json:
        print(to_json(result.to_dict() | (metrics_json(values, names) if metrics is not None else {})))
        return
    shown = console()
    shown.print(terminal.score_panel(shown, instruction, result))
    if metrics is not None:
        shown.print(metrics_table(shown, values, names))


@app.command()
def rank(
    original: Original,
    instruction: Instruction,
    edited: EditedMany,
    *,
    bundle: BundleName = "studio",
    device: Device = "auto",
    as_json: Json = False,
    report: Report = None,
    threads: Threads = None,
    compat: Compat = None,
    debug: Debug = False,
) -> None:
    """Rank several edits of one picture, best first; one that cannot be read comes last, with the reason."""
    atomic.check_outputs([report], [original, *edited])
    picture = image.load(original)
    prepared = _scorer(bundle, device, compat, threads).prepare(picture, instruction)
    ranked = _ranked(prepared, edited, evidence=report is not None)
    if all(each.score is None for each in ranked):
        raise InputError(f"none of the candidates could be scored: {ranked[0].error}")
    judged = Judged(instruction, tuple(Candidate.of(each, edited[each.index]) for each in ranked))
    if report:
        _write_report(report, [judged])
    if as_json:
        rows = [
            {
                "rank": place,
                "index": each.index,
                "file": str(edited[each.index]),
                "score": each.score and each.score.to_dict(),
                "error": each.error,
            }
            for place, each in enumerate(ranked, 1)
        ]
        print(to_json({"instruction": instruction, "ranking": rows}))
    else:
        shown = console()
        shown.print(terminal.ranking(shown, judged))


app.command()(parse)


@app.command()
def demo(
    report: Annotated[Path, typer.Option(help="Where the report goes.", metavar="FILE.html")] = Path("demo.html"),
    bundle: BundleName = "studio",
    device: Device = "auto",
    debug: Debug = False,
) -> None:
    """Score the edits that come with the package, and write a report."""
    inputs = load_demo()
    atomic.check_outputs([report], [])
    with progress() as bar:
        task = bar.add_task("loading the models", total=None)
        scorer = _scorer(bundle, device, None)
        bar.update(task, total=len(inputs))
        judged = []
        for given in inputs:
            bar.update(task, description=f"scoring: {given.id}")
            judged.append(judge(scorer, given))
            bar.advance(task)
    _write_report(report, judged, "editjudge demo")
    shown = console()
    for each in judged:
        shown.print(terminal.summary(shown, each))
    shown.print(f"Report with pictures: {report}", soft_wrap=True)


app.command()(bench)


@app.command()
def doctor(bundle: BundleName = "studio", device: Device = "auto", as_json: Json = False, debug: Debug = False) -> None:
    """Show versions, devices, bundles, what would run where, and what to install for more."""
    with progress() as bar:
        bar.add_task("looking at devices and bundles", total=None)
        found = examine(bundle, device)
    if as_json:
        print(to_json(found))
    else:
        console().print(health(found))
    if found["plan"]["problem"]:
        raise typer.Exit(3)


def _ranked(prepared: Prepared, edited: list[Path], evidence: bool) -> list[Ranked]:
    """The best first, with a progress bar. evidence: whether the scores are to keep theirs, megabytes each."""
    ranked = []
    with progress() as bar:
        task = bar.add_task("scoring", total=len(edited))
        for each in prepared.scores(edited):
            slim = each.score and replace(each.score, evidence=Evidence.none())
            ranked.append(each if evidence else replace(each, score=slim))
            bar.advance(task)
    return best_first(ranked)


def _scorer(bundle: str, device: str, compat: str | None, threads: int | None = None) -> Scorer:
    return Scorer.load(bundle, device, threads, check_compat(compat))


def _write_report(path: Path, judged: list[Judged], title: str = "Edit report") -> None:
    atomic.write(path, report_html(judged, title))


def run(arguments: list[str]) -> int:
    """Runs a command line without the program's name; returns its exit status. An error is one line on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        return app(args=arguments, prog_name="editjudge", standalone_mode=False) or 0
    except KeyboardInterrupt:
        return 130
    except EditJudgeError as error:
        return _failed(str(error), error.exit_status, arguments)
    except Exception as error:
        if hasattr(error, "format_message"):  # typer's usage errors, whose root is not public in all its versions
            command = getattr(getattr(error, "ctx", None), "command_path", "editjudge")
            return _failed(f"{error.format_message().rstrip('.')}; see {command} --help", 2, arguments)
        hint = "this is a bug; run again with --debug and report what it shows"
        return _failed(f"{type(error).__name__}: {error}; {hint}", 1, arguments)


def _failed(message: str, status: int, arguments: list[str]) -> int:
    if "--debug" in arguments:
        traceback.print_exc()
    print(f"editjudge: {printable(' '.join(message.split()))}", file=sys.stderr)
    return status


def main() -> None:
    sys.exit(run(sys.argv[1:]))
