"""A group of commands whose help tells each of them in a whole sentence."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

WHOLE = 10_000
"""As many characters of a sentence as it may have: none is cut."""


class CommandGroup(TyperGroup):
    """Lists its commands without cutting what does not fit a line, as typer would."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """ctx, formatter: click's, whose classes typer brings along."""
        rows = [(name, command.get_short_help_str(WHOLE)) for name, command in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
