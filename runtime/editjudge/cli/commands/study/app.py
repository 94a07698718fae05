"""`editjudge study`: a group of commands whose own is the one that shows a data set to raters."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import typer

from editjudge.cli.command_group import CommandGroup
from editjudge.cli.commands.study.export import export
from editjudge.cli.commands.study.import_ratings import import_ratings
from editjudge.cli.commands.study.masks import masks
from editjudge.cli.commands.study.pages import show_pages
from editjudge.cli.commands.study.show import show
from editjudge.errors import InputError, quote_value
from editjudge.utils.text import shorten

PAGES = "pages"
"""The command that is meant where none is named."""


class StudyGroup(CommandGroup):
    """Takes what is no name of a command for a data set; one called as a command is written ./export."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """ctx: click's context, whose class typer brings along."""
        if not args:
            raise InputError(f"name a data set or a command; see {ctx.command_path} --help")
        if args[0] not in (*self.commands, *ctx.help_option_names):
            if not args[0].startswith("-") and not set(args) & {*ctx.help_option_names}:
                _check_data(args[0], list(self.commands))
            args = [PAGES, *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Both ways to call it."""
        formatter.write_usage(ctx.command_path, "DATA --db FILE [OPTIONS]")
        formatter.write_usage(ctx.command_path, "COMMAND [ARGS]...", "       ")


def _check_data(word: str, commands: list[str]) -> None:
    """Raises InputError for a word that is neither a command nor there."""
    path = Path(word)
    try:
        is_there = path.exists()
    except (OSError, ValueError):  # a name that no file can have
        is_there = False
    if is_there:
        return
    near = get_close_matches(word, commands, 1) if path.name == word and not path.suffix else []
    if near:
        raise InputError(
            f"there is no command or data set {quote_value(word)}; did you mean editjudge study {near[0]}?"
        )
    raise InputError(f"there is no data set {shorten(word)}; check the path, or see editjudge study --help")


app = typer.Typer(cls=StudyGroup, rich_markup_mode=None)
app.command(PAGES, help="Show the edits of DATA to raters; what `editjudge study DATA` does.")(show_pages)
app.command()(export)
app.command("import")(import_ratings)
app.command()(masks)
app.command()(show)
