"""How options of `editjudge bundle build` and `python -m editjudge_export bundle` are read."""

from __future__ import annotations

from editjudge.bundles.roles import METRIC_GRAPHS
from editjudge.errors import InputError, quote_value

NONE, ALL = "none", "all"


def read_metric_models(text: str) -> tuple[str, ...]:
    """The models of metrics that `--metrics` asks for; "all" is one of them. Raises InputError."""
    models = tuple(model for model in text.split(",") if model != NONE)
    for model in models:
        check_option("--metrics", model, (NONE, ALL, *METRIC_GRAPHS))
    return models


def check_option(option: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raises InputError for a value that is not allowed."""
    if value not in allowed:
        raise InputError(f"{option} is {quote_value(value)}; it must be one of {', '.join(allowed)}")
