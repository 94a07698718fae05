"""Which metrics there are: what each means, which way it counts, and which models of a bundle it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from editjudge.bundle import Bundle
from editjudge.entries import Role
from editjudge.errors import BundleError, InputError

ALL = "all"


@dataclass(frozen=True)
class Metric:
    """A metric of an edit.

    title: what papers call it. meaning: in a line. roles: the models that a bundle must have for it. reads_intent:
    whether the instruction has to be parsed. parts: the metrics that it is the sum of; over a data set the paper brings
    each to 0..1 (Norm) before it adds them up.
    """

    name: str
    title: str
    meaning: str
    higher_is_better: bool
    roles: tuple[Role, ...] = ()
    reads_intent: bool = False
    parts: tuple[str, ...] = ()


_CLIP: tuple[Role, ...] = ("clip_vision", "clip_text")
_BPM: tuple[Role, ...] = ("detector", "sam_encoder", "sam_decoder", *_CLIP)

METRICS: dict[str, Metric] = {
    each.name: each
    for each in (
        Metric("bpm", "BPM", "0 to 2: the asked is done, and the rest left alone", True, _BPM, True),
        Metric("l2", "L2", "0 to 1: how far the pixels lie apart, on average", False),
        Metric("lpips", "LPIPS (Alex)", "from 0: how different the pictures are to AlexNet", False, ("lpips",)),
        Metric("clip_i", "CLIP-I", "-1 to 1: how alike the pictures are to CLIP", True, ("clip_vision",)),
        Metric("clip_t", "CLIPScore (CLIP-T)", "-1 to 1: how well the result fits the instruction", True, _CLIP),
        Metric(
            "clip_directional",
            "directional CLIP",
            "-1 to 1: how well the change fits that from source to target",
            True,
            _CLIP,
            reads_intent=True,
        ),
        Metric("dino", "DINO score (ViT-S/16)", "-1 to 1: how alike the pictures are to DINO", True, ("dino",)),
        Metric("dinov2", "DINOv2 score (ViT-S/14)", "-1 to 1: how alike the pictures are to DINOv2", True, ("dinov2",)),
        Metric("ssim", "SSIM", "-1 to 1: how alike the pictures are in their structure", True),
        Metric("psnr", "PSNR", "decibels: how little the pixels differ; infinite: not at all", True),
        Metric(
            "clip_t_plus_i",
            "CLIPScore + CLIP-I",
            "-2 to 2: how well the result fits instruction and original",
            True,
            _CLIP,
            parts=("clip_t", "clip_i"),
        ),
    )
}
"""By name; the order is the one that "all" gives them in."""


def known(names: Sequence[str]) -> tuple[str, ...]:
    """The names, each once. Raises InputError, listing what there is, for one that is no metric's."""
    for name in names:
        if name not in METRICS:
            raise InputError(f"there is no metric {name!r}; choose all or some of {', '.join(METRICS)}")
    return tuple(dict.fromkeys(names))


def named(text: str) -> tuple[str, ...] | None:
    """The metrics that "l2,lpips" names; None for "all". Raises InputError."""
    names = [each.strip() for each in text.split(",") if each.strip()]
    if names == [ALL]:
        return None
    if not names:
        raise InputError(f"no metric is named; choose all or some of {', '.join(METRICS)}")
    return known(names)


def chosen(names: Sequence[str] | None, bundle: Bundle, *, parsed: bool) -> tuple[str, ...]:
    """The metrics of these names, or None: all that a bundle has the models of.

    parsed: whether the intent is known, so that no parser is needed. Raises InputError, and BundleError for a named
    metric whose model the bundle lacks.
    """
    if names is None:
        return tuple(name for name in METRICS if not _lacking(name, bundle, parsed))
    names = known(names)
    for name in names:
        for role in _lacking(name, bundle, parsed):
            where = f"the metric {name} needs a model of role {role}, which bundle {bundle.name} lacks"
            if role == "parser":
                raise BundleError(f"{where}; give the intent instead of the instruction")
            raise BundleError(f"{where}; build one that has it: editjudge bundle build photo-edge --metrics {role}")
    return names


def _lacking(name: str, bundle: Bundle, parsed: bool) -> list[Role]:
    metric = METRICS[name]
    parser: tuple[Role, ...] = ("parser",) if metric.reads_intent and not parsed else ()
    return [role for role in (*metric.roles, *parser) if not bundle.has(role)]
