"""The command line. Exit status: 0 scored; 2 bad input or usage, or an output that cannot be written; 3 a missing or
damaged bundle or device; 130 interrupted; 141 nobody reads the output any more."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import typer

from editjudge import __version__
from editjudge.cli.command_group import CommandGroup
from editjudge.cli.commands.bench import bench
from editjudge.cli.commands.bundle import app as bundle_app
from editjudge.cli.commands.demo import demo
from editjudge.cli.commands.differences import differences
from editjudge.cli.commands.doctor import doctor
from editjudge.cli.commands.evaluate.app import app as evaluate_app
from editjudge.cli.commands.mask import mask
from editjudge.cli.commands.parse import parse
from editjudge.cli.commands.rank import rank
from editjudge.cli.commands.retrieval.find import find
from editjudge.cli.commands.retrieval.index import index
from editjudge.cli.commands.reward import reward
from editjudge.cli.commands.score import score
from editjudge.cli.commands.score_dataset import score_dataset
from editjudge.cli.commands.serving.mcp import mcp
from editjudge.cli.commands.serving.serve import serve
from editjudge.cli.commands.study.app import app as study_app
from editjudge.cli.commands.study.calibrate import calibrate
from editjudge.cli.streams import (
    PIPE_CLOSED,
    flush_output,
    is_closed_pipe,
    is_of_stream,
    prepare_streams,
    print_error,
    show_warnings,
)
from editjudge.errors import EditJudgeError, OutOfMemoryError
from editjudge.utils.oom import ADVICE, lacks_memory
from editjudge.utils.signals import Terminated
from editjudge.utils.text import printable

app = typer.Typer(
    cls=CommandGroup,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (score, rank, reward, differences, parse, demo, bench, doctor, score_dataset, mask, index, find):
    app.command()(command)
app.command()(mcp)
app.command()(serve)
app.command()(calibrate)
app.add_typer(study_app, name="study", help="Show edits to raters, and export what they say.")
app.add_typer(bundle_app, name="bundle", help="List, verify and build bundles of models.")
app.add_typer(evaluate_app, name="evaluate", help="Run the experiments of the papers on scores, differences or edits.")


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
    prepare_streams()
    debug = "--debug" in arguments
    status = _run(arguments, debug)
    problem = flush_output()
    return _refuse_output(problem, debug) if problem is not None and not status else status


def _run(arguments: list[str], debug: bool) -> int:
    try:
        with show_warnings():
            return app(args=arguments, prog_name="editjudge", standalone_mode=False) or 0
    except KeyboardInterrupt:
        return 130
    except Terminated as ended:
        return ended.status
    except SystemExit:  # typer and rich end so where the output is a pipe that nobody reads any more
        return PIPE_CLOSED
    except EditJudgeError as error:
        return _report(str(error), error.exit_status, debug)
    except Exception as error:
        return _explain(error, debug)


def _explain(error: Exception, debug: bool) -> int:
    """Reports what this package did not raise on purpose."""
    if hasattr(error, "format_message"):  # typer's usage errors, whose root is not public in all its versions
        command = getattr(getattr(error, "ctx", None), "command_path", "editjudge")
        return _report(f"{error.format_message().rstrip('.')}; see {command} --help", 2, debug)
    if isinstance(error, OSError) and is_of_stream(error):
        return _refuse_output(error, debug)
    if lacks_memory(error):
        return _report(f"there is not enough memory; {ADVICE}", OutOfMemoryError.exit_status, debug)
    hint = "this is a bug; run again with --debug and report what it shows"
    return _report(f"{type(error).__name__}: {error}; {hint}", 1, debug)


def _refuse_output(problem: OSError, debug: bool) -> int:
    if is_closed_pipe(problem):
        return PIPE_CLOSED
    reason = (problem.strerror or str(problem)).lower()
    return _report(f"the output cannot be written: {reason}; lead it elsewhere", 2, debug)


def _report(message: str, status: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print_error(f"editjudge: {printable(' '.join(message.split()))}")
    return status


def main() -> None:
    sys.exit(run(sys.argv[1:]))
