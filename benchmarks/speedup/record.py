"""What is kept of a measurement."""

from __future__ import annotations

from typing import Any

SideRecord = dict[str, Any]
"""What a side took for one edit, as it is kept in data/speedup.json: seconds ("vision": without the parse, "parse",
"told": with it, "stages"), "work" and so on. That of an edit holds one for each side, by name."""
