"""One edit of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from editjudge.errors import InputError
from editjudge.image.decode import ImageSource
from editjudge.utils.text import SURROGATES


@dataclass(frozen=True)
class EditSample:
    """An original, an edited picture and an instruction; None for what is missing.

    Attributes:
        id: The set's own name for the row, or its number.
        group: Shared by rows that can be compared: edits of one original by one instruction.
        human: What people said of the edit; higher is better.
        columns: All that is known of the row as texts and numbers: the six fields above, with the names of pictures,
            and the set's own columns.
        problem: Why the row cannot be read.
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
        """Original, edited picture and instruction. Raises InputError for a row that lacks one, whole and readable."""
        original, edited = self.pictures()
        if self.instruction is None:
            raise InputError("the row has no instruction")
        if SURROGATES.search(self.instruction):
            raise InputError("the instruction has characters that are cut or are no UTF-8; save the data set as UTF-8")
        return original, edited, self.instruction

    def pictures(self) -> tuple[ImageSource, ImageSource]:
        """Original and edited picture, whatever was asked for. Raises InputError for a row that lacks one."""
        if self.problem is not None:
            raise InputError(self.problem)
        if self.original is None or self.edited is None:
            raise InputError(f"the row has no {'original' if self.original is None else 'edited'} picture")
        return self.original, self.edited
