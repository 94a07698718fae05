"""The command line, `python -m editjudge_export`: a command for each architecture, and `bundle`.

Exit status as editjudge's: 1 a graph failed its gate; 2 bad input or usage; 3 the `export` extra is missing. This file
imports nothing of the extra, so that it can say so.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import Enum
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from editjudge.bundles.roles import METRIC_GRAPHS
from editjudge.cli.build_options import read_metric_models
from editjudge.errors import EditJudgeError, InputError
from editjudge_export.architectures.architecture import Architecture, Setting
from editjudge_export.architectures.registry import ARCHITECTURES
from editjudge_export.onnx.precision import PRECISIONS

if TYPE_CHECKING:
    from editjudge_export.onnx.export import ExportedFile

PROGRAM = "python -m editjudge_export"
LOADING = "loading torch and transformers"
"""Told first, as it takes up to half a minute."""
EXTRA = {"torch", "transformers", "onnx", "onnxruntime", "onnxslim", "optimum", "safetensors", "tokenizers", "tomli_w"}
"""Packages that the `export` extra brings."""

PrecisionChoice = Enum("PrecisionChoice", [(precision, precision) for precision in PRECISIONS], type=str)

Checkpoint = Annotated[Path, typer.Argument(metavar="CHECKPOINT", show_default=False)]
Folder = Annotated[Path, typer.Argument(metavar="OUT_DIR", show_default=False)]

app = typer.Typer(
    help="Checkpoints to ONNX to bundles.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: list[str] | None = None) -> int:
    """Runs a command line, by default that of the process; returns its exit status. An error is one line on stderr."""
    try:
        return app(args=arguments, prog_name=PROGRAM, standalone_mode=False) or 0
    except EditJudgeError as error:
        return _fail(str(error), error.exit_status)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in EXTRA:
            raise
        return _fail(f'Exporting needs {error.name}: pip install "editjudge[export]".', 3)
    except Exception as error:
        # typer's usage errors have it; their root is not public in all its versions.
        if not hasattr(error, "format_message"):
            raise
        command = getattr(getattr(error, "ctx", None), "command_path", PROGRAM)
        return _fail(f"{error.format_message().rstrip('.')}; see {command} --help", 2)


def _fail(message: str, status: int) -> int:
    print(message, file=sys.stderr)
    return status


def bundle(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", show_default=False)],
    folder: Folder,
    *,
    precision: Annotated[
        PrecisionChoice | None, typer.Option(help="of all models, instead of the recipe's", show_default=False)
    ] = None,
    metrics: Annotated[
        str, typer.Option(help=f"models of metrics to put in: none, all, or some of {', '.join(METRIC_GRAPHS)}")
    ] = "none",
    pairs: Annotated[int, typer.Option(help="edits scored to compare with the reference pipeline")] = 8,
    fallback: Annotated[bool, typer.Option("--fallback", help="put the recipe's fallback parser in")] = False,
    allow_pickle: Annotated[bool, typer.Option("--allow-pickle", help="read pickled weights too")] = False,
) -> None:
    models = read_metric_models(metrics)

    def build() -> list[ExportedFile]:
        typer.echo(LOADING)
        from editjudge_export.build import build  # noqa: PLC0415
        from editjudge_export.options import BuildOptions  # noqa: PLC0415

        options = BuildOptions(
            precision=precision and precision.value,
            allow_pickle=allow_pickle,
            pairs=pairs,
            metrics=models,
            fallback=fallback,
        )
        return build(recipe, folder, options)

    _print_files(build, folder)


def _make_command(architecture: Architecture) -> Callable[..., None]:
    """A command that exports a checkpoint, with an option for each setting."""

    def command(checkpoint: Path, folder: Path, precision: Enum, **options: Any) -> None:
        given = {name: value for name, value in options.items() if value is not None}
        settings = {name: value.value if isinstance(value, Enum) else value for name, value in given.items()}
        _print_files(lambda: architecture.export(checkpoint, folder, precision.value, settings), folder)

    parameters = [
        _make_parameter("checkpoint", Checkpoint),
        _make_parameter("folder", Folder),
        _make_parameter(
            "precision",
            Annotated[PrecisionChoice, typer.Option(help="what the graph computes in")],
            PrecisionChoice(PRECISIONS[0]),
        ),
        *(_make_option(setting) for setting in architecture.settings),
    ]
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _make_option(setting: Setting) -> Parameter:
    """The option of a setting, as a parameter of the command."""
    option, default = typer.Option(help=setting.help, show_default=setting.default is not None), setting.default
    if setting.many:
        return _make_parameter(setting.name, Annotated[list[int] | None, option], None)
    if setting.choices is None:
        return _make_parameter(setting.name, Annotated[int if default is not None else int | None, option], default)
    choices = Enum(setting.name, [(choice, choice) for choice in setting.choices], type=str)
    return _make_parameter(setting.name, Annotated[choices, option], choices(default))


def _make_parameter(name: str, annotation: Any, default: Any = Parameter.empty) -> Parameter:
    return Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=annotation)


def _print_files(export: Callable[[], list[ExportedFile]], folder: Path) -> None:
    """Prints a line for each file that an export has written. Raises its errors."""
    try:
        files = export()
    except OSError as error:
        raise InputError(f"Cannot write {error.filename or folder}: {error.strerror}.") from error
    for file in files:
        typer.echo(_describe(file))


def _describe(file: ExportedFile) -> str:
    figures = [file.precision, f"{sum(path.stat().st_size for path in file.files) / 1e6:.2f} MB"]
    if file.parity is not None:
        figures.append(f"differs from PyTorch by {file.parity:.1e}")
    if file.rounding is not None:
        figures.append(f"rounding moved it by {file.rounding.largest:.1e}, on average {file.rounding.mean:.1e}")
    return f"{file.path}: {', '.join(filter(None, figures))}"


for _architecture in ARCHITECTURES.values():
    _help = f"export a Hugging Face {_architecture.command} checkpoint folder"
    app.command(_architecture.command, help=_help)(_make_command(_architecture))
app.command(help="export the models of a recipe, hash them and write bundle.toml")(bundle)
