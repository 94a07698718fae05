"""One edit of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from editjudge.errors import InputError
from editjudge.image import ImageSource


@dataclass(frozen=True)
class Row:
    """An original, an edited picture and an instruction; what is not there is None, and what is wrong is `problem`.

    id: the set's own name for the row, or its number. group: what the rows to be compared with one another share, an
    original and an instruction. human: what people said of the edit, the higher the better. columns: everything there
    is to know of the row as texts and numbers: the six fields here, pictures by their names, and the set's own columns.
    """

    id: str
    original: ImageSource | None = None
    edited: ImageSource | None = None
    instruction: str | None = None
    group: str | None = None
    human: float | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None

    def edit(self) -> tuple[ImageSource, ImageSource, str]:
        """Original, edited picture and instruction. Raises InputError for a row that lacks one."""
        if self.problem is not None:
            raise InputError(self.problem)
        if self.original is None or self.edited is None:
            raise InputError(f"the row has no {'original' if self.original is None else 'edited'} picture")
        if self.instruction is None:
            raise InputError("the row has no instruction")
        return self.original, self.edited, self.instruction
