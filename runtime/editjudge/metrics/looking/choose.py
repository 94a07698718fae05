"""How much of edited pictures is looked at: as was asked for, or as a bundle says."""

from __future__ import annotations

from typing import get_args

from editjudge.bundles.bundle import Bundle
from editjudge.bundles.roles import name_window_role
from editjudge.errors import BundleError, InputError, quote_value
from editjudge.types import Look


def check_look(look: str | None) -> Look | None:
    """The way to look; None: as the bundle is made for. Raises InputError, listing what there is, for anything else."""
    for known in get_args(Look):
        if look == known:
            return known  # type: ignore[no-any-return]
    if look is None:
        return None
    raise InputError(f"there is no look {quote_value(look)}; choose {' or '.join(get_args(Look))}, or leave it out")


def choose_look(look: str | None, bundle: Bundle) -> Look:
    """The way to look with a bundle. Raises InputError, and BundleError where it has no models for it."""
    wanted = check_look(look)
    if wanted == "changes" and not bundle.has(name_window_role("detector", 0)):
        raise BundleError(
            f"bundle {bundle.title} has no detector of windows, which looking only where a picture changed needs; "
            "leave look out, or build the bundle with [detector] windows in its recipe"
        )
    return wanted or bundle.manifest.look
