"""The data that flows between the stages. Everything here is immutable and knows no model."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

EditType = Literal["add", "remove", "replace", "color", "texture", "size", "move", "action", "style", "other"]
Size = Literal["larger", "smaller", "unchanged"]
Position = Literal["left", "right", "up", "down", "inside", "near", "unchanged"]

EDIT_TYPES: tuple[EditType, ...] = get_args(EditType)
SIZES: tuple[Size, ...] = get_args(Size)
POSITIONS: tuple[Position, ...] = get_args(Position)

Form = Literal["model", "compiled", "engine"]
"""What was opened: a bundle's model, what was compiled from it on this machine, or an engine of the bundle."""

ALL = "all"
"""The source or target of an edit of the whole picture."""

Image = NDArray[np.uint8]
"""uint8[H, W, 3], RGB."""
Boxes = NDArray[np.float32]
"""float32[N, 4]: x0, y0, x1, y1 in pixels of the picture they lie in, ends exclusive."""
Masks = NDArray[np.bool_]
"""bool[N, H, W]."""


@dataclass(frozen=True)
class EditIntent:
    """What an instruction asks for (BPM, section 3.2 and appendix A.1).

    `source` is the phrase for what is modified in the original: None for an add, "all" for a global edit.
    `target` is the phrase for what results in the edited picture: None for a remove. `anchor` is the object that an
    add or a move refers to, and `position` the wanted relation of the edited object to it.
    """

    edit_type: EditType
    source: str | None
    target: str | None
    anchor: str | None = None
    size: Size = "unchanged"
    position: Position = "unchanged"

    def __post_init__(self) -> None:
        if self.edit_type not in EDIT_TYPES:
            raise ValueError(f"edit_type is {self.edit_type!r}; it must be one of {', '.join(EDIT_TYPES)}")
        if self.size not in SIZES:
            raise ValueError(f"size is {self.size!r}; it must be one of {', '.join(SIZES)}")
        if self.position not in POSITIONS:
            raise ValueError(f"position is {self.position!r}; it must be one of {', '.join(POSITIONS)}")

    @property
    def is_global(self) -> bool:
        """Whether the edit concerns the whole picture."""
        return self.source == ALL

    def to_dict(self) -> dict[str, str | None]:
        return asdict(self)


@dataclass(frozen=True)
class Detections:
    """What the detector found of one phrase in one picture, best first. scores: float32[N], 0 to 1."""

    phrase: str
    boxes: Boxes
    scores: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.boxes.shape != (len(self.scores), 4):
            raise ValueError(f"boxes must be [N, 4] with N scores, not {self.boxes.shape} with {self.scores.shape}")

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def none(cls, phrase: str) -> Detections:
        return cls(phrase, np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


@dataclass(frozen=True)
class Region:
    """Where an object is in one picture: its detections and, per box, its mask bool[N, H, W] at the frame's size."""

    detections: Detections
    masks: Masks

    def __post_init__(self) -> None:
        if self.masks.ndim != 3 or len(self.masks) != len(self.detections):
            raise ValueError(f"masks must be [{len(self.detections)}, H, W], not {self.masks.shape}")

    def __len__(self) -> int:
        return len(self.detections)

    @property
    def boxes(self) -> Boxes:
        return self.detections.boxes

    @property
    def mask(self) -> NDArray[np.bool_]:
        """bool[H, W]: the union of the masks."""
        return np.asarray(self.masks.any(axis=0))

    @property
    def enclosing_box(self) -> NDArray[np.float32]:
        """float32[4] around all boxes (section 3.4: several boxes are cropped by what encloses them)."""
        return np.concatenate([self.boxes[:, :2].min(axis=0), self.boxes[:, 2:].max(axis=0)])


@dataclass(frozen=True)
class SemanticScore:
    """S_semantic, 0 to 2, and its parts: normalised 0 to 1, and raw as the formula gives them. None: does not apply."""

    score: float
    modify: float | None
    preserve: float | None
    modify_raw: float | None
    preserve_raw: float | None


@dataclass(frozen=True)
class RegionScore:
    """S_region, 0 to 2, and its parts, each 0, 0.5 or 1. None: does not apply."""

    score: float | None
    position: float | None
    size: float | None


@dataclass(frozen=True)
class FoundBox:
    """A located object, as it is reported. box: x0, y0, x1, y1 in pixels of the original picture."""

    phrase: str
    box: tuple[float, float, float, float]
    score: float


@dataclass(frozen=True)
class Evidence:
    """The arrays behind a score, for reports and masks; all at the frame's size H x W.

    original, edited: uint8[H, W, 3] RGB. original_mask, edited_mask: bool[H, W]. change: float32[H, W], the L2
    distance per pixel, 0 to 1. original_size: height and width of the original as it was handed in; None: the frame's.
    """

    original: Image
    edited: Image
    original_mask: NDArray[np.bool_]
    edited_mask: NDArray[np.bool_]
    change: NDArray[np.float32]
    original_size: tuple[int, int] | None = None

    @classmethod
    def none(cls) -> Evidence:
        """Arrays of no pixels, in the place of some megabytes: for who keeps many scores."""
        picture, mask = np.zeros((0, 0, 3), np.uint8), np.zeros((0, 0), bool)
        return cls(picture, picture, mask, mask, np.zeros((0, 0), np.float32))


@dataclass(frozen=True)
class Ran:
    """What a model really runs on.

    device: cpu, cuda, tensorrt, rtx or openvino; gpu for whichever one llama.cpp was built for. provider: what does the
    work there. cpu_nodes: how many of the model's operators that provider left to the CPU; None where none could be.
    reason: why this is not what was asked for, or could be had; None where it is.
    """

    device: str
    provider: str
    form: Form = "model"
    cpu_nodes: int | None = None
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class EditScore:
    """How well an edit did what was asked and left the rest alone. models: what each ran on, by role."""

    bpm: float
    semantic: SemanticScore
    region: RegionScore
    confidence: float
    flags: tuple[str, ...]
    explanation: str
    intent: EditIntent
    regions: dict[str, tuple[FoundBox, ...]]
    timings_ms: dict[str, float]
    bundle: str
    version: str
    evidence: Evidence = field(repr=False, compare=False)
    models: dict[str, Ran] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The JSON that the command line prints; the evidence, being pictures, is left out."""
        shown = {name: value for name, value in vars(self).items() if name != "evidence"}
        shown["semantic"] = asdict(self.semantic)
        shown["region"] = asdict(self.region)
        shown["intent"] = self.intent.to_dict()
        shown["flags"] = list(self.flags)
        shown["regions"] = {
            side: [{"phrase": found.phrase, "box": list(found.box), "score": found.score} for found in boxes]
            for side, boxes in self.regions.items()
        }
        shown["models"] = {role: ran.to_dict() for role, ran in self.models.items()}
        return shown
