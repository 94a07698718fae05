"""Where models ran, in words."""

from __future__ import annotations

from collections.abc import Mapping

from editjudge.bundles.roles import ROLES
from editjudge.types import Placement


def describe_placements(models: Mapping[str, Placement]) -> str:
    """The devices, that of most models first: "cuda; parser on cpu"."""
    by_device: dict[str, list[str]] = {}
    for role, placement in models.items():
        by_device.setdefault(placement.device, []).append(ROLES[role].title)
    first, *others = sorted(by_device, key=lambda device: -len(by_device[device])) or [""]
    return "; ".join([first, *(f"{', '.join(by_device[device])} on {device}" for device in others)])
