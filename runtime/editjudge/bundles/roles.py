"""The roles that files play in a bundle: one table, which the manifest, the models, the reports and the export read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from editjudge.bundles.settings import (
    WINDOW_SIZES,
    CoherenceSettings,
    DifferenceSettings,
    DomainSettings,
    EditClipSettings,
    ElementSettings,
    PictureSettings,
    VifiClipSettings,
)
from editjudge.bundles.toml_schema import OneOf

RoleKind = Literal["graph", "tokenizer", "language_model", "adapter", "probe", "words"]
"""A graph is an ONNX file, which runs in a session and can be compiled; its weights may be in a second file."""


@dataclass(frozen=True)
class Role:
    """What a file is for.

    Attributes:
        name: As manifests have it.
        title: In words, for reports.
        kind: What sort of file it is.
        required: Whether every bundle has it.
        settings: The type of the manifest's section of the same name, where the role has one of its own; the section
            and the file belong together.
        for_metric: Whether only metrics need it (`bundle build --metrics`).
        whole: The role of the same model that takes whole pictures, where this one takes windows of them; both read
            their weights from one file.
    """

    name: str
    title: str
    kind: RoleKind
    required: bool = False
    settings: type[Any] | None = None
    for_metric: bool = False
    whole: str | None = None


ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role("clip_vision", "CLIP vision", "graph", required=True),
        Role("clip_text", "CLIP text", "graph", required=True),
        Role("clip_tokenizer", "CLIP tokenizer", "tokenizer", required=True),
        Role("detector", "detector", "graph", required=True),
        Role("detector_tokenizer", "detector tokenizer", "tokenizer", required=True),
        Role("sam_encoder", "SAM encoder", "graph", required=True),
        Role("sam_decoder", "SAM decoder", "graph", required=True),
        Role("detector_text", "phrases of the detector", "graph"),
        Role("detector_medium", "detector of windows", "graph", whole="detector"),
        Role("detector_small", "detector of small windows", "graph", whole="detector"),
        Role("sam_encoder_medium", "SAM encoder of windows", "graph", whole="sam_encoder"),
        Role("sam_encoder_small", "SAM encoder of small windows", "graph", whole="sam_encoder"),
        Role("sam_decoder_medium", "SAM decoder of windows", "graph", whole="sam_decoder"),
        Role("sam_decoder_small", "SAM decoder of small windows", "graph", whole="sam_decoder"),
        Role("parser", "parser", "language_model"),
        Role("parser_adapter", "parser adapter", "adapter"),
        Role("fallback_parser", "fallback parser", "language_model"),
        Role("difference", "difference detector", "graph", settings=DifferenceSettings),
        Role("domain", "domain probe", "probe", settings=DomainSettings),
        Role("vocabulary", "vocabulary", "words"),
        Role("coherence", "coherence network", "probe", settings=CoherenceSettings),
        Role("elements", "names of objects", "words", settings=ElementSettings),
        Role("edit_clip", "embedding of edits", "graph", settings=EditClipSettings),
        Role("edit_clip_text", "instructions of the embedding of edits", "graph"),
        Role("edit_clip_tokenizer", "tokenizer of the embedding of edits", "tokenizer"),
        Role("lpips", "LPIPS", "graph", settings=PictureSettings, for_metric=True),
        Role("dino", "DINO", "graph", settings=PictureSettings, for_metric=True),
        Role("dinov2", "DINOv2", "graph", settings=PictureSettings, for_metric=True),
        Role("vifi_clip", "ViFi-CLIP", "graph", settings=VifiClipSettings, for_metric=True),
        Role("vifi_clip_text", "ViFi-CLIP text", "graph", for_metric=True),
        Role("vifi_clip_tokenizer", "ViFi-CLIP tokenizer", "tokenizer", for_metric=True),
    )
}
"""By name."""

GRAPHS = tuple(role.name for role in ROLES.values() if role.kind == "graph" and role.required)
"""The models that every score needs."""
OTHER_GRAPHS = tuple(role.name for role in ROLES.values() if role.kind == "graph" and not role.required)
"""Those that a bundle may lack."""
METRIC_GRAPHS = tuple(role.name for role in ROLES.values() if role.for_metric and role.settings is not None)
"""The models that only a metric of the same name needs; what else comes with one has no settings of its own."""
REQUIRED = frozenset(role.name for role in ROLES.values() if role.required)


def name_window_role(role: str, place: int) -> str:
    """The role of the graph that takes windows of the size at this place of its model's list; 0 is the largest."""
    return f"{role}_{WINDOW_SIZES[place]}"


def name_weights_role(role: str) -> str:
    """The role of the file that a graph reads its weights from, where they are not in the graph's own."""
    known = ROLES.get(role)
    return f"{known.whole if known and known.whole else role}_data"


WEIGHTS = tuple(f"{role.name}_data" for role in ROLES.values() if role.kind == "graph" and role.whole is None)
"""The roles of the files that graphs read their weights from, where a graph has them in a second one."""

RoleName = Annotated[str, OneOf((*ROLES, *WEIGHTS))]
"""A role, or that of the weights of a graph."""
GraphName = Annotated[str, OneOf((*GRAPHS, *OTHER_GRAPHS))]
