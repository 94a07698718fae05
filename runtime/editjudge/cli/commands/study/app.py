"""`editjudge study`: a group of commands whose own is the one that shows a data set to raters."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from editjudge.cli.commands.study.export import export
from editjudge.cli.commands.study.import_ratings import import_ratings
from editjudge.cli.commands.study.masks import masks
from editjudge.cli.commands.study.pages import show_pages
from editjudge.cli.commands.study.show import show

PAGES = "pages"
"""The command that is meant where none is named."""


class StudyGroup(TyperGroup):
    """Takes what is no name of a command for a data set; one called as a command is written ./export."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """ctx: click's context, whose class typer brings along."""
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = [PAGES, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=StudyGroup, rich_markup_mode=None, no_args_is_help=True)
app.command(PAGES, help="Show the edits of DATA to raters; what `editjudge study DATA` does.")(show_pages)
app.command()(export)
app.command("import")(import_ratings)
app.command()(masks)
app.command()(show)
