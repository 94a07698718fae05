"""The data that flows between the models and the metrics. Everything here is immutable and knows no model."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from editjudge.errors import InputError, quote_value

EditType = Literal["add", "remove", "replace", "color", "texture", "size", "move", "action", "style", "other"]
Size = Literal["larger", "smaller", "unchanged"]
Position = Literal["left", "right", "up", "down", "inside", "near", "unchanged"]

EDIT_TYPES: tuple[EditType, ...] = get_args(EditType)
SIZES: tuple[Size, ...] = get_args(Size)
POSITIONS: tuple[Position, ...] = get_args(Position)

ChangeKind = Literal["edit", "unchanged", "noise", "other_picture"]
"""What happened to a picture, by its pixels: an edit; nothing but drift and compression; nothing but noise; or this is
another picture."""
CHANGE_KINDS: tuple[ChangeKind, ...] = get_args(ChangeKind)
"""The better ones first."""

ModelArtifact = Literal["model", "compiled", "engine"]
"""What was opened: a bundle's model, what was compiled from it on this machine, or an engine of the bundle."""

FRAME = 512
"""Pixels of the longest side that pictures are scaled down to, where a bundle does not say otherwise. Lengths in pixels
of the frame are stated for this one, and grow with a larger picture (`image.transforms.frame_scale`)."""

Look = Literal["changes", "all"]
"""How much of an edited picture models look at: only where it changed, as far as that tells as much, or all of it."""

ALL = "all"
"""The source or target of an edit of the whole picture."""
LONGEST_PHRASE = 4000
"""Characters of a phrase: as many as the longest instruction has."""
UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Halves of characters and controls, of which no phrase is made; a text to be written may have several lines."""

Floats = NDArray[np.float32]
"""float32, of any shape."""
Doubles = NDArray[np.float64]
"""float64, of any shape."""
Image = NDArray[np.uint8]
"""uint8[H, W, 3], RGB."""
Boxes = NDArray[np.float32]
"""float32[N, 4]: x0, y0, x1, y1 in pixels of the picture they lie in, ends exclusive."""
Masks = NDArray[np.bool_]
"""bool[N, H, W]."""
Triple = tuple[float, float, float]
"""A number for each of red, green and blue."""


@dataclass(frozen=True)
class EditIntent:
    """What an instruction asks for (BPM, section 3.2 and appendix A.1).

    Attributes:
        source: The phrase for what is modified in the original: None for an add, "all" for a global edit.
        target: The phrase for what results in the edited picture: None for a remove.
        anchor: The object that an add or a move refers to.
        position: The position of the edited object relative to it.
        keep: The phrase for what is named as staying as it is: "bride" of "remove everyone but the bride".
        text: The words to be written, as they are quoted, capitals and punctuation included.

    Raises InputError for a value that is none of these, and for a phrase that is longer than any that could be looked
    for, or holds a control character or half a character.
    """

    edit_type: EditType
    source: str | None
    target: str | None
    anchor: str | None = None
    size: Size = "unchanged"
    position: Position = "unchanged"
    keep: str | None = None
    text: str | None = None

    def __post_init__(self) -> None:
        for name, options in (("edit_type", EDIT_TYPES), ("size", SIZES), ("position", POSITIONS)):
            value = getattr(self, name)
            if not isinstance(value, str) or value not in options:
                raise InputError(f"{name} is {quote_value(value)}; it must be one of {', '.join(options)}")
        for name in ("source", "target", "anchor", "keep", "text"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise InputError(f"{name} is {quote_value(value)}; give a phrase as a text, or None for none")
            if value is not None and len(value) > LONGEST_PHRASE:
                raise InputError(f"{name} has {len(value):,} characters; give at most {LONGEST_PHRASE:,}")
            if value is not None and (found := UNREADABLE.search(value)):
                raise InputError(f"{name} holds {quote_value(found[0])}, which no phrase is made of; leave it out")

    @property
    def is_global(self) -> bool:
        """Whether the edit concerns the whole picture."""
        return self.source == ALL

    def to_dict(self) -> dict[str, str | None]:
        return asdict(self)


@dataclass(frozen=True)
class Detections:
    """What the detector found of one phrase in one picture, best first; `scores` are float32[N], 0 to 1.

    is_weak: whether it is sure of none of them.
    """

    phrase: str
    boxes: Boxes
    scores: NDArray[np.float32]
    is_weak: bool = False

    def __post_init__(self) -> None:
        if self.boxes.shape != (len(self.scores), 4):
            raise ValueError(f"boxes must be [N, 4] with N scores, not {self.boxes.shape} with {self.scores.shape}")

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True)
class FoundBox:
    """An object that was found, as reports have it; `box` is x0, y0, x1, y1 in pixels of the original picture."""

    phrase: str
    box: tuple[float, float, float, float]
    score: float


@dataclass(frozen=True)
class Drift:
    """What happened to all of a picture, and is no edit.

    Attributes:
        shift: How far right and down the content moved, in pixels of the original.
        scale: How much larger it is.
        gain, offset: Per channel, in levels of 0 to 255: edited = gain * original + offset.
    """

    shift: tuple[float, float]
    scale: float
    gain: Triple
    offset: Triple


@dataclass(frozen=True)
class Placement:
    """What a model really runs on.

    Attributes:
        device: cpu, cuda, tensorrt, rtx, openvino, webgpu, coreml or directml; gpu for whichever one llama.cpp was
            built for.
        provider: What does the work there.
        form: What was opened.
        cpu_nodes: How many of the model's operators that provider left to the CPU; None where none could be.
        reason: Why this is not what was asked for, or could be had; None where it is.
    """

    device: str
    provider: str
    form: ModelArtifact = "model"
    cpu_nodes: int | None = None
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
