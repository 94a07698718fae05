"""Where models ran, in words."""

from __future__ import annotations

from collections.abc import Mapping

from editjudge.types import Ran

NAMES = {
    "detector": "detector",
    "sam_encoder": "SAM encoder",
    "sam_decoder": "SAM decoder",
    "clip_vision": "CLIP vision",
    "clip_text": "CLIP text",
    "parser": "parser",
}


def placed(models: Mapping[str, Ran]) -> str:
    """The devices, that of most models first: "cuda; parser on cpu"."""
    by_device: dict[str, list[str]] = {}
    for role, ran in models.items():
        by_device.setdefault(ran.device, []).append(NAMES[role])
    first, *others = sorted(by_device, key=lambda device: -len(by_device[device])) or [""]
    return "; ".join([first, *(f"{', '.join(by_device[device])} on {device}" for device in others)])
