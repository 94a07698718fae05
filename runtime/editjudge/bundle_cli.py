"""`editjudge bundle`: the bundles that are here, whether they are whole, and building one."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer

from editjudge.bundle import Bundle, FoundBundle, available_bundles
from editjudge.doctor import bundle_state
from editjudge.errors import BundleError

app = typer.Typer(rich_markup_mode=None, no_args_is_help=False)

Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
NEEDED = ("torch", "transformers", "optimum", "onnx")


@app.command("list")
def list_bundles(debug: Debug = False) -> None:
    """List the bundles that can be given to --bundle, and what is wrong with them."""
    for each in _available():
        typer.echo(f"{each.name}  {bundle_state(each.name) or 'whole'}  {each.folder}")


@app.command()
def verify(
    bundles: Annotated[list[str] | None, typer.Argument(help="Names or folders; all by default.")] = None,
    debug: Debug = False,
) -> None:
    """Check every file of a bundle against the hashes in its manifest."""
    for name in bundles or [each.name for each in _available()]:
        bundle = Bundle.load(name)
        bundle.verify()
        typer.echo(f"{bundle.name} {bundle.version}: {len(bundle.files)} files, all as the manifest says")


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
def build(context: typer.Context) -> None:
    """Build a bundle from checkpoints, as `python -m editjudge_export bundle` does, with its options."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise BundleError(f"building a bundle needs {', '.join(missing)}; pip install 'editjudge[export]'")
    raise typer.Exit(import_module("editjudge_export.__main__").main(["bundle", *context.args]) or 0)


def _available() -> list[FoundBundle]:
    found = available_bundles()
    if not found:
        raise BundleError("there is no bundle; reinstall editjudge, or build one: editjudge bundle build --help")
    return found
