"""The architectures that can be exported: one table, which recipes, downloads, builds and the command line read.

To add one, write its module, which defines what `ArchitectureModule` lists, and an entry of the table. Its roles are
those of the runtime (`editjudge.bundles.roles`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from editjudge_export.architectures.architecture import Architecture, Setting

HERE = "editjudge_export.architectures"

WINDOWS = Setting("windows", "pixels of a side of windows, the largest first; once for each size", None, many=True)

ARCHITECTURES: dict[str, Architecture] = {
    architecture.name: architecture
    for architecture in (
        Architecture(
            "clip",
            command="clip",
            roles=("clip_vision", "clip_text", "clip_tokenizer"),
            settings=(Setting("context", "tokens of a text; by default what the model takes", None),),
            module=f"{HERE}.clip",
        ),
        Architecture(
            "detector",
            command="grounding-dino",
            roles=("detector", "detector_tokenizer"),
            settings=(
                Setting("height", "pixels", 800),
                Setting("width", "pixels", 800),
                Setting("text_length", "tokens that a caption is padded to", 48),
                Setting("fit", "how pictures fill the input", "pad", choices=("stretch", "pad")),
                WINDOWS,
            ),
            module=f"{HERE}.grounding_dino",
            windows=("detector",),
        ),
        Architecture(
            "omdet_turbo",
            command="omdet-turbo",
            roles=("detector", "detector_text", "detector_tokenizer"),
            settings=(
                Setting("height", "pixels, a multiple of 32", 640),
                Setting("width", "pixels, a multiple of 32", 640),
                Setting("text_length", "tokens of a text at the most", 77),
                WINDOWS,
            ),
            module=f"{HERE}.omdet_turbo",
            windows=("detector",),
            instead_of="detector",
        ),
        Architecture(
            "segmenter",
            command="sam",
            roles=("sam_encoder", "sam_decoder"),
            settings=(Setting("size", "pixels of a side of the input; by default the checkpoint's", None), WINDOWS),
            module=f"{HERE}.sam",
            windows=("sam_encoder", "sam_decoder"),
            resizable=True,
        ),
        Architecture(
            "difference",
            command="difference",
            roles=("difference",),
            settings=(Setting("size", "pixels of a side of the input", 256),),
            module=f"{HERE}.difference",
        ),
        Architecture(
            "edit_clip",
            command="edit-clip",
            roles=("edit_clip", "edit_clip_text", "edit_clip_tokenizer"),
            settings=(Setting("context", "tokens of an instruction; by default what the model takes", None),),
            module=f"{HERE}.edit_clip",
        ),
        Architecture(
            "lpips",
            command="lpips",
            roles=("lpips",),
            settings=(Setting("size", "pixels of a side of the input", 512),),
            module=f"{HERE}.lpips",
            from_url=True,
        ),
        Architecture(
            "dino",
            command="dino",
            roles=("dino",),
            settings=(Setting("size", "pixels of a side of the input", 224),),
            module=f"{HERE}.dino",
        ),
        Architecture(
            "dinov2",
            command="dinov2",
            roles=("dinov2",),
            settings=(Setting("size", "pixels of a side of the input", 224),),
            module=f"{HERE}.dinov2",
        ),
        Architecture(
            "vifi_clip",
            command="vifi-clip",
            roles=("vifi_clip", "vifi_clip_text", "vifi_clip_tokenizer"),
            settings=(
                Setting("context", "tokens of a text; by default what the model takes", None),
                Setting("frames", "pictures of a clip", 2),
            ),
            module=f"{HERE}.vifi_clip",
            pickle="*.pth",
        ),
    )
}
"""By name."""

SECTIONS = tuple(dict.fromkeys(architecture.section for architecture in ARCHITECTURES.values()))
"""Of recipes."""
REQUIRED = tuple(name for name, architecture in ARCHITECTURES.items() if architecture.required)
"""The architectures that every bundle has."""
OPTIONAL = tuple(name for name, architecture in ARCHITECTURES.items() if architecture.for_metric)
"""Those that only metrics need."""


def find_architecture(section: str, settings: Mapping[str, Any]) -> Architecture:
    """The architecture that a recipe has in a section.

    Args:
        section: One of `SECTIONS`.
        settings: Those of the section.

    Raises ValueError for one that is not known.
    """
    known = {choice.command: choice for choice in ARCHITECTURES.values() if choice.section == section}
    wanted = settings.get("architecture", ARCHITECTURES[section].command)
    if wanted not in known:
        raise ValueError(f"the architecture of [{section}] is {wanted!r}; it must be one of {', '.join(known)}")
    return known[wanted]
