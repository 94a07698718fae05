"""The command line. Exit status: 0 scored; 2 bad input or usage; 3 a missing or damaged bundle or device."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import typer

from editjudge import __version__
from editjudge.cli.commands.bench import bench
from editjudge.cli.commands.bundle import app as bundle_app
from editjudge.cli.commands.demo import demo
from editjudge.cli.commands.doctor import doctor
from editjudge.cli.commands.evaluate import app as evaluate_app
from editjudge.cli.commands.mask import mask
from editjudge.cli.commands.parse import parse
from editjudge.cli.commands.rank import rank
from editjudge.cli.commands.score import score
from editjudge.cli.commands.score_dataset import score_dataset
from editjudge.errors import EditJudgeError
from editjudge.utils.text import printable

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (score, rank, parse, demo, bench, doctor, score_dataset, mask):
    app.command()(command)
app.add_typer(bundle_app, name="bundle", help="List, verify and build bundles of models.")
app.add_typer(evaluate_app, name="evaluate", help="Run the experiments of the paper on a table of scores.")


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    """Scores instruction-based image edits: what changed, where, how well, and why."""
    if version:
        typer.echo(f"editjudge {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def run(arguments: list[str]) -> int:
    """Runs a command line without the program's name; returns its exit status. An error is one line on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    debug = "--debug" in arguments
    try:
        return app(args=arguments, prog_name="editjudge", standalone_mode=False) or 0
    except KeyboardInterrupt:
        return 130
    except EditJudgeError as error:
        return _report(str(error), error.exit_status, debug)
    except Exception as error:
        if hasattr(error, "format_message"):  # typer's usage errors, whose root is not public in all its versions
            command = getattr(getattr(error, "ctx", None), "command_path", "editjudge")
            return _report(f"{error.format_message().rstrip('.')}; see {command} --help", 2, debug)
        hint = "this is a bug; run again with --debug and report what it shows"
        return _report(f"{type(error).__name__}: {error}; {hint}", 1, debug)


def _report(message: str, status: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(f"editjudge: {printable(' '.join(message.split()))}", file=sys.stderr)
    return status


def main() -> None:
    sys.exit(run(sys.argv[1:]))
