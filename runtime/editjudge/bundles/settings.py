"""The settings of a bundle's models, as its manifest has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Literal

from editjudge.bundles.toml_schema import Between

SideLength = Annotated[int, Between(1, 2048)]
"""Pixels: three channels of 2048 x 2048 take 50 MB."""
Frame = Annotated[int, Between(256, 2048)]
"""Pixels: how pictures lie to each other is found at 256, and 32 masks of 2048 x 2048 take 128 MB."""
Tokens = Annotated[int, Between(1, 1024)]
"""The masks of what token sees which take a megabyte at 1024."""
Probability = Annotated[float, Between(0, 1)]
Threshold = Annotated[float, Between(1e-6, 1)]
Score = Annotated[float, Between(-100, 100)]
LogitWeight = Annotated[float, Between(-10_000, 10_000)]
Mean = tuple[Score, Score, Score]
Deviation = Annotated[float, Between(1e-6, 100)]
Deviations = tuple[Deviation, Deviation, Deviation]
Range = tuple[Score, Score]
WINDOW_SIZES = ("medium", "small")
"""How the roles end of the graphs that take windows of pictures, the largest first: at most so many."""


@dataclass(frozen=True)
class PictureSettings:
    """How a model that takes whole pictures is fed.

    Attributes:
        size: Pixels of a side of the square that the model takes.
        fit: A picture is stretched to the square, or its middle is cut out.
        shorter: Pixels of the shorter side before the middle is cut out, by default `size`.
    """

    size: SideLength
    mean: Mean
    std: Deviations
    resample: Literal["area", "bilinear", "bicubic"]
    fit: Literal["stretch", "center_crop"]
    shorter: SideLength | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.shorter is not None and (self.fit == "stretch" or not self.size <= self.shorter <= 2 * self.size):
            raise ValueError("shorter must be from size to twice that, and is for a fit of center_crop only")


@dataclass(frozen=True)
class ClipSettings(PictureSettings):
    """How CLIP is fed; a text is padded or truncated to `context` tokens."""

    context: Tokens


@dataclass(frozen=True)
class VifiClipSettings(ClipSettings):
    """How ViFi-CLIP is fed: an edit is a clip of `frames` pictures, the original and the edited one."""

    frames: Annotated[int, Between(2, 2)] = 2


@dataclass(frozen=True)
class EditClipSettings:
    """How the directed embedding of edits is fed, and when it says that an edit goes against its instruction.

    Attributes:
        context: Tokens of an instruction, padded or truncated.
        contrary: From how much more of the cosine the reversed edit has with the instruction than the edit itself on,
            the edit went against it.
    """

    context: Tokens
    contrary: Score


@dataclass(frozen=True)
class DetectorSettings:
    """How the detector is fed, and from which scores on its boxes count.

    Attributes:
        height, width: Pixels of the input.
        text_length: Tokens of a caption, padded; with OmDet-Turbo of a text, at the most.
        fit: A picture is stretched to the input, or scaled to fit into it and padded at the right and the bottom.
        weak_threshold: From which score on the best box of a phrase counts where nothing better is found and the pixels
            show that it changed; None: never.
        architecture: Which detector it is; text_threshold is for Grounding DINO, whose tokens have scores.
        windows: Pixels of a side of the windows of pictures that it takes as well, at one scale, the largest first.
    """

    height: SideLength
    width: SideLength
    mean: Mean
    std: Deviations
    resample: Literal["area", "bilinear", "bicubic"]
    text_length: Tokens
    box_threshold: Threshold
    text_threshold: Threshold = 0.25
    fit: Literal["stretch", "pad"] = "stretch"
    weak_threshold: Threshold | None = None
    architecture: Literal["grounding-dino", "omdet-turbo"] = "grounding-dino"
    windows: tuple[SideLength, ...] = ()

    def __post_init__(self) -> None:
        check_windows(self.windows, min(self.height, self.width))
        if self.architecture == "omdet-turbo" and self.fit != "stretch":
            raise ValueError(f"fit must be stretch for omdet-turbo, not {self.fit}")
        if self.weak_threshold is not None and not self.weak_threshold < self.box_threshold:
            raise ValueError(f"weak_threshold must be under box_threshold, not {self.weak_threshold}")


@dataclass(frozen=True)
class SegmenterSettings:
    """A picture's longest side gets `size` pixels, and it is padded to a square; masks have `mask_size` a side.

    windows: pixels of a side of the squares that it takes as well, the largest first, each a multiple of size /
    mask_size: windows of a picture at the same scale.
    """

    size: SideLength
    mean: Mean
    std: Deviations
    resample: Literal["area", "bilinear", "bicubic"]
    mask_size: SideLength
    threshold: Score
    windows: tuple[SideLength, ...] = ()

    def __post_init__(self) -> None:
        check_windows(self.windows, self.size)
        if any(side * self.mask_size % self.size for side in self.windows):
            raise ValueError(f"windows must be multiples of {self.size / self.mask_size:g}, not {list(self.windows)}")


def check_windows(windows: Sequence[int], whole: int) -> None:
    """Raises ValueError for the sides of windows of a model whose whole input has a side of `whole` pixels."""
    if len(windows) > len(WINDOW_SIZES):
        raise ValueError(f"windows must be at most {len(WINDOW_SIZES)}, not {len(windows)}")
    if any(not smaller < larger for larger, smaller in pairwise((whole, *windows))):
        raise ValueError(f"windows must fall, and be under {whole}, not {list(windows)}")


@dataclass(frozen=True)
class DifferenceSettings:
    """How the network of differences is fed, and how its scores are read.

    Attributes:
        size: A picture's longest side gets so many pixels, and it is padded to a square with zeros.
        confidence: The logit of a box's being right: the weights of the logits of its kind and its quality, and an
            offset.
        threshold: From which confidence a box is a difference.
    """

    size: Annotated[int, Between(32, 1024)]
    resample: Literal["area", "bilinear", "bicubic"]
    confidence: tuple[Score, Score, Score]
    threshold: Probability

    def __post_init__(self) -> None:
        if self.size % 32:
            raise ValueError(f"size must be a multiple of 32, not {self.size}")
        if min(self.confidence[:2]) <= 0:
            raise ValueError(f"confidence must rise with kind and quality, not by {min(self.confidence[:2])}")


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
class DomainSettings:
    """A picture whose logit lies under the threshold is unlike what the bundle was trained on."""

    threshold: LogitWeight


@dataclass(frozen=True)
class CoherenceSettings:
    """From which of its network's probabilities on a difference counts as asked for."""

    sure: Probability


@dataclass(frozen=True)
class ElementSettings:
    """How what changed is named: by the softmax of CLIP's cosines times `scale` over all names, where it is `sure`."""

    scale: Score
    sure: Probability


@dataclass(frozen=True)
class ParserSettings:
    """The slope and offset, for each field, that turn the logit of the model's probability into that of being right.

    From a certainty of `sure` of the whole intent on, a parse is not flagged, nor sent to the fallback parser.
    `measured` says what the numbers were fitted to.
    """

    sure: Probability = 0.5
    measured: str = ""
    edit_type: Range = (1.0, 0.0)
    source: Range = (1.0, 0.0)
    target: Range = (1.0, 0.0)
    anchor: Range = (1.0, 0.0)
    size: Range = (1.0, 0.0)
    position: Range = (1.0, 0.0)
    whole: Range = (1.0, 0.0)
