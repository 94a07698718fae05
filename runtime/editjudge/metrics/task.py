"""What is asked of a scorer: an original, an intent, and how edited pictures are brought into the original's frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from editjudge.errors import InstructionError
from editjudge.image.boxes import Box
from editjudge.image.transforms import crop_box, fit_frame, resize
from editjudge.image.vectors import Vector
from editjudge.metrics.grounding import Grounding, Region
from editjudge.types import ALL, Detections, EditIntent, FoundBox, Image

ASPECT = 0.02  # a larger relative difference of the two pictures' proportions is flagged

Feature = Literal["original_crop", "edited_crop", "original_picture", "edited_picture", "source", "target"]
Features = Mapping[Feature, Vector]
"""Features of the pictures and of their crops, and of the two phrases: those that an edit calls for."""


class Framing:
    """How pictures are brought into one frame, and what of them is looked at closely."""

    crop_scale = 1.2  # crops show the object with some of its surroundings

    def frame(self, picture: Image) -> Image:
        """An original of any size in the frame that it is worked on in."""
        return fit_frame(picture)

    def fit(self, edited: Image, height: int, width: int) -> Image:
        """An edited picture of any size in a frame of height x width."""
        return resize(edited, width, height, "area")

    def crop_boxes(self, where: Grounding) -> tuple[Box, Box] | None:
        """What to crop in the original and in the edited picture; None: an object is missing."""
        return where.regions and (where.regions[0].enclosing_box, where.regions[1].enclosing_box)

    def choose_prompts(self, source: Detections | None, target: Detections | None) -> Detections | None:
        """By whose boxes the edited picture is segmented."""
        return target

    def describe_global(self, instruction: str | None, target: str | None) -> str | None:
        """The text that a global edit is compared with; None: there is none."""
        return target or instruction


def complete(intent: EditIntent) -> EditIntent:
    """The intent with the target that a move, another size and the like leave unsaid: the source itself.

    Raises InstructionError for one that names nothing.
    """
    source, target, anchor = (
        (phrase or "").strip() or None for phrase in (intent.source, intent.target, intent.anchor)
    )
    if source is None and target is None:
        raise InstructionError("the instruction names nothing to look for; say what is to be changed into what")
    if target is None and source != ALL and intent.edit_type != "remove":
        target = source
    return replace(intent, source=source, target=target, anchor=anchor)


def contradicts_itself(intent: EditIntent) -> bool:
    """Whether an intent cannot be meant as it is, as when the parser misread the instruction."""
    source, target = intent.source, intent.target
    return {
        "size": intent.size == "unchanged",
        "move": intent.position == "unchanged",
        "add": source is not None,
        "remove": target is not None,
    }.get(intent.edit_type, source == target and not intent.is_global)


@dataclass(frozen=True)
class AlignedImage:
    """An edited picture uint8[H, W, 3] in the original's frame, and flags that say how its size differed."""

    picture: Image
    flags: tuple[str, ...]


@dataclass(frozen=True)
class EditTask:
    """An original, and what is asked for.

    Attributes:
        picture: uint8[H, W, 3], in the frame that it is worked on in.
        size: Height and width of the original as it was handed in.
        intent: What is asked for.
        instruction: In words; None where only the intent is known.
        texts: What the features "source" and "target" are made of; of a global edit that names no target, the
            instruction.
        flags: Those that the intent itself raises.
        framing: How pictures are framed and cropped.
    """

    picture: Image
    size: tuple[int, int]
    intent: EditIntent
    instruction: str | None
    texts: Mapping[Feature, str]
    flags: tuple[str, ...]
    framing: Framing

    @classmethod
    def of(
        cls,
        picture: Image,
        intent: EditIntent,
        framing: Framing,
        instruction: str | None = None,
        flags: tuple[str, ...] = (),
    ) -> EditTask:
        """A task for a picture of any size.

        Args:
            picture: The original, uint8[H, W, 3].
            intent: What is asked for.
            framing: How pictures are framed and cropped.
            instruction: What was asked for in words, where that is known.
            flags: Those that reading the instruction raised.

        Raises InstructionError for an intent that says too little.
        """
        intent = complete(intent)
        size = picture.shape[0], picture.shape[1]
        if contradicts_itself(intent):
            flags = tuple(dict.fromkeys((*flags, "parse_uncertain")))
        texts = _texts(intent, framing, instruction)
        return cls(framing.frame(picture), size, intent, instruction, texts, flags, framing)

    @property
    def source(self) -> str | None:
        """The phrase to look for in the original."""
        return None if self.intent.is_global else self.intent.source

    @property
    def target(self) -> str | None:
        """The phrase to look for in the edited picture."""
        return None if self.intent.is_global else self.intent.target

    @property
    def anchor(self) -> str | None:
        """The phrase to look for in the original besides, which only adds and moves have."""
        return None if self.intent.is_global or self.intent.edit_type not in ("add", "move") else self.intent.anchor

    @property
    def phrases(self) -> list[str]:
        """All phrases to look for in the original."""
        return [phrase for phrase in (self.source, self.anchor) if phrase]

    def align(self, edited: Image) -> AlignedImage:
        """Brings an edited picture of any size into the frame."""
        raised = ["resized"] if edited.shape[:2] != self.size else []
        if abs(edited.shape[1] * self.size[0] / (edited.shape[0] * self.size[1]) - 1) > ASPECT:
            raised.append("aspect_changed")
        return AlignedImage(self.framing.fit(edited, *self.picture.shape[:2]), tuple(raised))

    def original_views(self, source: Region | None, whole: bool) -> dict[Feature, Image]:
        """What to embed of the original, as far as it does not depend on the edited picture; `whole`: all of it too."""
        views: dict[Feature, Image] = {}
        if source is not None and len(source):
            views["original_crop"] = self._crop(self.picture, source.enclosing_box)
        if whole or self.intent.is_global:
            views["original_picture"] = self.picture
        return views

    def views(self, edited: Image, where: Grounding) -> dict[Feature, Image]:
        """What to embed of the edited picture; and, where it is an add that says where to look, of the original."""
        views: dict[Feature, Image] = {}
        boxes = self.framing.crop_boxes(where)
        if boxes is not None:
            views["edited_crop"] = self._crop(edited, boxes[1])
            if where.original is None:
                views["original_crop"] = self._crop(self.picture, boxes[0])
        if self.intent.is_global or where.missing == "source_not_found":
            views["edited_picture"] = edited
        return views

    def report_boxes(self, *found: Detections | None) -> tuple[FoundBox, ...]:
        """Detections with their boxes in pixels of the original as it was handed in."""
        across, down = self.size[1] / self.picture.shape[1], self.size[0] / self.picture.shape[0]
        return tuple(
            FoundBox(detected.phrase, (x0 * across, y0 * down, x1 * across, y1 * down), score)
            for detected in found if detected is not None
            for (x0, y0, x1, y1), score in zip(detected.boxes.tolist(), detected.scores.tolist(), strict=True)
        )  # fmt: skip

    def _crop(self, picture: Image, box: Box) -> Image:
        return picture[crop_box(box, self.framing.crop_scale, picture.shape)]


def _texts(intent: EditIntent, framing: Framing, instruction: str | None) -> dict[Feature, str]:
    if intent.is_global:
        wanted = framing.describe_global(instruction, None if intent.target == ALL else intent.target)
        if not wanted:
            raise InstructionError("the intent of a global edit must name a target, for want of an instruction")
        return {"target": wanted}
    named: dict[Feature, str | None] = {"source": intent.source, "target": intent.target}
    return {name: phrase for name, phrase in named.items() if phrase is not None}
