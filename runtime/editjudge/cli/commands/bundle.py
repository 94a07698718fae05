"""`editjudge bundle`: which bundles are here, whether they are whole, fetching one, and building one."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Protocol

import typer
from rich.console import Console, Group, RenderableType
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

import editjudge_models
from editjudge.bundles.bundle import Bundle, available_bundles, check_name
from editjudge.bundles.cache import cache_folder, file_sha256
from editjudge.bundles.catalog import InstalledBundle, RecipeSummary, installed_bundles, missing_recipes
from editjudge.bundles.manifest import FILE_NAME
from editjudge.bundles.roles import METRIC_GRAPHS
from editjudge.cli.build_options import check_option, read_metric_models
from editjudge.cli.command_group import CommandGroup
from editjudge.cli.console import console, progress
from editjudge.cli.options import Debug, Json
from editjudge.errors import BundleError, InputError
from editjudge.utils.json_safe import to_json
from editjudge.utils.text import printable, shorten

app = typer.Typer(cls=CommandGroup, rich_markup_mode=None)

NEEDED = ("torch", "transformers", "onnx", "onnxslim", "optimum", "tomli_w")
"""What the `export` extra brings."""
PRECISIONS = ("fp32", "fp16", "mixed", "int8", "int8-vnni", "int8-static", "fp16-weights")
ENGINES = ("none", "tensorrt", "tensorrt-rtx")
WIDE = 110
"""Columns from which the folders stand in the table."""


class PlannedDownload(Protocol):
    """What of the plan of a build a question needs."""

    name: str
    downloads: Mapping[str, int]
    download_bytes: int


@app.command("list")
def list_bundles(as_json: Json = False, debug: Debug = False) -> None:
    """List the bundles that can be given to --bundle, what is wrong with them, and those that can be built."""
    installed, missing = installed_bundles(), missing_recipes()
    if as_json:
        bundles = [{**asdict(bundle), "state": _state(bundle), "folder": str(bundle.folder)} for bundle in installed]
        print(to_json({"bundles": bundles, "recipes": [asdict(recipe) for recipe in missing]}))
    else:
        printer = console()
        printer.print(_render(printer, installed, missing))


@app.command()
def verify(
    bundles: Annotated[list[str] | None, typer.Argument(help="Names or folders; all by default.")] = None,
    debug: Debug = False,
) -> None:
    """Check every file of a bundle against the hashes in its manifest."""
    names = bundles or [bundle.name for bundle in available_bundles()]
    if not names:
        raise BundleError("there is no bundle; reinstall editjudge, or build one: editjudge bundle build --help")
    for name in names:
        bundle = Bundle.load(name)
        bundle.verify()
        engines = f" and {len(bundle.engines)} engines" if bundle.engines else ""
        count = len(bundle.files) + len(bundle.documents)
        typer.echo(f"{bundle.title} {bundle.version}: {count} files{engines}, all as the manifest says")
        typer.echo(f"  sha256 of its {FILE_NAME}: {file_sha256(bundle.folder / FILE_NAME)}")


@app.command()
def pull(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="org/name[@revision] on the hub, a web address, or a folder.")
    ],
    *,
    name: Annotated[str | None, typer.Option(help="Its name here; by default its own.")] = None,
    engines: Annotated[str, typer.Option(help="Engines to fetch: all, none, rtx or tensorrt.")] = "all",
    sha256: Annotated[
        str | None, typer.Option(metavar="HEX", help="Take it only if its bundle.toml has this sha256.")
    ] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Take it over http without encryption, too.")] = False,
    debug: Debug = False,
) -> None:
    """Fetch a bundle that somebody built, and check it; what was interrupted goes on where it stopped."""
    from editjudge.bundles import download  # noqa: PLC0415  (loads the hub's library)

    columns = [
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn(),
    ]  # fmt: skip
    with progress(*columns) as bar:
        task = bar.add_task(f"looking at {printable(source)}", total=None)
        offer = download.look_at(source, engines, insecure=insecure, sha256=sha256)
        bar.update(task, description=printable(offer.manifest.name), total=offer.bytes)
        folder = download.pull(offer, name, lambda count: bar.advance(task, count))
    bundle = Bundle.load(folder)
    typer.echo(f"{folder.name} {bundle.version}: {len(offer.files)} files, {decimal(offer.bytes)}, in {folder}")
    if folder.name in editjudge_models.bundle_names():
        typer.echo(
            f"  it is taken instead of the embedded bundle {folder.name} from now on, until you remove that folder"
        )


@app.command()
def build(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="photo-lite, photo-edge, paper, or the file of a recipe.")
    ],
    *,
    source: Annotated[Path | None, typer.Option("--from", metavar="DIR", help="Take checkpoints from here.")] = None,
    output: Annotated[Path | None, typer.Option(metavar="DIR", help="By default where --bundle finds it.")] = None,
    precision: Annotated[
        str | None, typer.Option(help=f"{', '.join(PRECISIONS)}; by default what the recipe says.")
    ] = None,
    engine: Annotated[str, typer.Option(help=f"Engines to build as well: {', '.join(ENGINES)}.")] = "none",
    target: Annotated[str | None, typer.Option(help="GPUs that engines are for, such as sm86,sm89.")] = None,
    metrics: Annotated[
        str, typer.Option(help=f"Models of metrics to put in: none, all, or some of {', '.join(METRIC_GRAPHS)}.")
    ] = "none",
    pairs: Annotated[int, typer.Option(min=0, help="Edits scored to compare with the reference pipeline.")] = 8,
    fallback: Annotated[
        bool, typer.Option("--fallback", help="Put in the recipe's larger parser, for what the small one doubts.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Download without asking.")] = False,
    stripped: Annotated[bool, typer.Option("--stripped", help="Engines without their weights.")] = False,
    allow_pickle: Annotated[bool, typer.Option("--allow-pickle", help="Read pickled weights too.")] = False,
    debug: Debug = False,
) -> None:
    """Build a bundle from checkpoints of the hub or of a folder; needs the export extra."""
    path = _recipe_file(recipe)
    check_option("--precision", precision or PRECISIONS[0], PRECISIONS)
    check_option("--engine", engine, ENGINES)
    models = read_metric_models(metrics)
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise BundleError(f"building a bundle needs {', '.join(missing)}; pip install 'editjudge[export]'")
    folder = output or cache_folder() / "bundles" / _recipe_name(path)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BundleError(f"{folder.parent} cannot be made: {reason}; choose another folder with --output") from error
    typer.echo("loading torch and transformers")  # which takes up to half a minute on a busy machine
    exporter = import_module("editjudge_export.build")
    options = exporter.BuildOptions(
        source=source,
        precision=precision,
        engine=engine,
        targets=target or "",
        stripped=stripped,
        allow_pickle=allow_pickle,
        pairs=pairs,
        metrics=models,
        fallback=fallback,
    )
    exporter.build(path, folder, options, lambda line: typer.echo(printable(line)), _never_ask if yes else _ask)
    typer.echo(f"{folder}: done; score with --bundle {folder.name if output is None else folder}")


def _ask(plan: PlannedDownload) -> None:
    """Asks for leave to download. Nobody is asked without a terminal: whoever runs it there has no way to answer."""
    if plan.downloads and sys.stdin.isatty() and sys.stdout.isatty():
        try:
            if not typer.confirm(f"Download {decimal(plan.download_bytes)} and build {plan.name}?", default=True):
                raise InputError("nothing was downloaded and nothing built, as you said; --yes goes on without asking")
        except typer.Abort:
            raise KeyboardInterrupt from None


def _never_ask(plan: PlannedDownload) -> None:
    """Leave was given."""


def _recipe_file(recipe: str) -> Path:
    if recipe in editjudge_models.recipe_names():
        return editjudge_models.recipe_path(recipe)
    if not os.path.isfile(recipe):  # False, unlike `Path.is_file`, of a name that is too long
        known = ", ".join(editjudge_models.recipe_names())
        raise InputError(f"there is no recipe {shorten(recipe)}: it is neither a file nor one of {known}")
    return Path(recipe)


def _recipe_name(path: Path) -> str:
    """The name of the bundle that a recipe makes. Raises InputError."""
    try:
        name = tomllib.loads(path.read_text(encoding="utf-8")).get("name")
    except (OSError, ValueError) as error:
        raise InputError(f"the recipe {path} cannot be read: {error}") from error
    if not isinstance(name, str):
        raise InputError(f"the recipe {path} lacks the name of the bundle")
    return check_name(name)


def _state(bundle: InstalledBundle) -> str:
    return "damaged" if bundle.problem else "whole"


def _render(printer: Console, installed: list[InstalledBundle], missing: list[RecipeSummary]) -> RenderableType:
    wide = printer.width >= WIDE
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("name", "version", "state", "size", "precision", "engines", *(["folder"] if wide else [])):
        last = column in {"engines", "folder"}
        table.add_column(column, justify="right" if column == "size" else "left", no_wrap=not last, overflow="fold")
    for bundle in installed:
        state = Text(_state(bundle), style="red" if bundle.problem else "green")
        precision, engines = ", ".join(bundle.precision) or "-", "\n".join(map(printable, bundle.engines)) or "-"
        row = (printable(bundle.name), printable(bundle.version), state, decimal(bundle.bytes), printable(precision))
        table.add_row(*row, engines, *([printable(str(bundle.folder))] if wide else []))
    lines: list[RenderableType] = [table]
    if not wide:
        lines += [Text(), _grid([(bundle.name, str(bundle.folder)) for bundle in installed], "dim")]
    damaged = [(bundle.name, bundle.problem) for bundle in installed if bundle.problem]
    if damaged:
        lines += [Text(), _grid(damaged, "red")]
    if missing:
        how = "editjudge bundle build NAME, or editjudge bundle pull SOURCE --name NAME"
        recipes = [(f"  {recipe.name}", recipe.description) for recipe in missing]
        lines += [Text(f"\nNot here yet; {how}:"), _grid(recipes, "dim")]
    return Group(*lines)


def _grid(rows: list[tuple[str, str]], style: str) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(style=style, overflow="fold")
    for name, text in rows:
        grid.add_row(printable(name), printable(text))
    return grid
