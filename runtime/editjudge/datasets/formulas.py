"""Texts that a spreadsheet would run as formulas, and how they stand in a CSV file: behind an apostrophe.

`=HYPERLINK(...)` in an instruction is somebody else's program for whoever opens the table. The apostrophe is the
spreadsheets' own mark of a text. A text that already begins with apostrophes before such a sign gets one more, so that
reading always takes away exactly what writing added.
"""

from __future__ import annotations

import re

RISKY = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""The signs that begin a formula, those of full width too; a tab or a line end may be skipped to reach one."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def escape_formula(text: str) -> str:
    """The text behind an apostrophe where a spreadsheet would take it for a formula; numbers such as -0.5 as they are.

    >>> escape_formula("=1+1"), escape_formula("-0.5"), escape_formula("make it red")
    ("'=1+1", '-0.5', 'make it red')
    """
    return f"'{text}" if RISKY.match(text) and not NUMBER.fullmatch(text) else text


def unescape_formula(cell: str) -> str:
    """The text that `escape_formula` made the cell of.

    >>> unescape_formula("'=1+1"), unescape_formula("'tis red")
    ('=1+1', "'tis red")
    """
    return cell[1:] if cell.startswith("'") and RISKY.match(cell) else cell
