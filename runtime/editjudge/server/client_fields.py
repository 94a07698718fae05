"""What a client asks for beside the pictures, as the text fields of a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from editjudge.utils.arguments import NUMBER, TEXT, TEXTS, whole_number
from editjudge.utils.text import replace_surrogates

COUNT = whole_number(1, 2**31 - 1)


def write_fields(fields: Mapping[str, Any]) -> dict[str, str]:
    """Those that say something: None and an empty list do not. Numbers may be NumPy's. A lone surrogate, which no form
    can hold, is replaced.

    Raises InputError for what no such field may be.
    """
    told = {name: _write(name, value) for name, value in fields.items() if value is not None}
    return {name: text for name, text in told.items() if text is not None}


def _write(name: str, value: Any) -> str | None:
    if name == "budget_ms":
        NUMBER.check(budget_ms=value)
        return repr(float(value))
    if name == "best":
        COUNT.check(best=value)
        return str(int(value))
    if name == "metrics" and not isinstance(value, str):
        TEXTS.check(metrics=value)
        return replace_surrogates(",".join(value)) if value else None
    TEXT.check(**{name: value})
    return replace_surrogates(value)
