"""Whether an ONNX file is one of its role: what it takes and gives, and which files it reads beside itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from editjudge.bundles.contents.onnx_graph import Shape, read_summary
from editjudge.bundles.roles import ROLES

OUTPUTS = {
    "clip_vision": {"image_embeds": 2},
    "clip_text": {"text_embeds": 2},
    "detector": {"logits": 3, "pred_boxes": 3},
    "detector_text": {"class_embeds": 2, "token_embeds": 3},
    "sam_encoder": {"image_embeddings": 4},
    "sam_decoder": {"pred_masks": 4},
    "difference": {"kind": 4, "box": 4, "quality": 4, "mask": 4},
    "edit_clip": {"edit_embeds": 2},
    "edit_clip_text": {"text_embeds": 2},
    "lpips": {"distance": 1},
    "dino": {"features": 2},
    "dinov2": {"features": 2},
    "vifi_clip": {"edit_embeds": 2},
    "vifi_clip_text": {"text_embeds": 2},
}
"""What each graph gives, by its role: the names of its outputs, and their number of dimensions. Those of windows give
what that of the whole picture does."""


def check_graph(path: Path, role: str, listed: Iterable[str], lengths: Callable[[str], Shape | None]) -> None:
    """Raises ValueError for a graph that no model of this role is, and OSError.

    Args:
        path: Of the ONNX file.
        role: Of the file.
        listed: The names of the files beside it that it may read.
        lengths: Gives the shape that an input is fed in, or an output read in, None in the place of the number of
            pictures; None where nothing is known of it.
    """
    summary = read_summary(path)
    unlisted = summary.files - set(listed)
    if unlisted:
        raise ValueError(f"it reads the file {min(unlisted)!r}, which the manifest does not list as its weights")
    known = ROLES.get(role)
    for name, rank in OUTPUTS.get(known.whole or role if known else role, {}).items():
        if name not in summary.outputs or len(summary.outputs[name]) != rank:
            raise ValueError(f"it has no output {name} of {rank} dimensions")
    for kind, shapes in (("input", summary.inputs), ("output", summary.outputs)):
        for name, shape in shapes.items():
            wanted = lengths(name)
            if wanted is not None and not _fits(shape, wanted):
                raise ValueError(f"its {kind} {name} is {_describe(shape)}, and by the manifest {_describe(wanted)}")


def _fits(shape: Shape, wanted: Shape) -> bool:
    pairs = zip(shape, wanted, strict=False)
    return len(shape) == len(wanted) and all(None in pair or pair[0] == pair[1] for pair in pairs)


def _describe(shape: Shape) -> str:
    return " x ".join("n" if length is None else str(length) for length in shape) or "a single number"
