"""The settings of a bundle's models, as its manifest has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from editjudge.types import Triple

Range = tuple[float, float]

SMALLEST_FRAME, LARGEST_FRAME = 256, 2048
"""Pixels: how pictures lie to each other is found at 256, and 32 masks of 2048 x 2048 take 128 MB."""


@dataclass(frozen=True)
class PictureSettings:
    """How a model that takes whole pictures is fed.

    Attributes:
        size: Pixels of a side of the square that the model takes.
        fit: A picture is stretched to the square, or its middle is cut out.
        shorter: Pixels of the shorter side before the middle is cut out, by default `size`.
    """

    size: int
    mean: Triple
    std: Triple
    resample: Literal["area", "bilinear", "bicubic"]
    fit: Literal["stretch", "center_crop"]
    shorter: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _check_positive(self, "size", "std")
        if self.shorter is not None and (self.fit == "stretch" or self.shorter < self.size):
            raise ValueError("shorter must be at least size, and is for a fit of center_crop only")


@dataclass(frozen=True)
class ClipSettings(PictureSettings):
    """How CLIP is fed; a text is padded or truncated to `context` tokens."""

    context: int

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_positive(self, "context")


@dataclass(frozen=True)
class DetectorSettings:
    """How the detector is fed, and from which scores on its boxes count.

    Attributes:
        height, width: Pixels of the input.
        text_length: Tokens of a caption, padded.
        fit: A picture is stretched to the input, or scaled to fit into it and padded at the right and the bottom; then
            the model takes a pixel_mask.
        weak_threshold: From which score on the best box of a phrase counts where nothing better is found and the pixels
            show that it changed; None: never.
    """

    height: int
    width: int
    mean: Triple
    std: Triple
    resample: Literal["area", "bilinear", "bicubic"]
    text_length: int
    box_threshold: float
    text_threshold: float
    fit: Literal["stretch", "pad"] = "stretch"
    weak_threshold: float | None = None

    def __post_init__(self) -> None:
        _check_positive(self, "height", "width", "std", "text_length", "box_threshold", "text_threshold")
        if self.weak_threshold is not None and not 0 < self.weak_threshold < self.box_threshold:
            raise ValueError(f"weak_threshold must be above 0 and under box_threshold, not {self.weak_threshold}")


@dataclass(frozen=True)
class SegmenterSettings:
    """A picture's longest side gets `size` pixels, and it is padded to a square; masks have `mask_size` a side."""

    size: int
    mean: Triple
    std: Triple
    resample: Literal["area", "bilinear", "bicubic"]
    mask_size: int
    threshold: float

    def __post_init__(self) -> None:
        _check_positive(self, "size", "std", "mask_size")


@dataclass(frozen=True)
class NormRanges:
    """The raw scores that Norm() maps to 0 and 1, as calibrated for this bundle (spec section 4)."""

    modify: Range
    preserve: Range

    @property
    def is_calibrated(self) -> bool:
        """Whether S_modify was measured on edits, so that its ends mean something; else it is the cosine itself."""
        return self.modify != (0.0, 1.0)

    def __post_init__(self) -> None:
        for name, (low, high) in vars(self).items():
            if not low < high:
                raise ValueError(f"{name} must rise, not go from {low} to {high}")


@dataclass(frozen=True)
class VerdictSettings:
    """How an app may act on a score: a logistic regression, and the probabilities that it is read by.

    Attributes:
        accept_at: From which probability an edit is accepted.
        reject_at: Under which one it is rejected.
        bias: Of the logit; the others are the weights of what it looks at (`metrics.bpm.verdict.describe`).
    """

    accept_at: float
    reject_at: float
    bias: float
    modify: float
    modify_low: float
    preserve: float
    position: float
    size: float
    spill: float
    whole: float

    def __post_init__(self) -> None:
        if not 0 <= self.reject_at <= self.accept_at <= 1:
            raise ValueError(
                f"reject_at and accept_at must rise from 0 to 1, not be {self.reject_at}, {self.accept_at}"
            )


@dataclass(frozen=True)
class DomainSettings:
    """A picture whose logit lies under the threshold is unlike what the bundle was trained on."""

    threshold: float


@dataclass(frozen=True)
class ParserSettings:
    """The slope and offset, for each field, that turn the logit of the model's probability into that of being right.

    From a certainty of `sure` of the whole intent on, a parse is not flagged, nor sent to the fallback parser.
    `measured` says what the numbers were fitted to.
    """

    sure: float = 0.5
    measured: str = ""
    edit_type: Range = (1.0, 0.0)
    source: Range = (1.0, 0.0)
    target: Range = (1.0, 0.0)
    anchor: Range = (1.0, 0.0)
    size: Range = (1.0, 0.0)
    position: Range = (1.0, 0.0)
    whole: Range = (1.0, 0.0)

    def __post_init__(self) -> None:
        if not 0 <= self.sure <= 1:
            raise ValueError(f"sure must be a probability, 0 to 1, not {self.sure}")


def check_frame(longest: int) -> int:
    """The longest side of the frame itself. Raises ValueError where it is out of bounds."""
    if not SMALLEST_FRAME <= longest <= LARGEST_FRAME:
        raise ValueError(f"frame is {longest}; it must be from {SMALLEST_FRAME} to {LARGEST_FRAME} pixels")
    return longest


def _check_positive(section: object, *names: str) -> None:
    for name in names:
        value = getattr(section, name)
        if not all(number > 0 for number in (value if isinstance(value, tuple) else (value,))):
            raise ValueError(f"{name} must be above 0, not {value}")
