"""How several workers on one machine share its cores."""

from __future__ import annotations

from dataclasses import replace

from editjudge.server.options import ServiceOptions
from editjudge.utils.pools import usable_cores


def share_cores(options: ServiceOptions, workers: int) -> ServiceOptions:
    """What one of so many workers is told: its models run on its part of the cores, unless it was said on how many.

    If each worker's models ran on all cores, their threads would wait for each other's.
    """
    if options.threads is not None or workers == 1:
        return options
    return replace(options, threads=max(1, usable_cores() // workers))
