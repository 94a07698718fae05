"""The command line. Exit status: 0 scored; 2 bad input or usage; 3 a missing or damaged bundle or device."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from editjudge import __version__, atomic, image, terminal
from editjudge.bench import measure
from editjudge.bundle_cli import app as bundle_app
from editjudge.case import check_compat
from editjudge.console import console, progress
from editjudge.demo import judge, load_demo
from editjudge.doctor import examine
from editjudge.errors import EditJudgeError, InputError
from editjudge.evaluate_cli import app as evaluate_app
from editjudge.health import health
from editjudge.jsonable import to_json
from editjudge.judged import Candidate, Judged, printable
from editjudge.mask import mask_png
from editjudge.mask_cli import mask as write_mask
from editjudge.report import report_html
from editjudge.scorer import Scorer

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(bundle_app, name="bundle", help="List, verify and build bundles of models.")
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
    compat: Compat = None,
    debug: Debug = False,
) -> None:
    """Score one edit, 0 to 2."""
    _check_outputs([report, mask], [original, edited])
    pictures = image.load(original), image.load(edited)  # before the models, so that a wrong path is told at once
    result = _scorer(bundle, device, compat).score(*pictures, instruction)
    if report:
        _write_report(report, [Judged(instruction, (Candidate(edited.name, result),))])
    if mask:
        atomic.write(mask, mask_png(result))
    if as_json:
        print(to_json(result.to_dict()))
    else:
        shown = console()
        shown.print(terminal.score_panel(shown, instruction, result))


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
    compat: Compat = None,
    debug: Debug = False,
) -> None:
    """Rank several edits of one picture, best first; one that cannot be read comes last, with the reason."""
    _check_outputs([report], [original, *edited])
    picture = image.load(original)
    ranked = _scorer(bundle, device, compat).prepare(picture, instruction).rank(edited)
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


@app.command()
def parse(instruction: Instruction, bundle: BundleName = "studio", as_json: Json = False, debug: Debug = False) -> None:
    """Show what an instruction is understood to ask for."""
    intent = _scorer(bundle, "cpu", None).parse(instruction)
    if as_json:
        print(to_json(intent.to_dict()))
    else:
        console().print(terminal.intent_text(intent))


@app.command()
def demo(
    report: Annotated[Path, typer.Option(help="Where the report goes.", metavar="FILE.html")] = Path("demo.html"),
    bundle: BundleName = "studio",
    device: Device = "auto",
    debug: Debug = False,
) -> None:
    """Score the edits that come with the package, and write a report."""
    inputs = load_demo()
    _check_outputs([report], [])
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


@app.command()
def bench(
    rounds: Annotated[int, typer.Option(min=1, help="How often every edit is scored.")] = 3,
    bundle: BundleName = "studio",
    device: Device = "auto",
    debug: Debug = False,
) -> None:
    """Time warm edits stage by stage: a table, then one line of JSON."""
    inputs = load_demo()
    with progress() as bar:
        task = bar.add_task("timing", total=rounds * sum(len(each.candidates) for each in inputs))
        scorer = _scorer(bundle, device, None)
        taken = measure(scorer, inputs, rounds, lambda: bar.advance(task))
    table = Table("stage", "p50", "p95", box=None, header_style="dim")
    for name, row in taken.items():
        table.add_row(name, f"{row['p50']:.1f}", f"{row['p95']:.1f}")
    shown = console()
    shown.print("Milliseconds per edit, its instruction parsed before:")
    shown.print(table)
    models = {role: ran.to_dict() for role, ran in scorer.models.items()}
    measured = {"bundle": bundle, "device": device, "models": models, "rounds": rounds, "cores": os.cpu_count()}
    print(to_json({**measured, "ms": taken}))


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


def _scorer(bundle: str, device: str, compat: str | None) -> Scorer:
    return Scorer.load(bundle, device, compat=check_compat(compat))


def _check_outputs(outputs: list[Path | None], inputs: list[Path]) -> None:
    """Raises InputError, before anything is scored, for an output that cannot be written or would replace an input."""
    for path in filter(None, outputs):
        if path.resolve() in {each.resolve() for each in inputs}:
            raise InputError(f"writing {path} would replace an input; choose another name")
        atomic.check_writable(path)


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
