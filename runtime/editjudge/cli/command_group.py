"""A group of commands whose help tells each of them in a whole sentence."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

WHOLE = 10_000
"""As many characters of a sentence as it may have: none is cut."""


class CommandGroup(TyperGroup):
    """Prints its help where nothing is asked of it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """ctx: click's context, whose class typer brings along."""
        if not args:
            typer.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Lists the commands; typer would cut what does not fit a line."""
        rows = [(name, command.get_short_help_str(WHOLE)) for name, command in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
