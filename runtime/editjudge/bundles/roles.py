"""The roles that files play in a bundle: one table, which the manifest, the models, the reports and the export read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from editjudge.bundles.settings import (
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
"""A graph is an ONNX file, which runs in a session and can be compiled; over 2 GB its weights are in a second file."""


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
    """

    name: str
    title: str
    kind: RoleKind
    required: bool = False
    settings: type[Any] | None = None
    for_metric: bool = False


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

RoleName = Annotated[str, OneOf((*ROLES, *(f"{graph}_data" for graph in GRAPHS)))]
"""A role, or that of the weights of a graph that keeps them in a second file."""
GraphName = Annotated[str, OneOf((*GRAPHS, *OTHER_GRAPHS))]
