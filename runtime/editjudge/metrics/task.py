"""What is asked of a scorer: an original, an intent, and how edited pictures are brought into the original's frame."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from editjudge.image.boxes import Box
from editjudge.image.canvas import Content, find_content
from editjudge.image.transforms import crop_box
from editjudge.image.vectors import Vector
from editjudge.metrics.aligned_image import AlignedImage, compare, undo_drift
from editjudge.metrics.grounding import Grounding, Region
from editjudge.metrics.intents import asks_nothing, choose_texts, complete, contradicts_itself, is_clearance
from editjudge.metrics.looking.framing import Framing
from editjudge.types import FRAME, Detections, EditIntent, FoundBox, Image, Look

if TYPE_CHECKING:
    from editjudge.image.decoding.read import LoadedPicture

ASPECT = 0.02  # a larger relative difference of the two pictures' proportions is flagged

SUBTLE = (
    "blur", "bright", "contrast", "cool", "dark", "dim", "expos", "fade", "grain", "haz", "hue", "light", "nois",
    "pale", "satur", "sharp", "soft", "tint", "vibran", "vivid", "warm",
)  # fmt: skip
"""How words begin that ask for what drift does too."""

NOTHING = EditIntent("other", None, None)
"""Where no edit is asked for."""

Feature = Literal[
    "original_crop", "edited_crop", "original_picture", "edited_picture", "original_rest", "edited_rest",
    "source", "target",
]  # fmt: skip
Features = Mapping[Feature, Vector]
"""Features of the pictures, of their crops, of all but what is to stay, and of the two phrases: those in demand."""


@dataclass(frozen=True)
class EditTask:
    """An original, and what is asked for.

    Attributes:
        picture: uint8[H, W, 3], in the frame that it is worked on in.
        content: The part of the original, as it was handed in, that the frame shows.
        intent: What is asked for.
        instruction: In words; None where only the intent is known.
        texts: What the features "source" and "target" are made of; of a global edit that names no target, the
            instruction; none where no edit is asked for, or all is to go but what is named.
        flags: Those that the intent itself raises.
        framing: How pictures are framed and cropped.
        more: The same original with the other things that a compound instruction asks for.
        profile_converted: Whether the original's colours were brought to sRGB from another space.
        handed_in: uint8[H', W', 3], the original at its own size.
        look: How much of edited pictures is looked at.
        not_read: Whether there was no time to read the instruction, so that anything may have been asked for.
    """

    picture: Image
    content: Content
    intent: EditIntent
    instruction: str | None
    texts: Mapping[Feature, str]
    flags: tuple[str, ...]
    framing: Framing
    more: tuple[EditTask, ...] = ()
    profile_converted: bool = False
    handed_in: Image | None = None
    look: Look = "all"
    not_read: bool = False

    @classmethod
    def of(
        cls,
        picture: Image,
        intents: Sequence[EditIntent],
        framing: Framing,
        instruction: str | None = None,
        flags: tuple[str, ...] = (),
        *,
        profile_converted: bool = False,
        longest: int = FRAME,
        look: Look = "all",
    ) -> EditTask:
        """A task for a picture of any size.

        Args:
            picture: The original, uint8[H, W, 3].
            intents: What is asked for; none where nothing is.
            framing: How pictures are framed and cropped.
            instruction: What was asked for in words, where that is known.
            flags: Those that reading the instruction raised.
            profile_converted: Whether the original's colours were brought to sRGB from another space.
            longest: Pixels of the longest side that pictures are scaled down to, as the bundle says.
            look: How much of edited pictures is looked at.

        Raises InstructionError for an intent that says too little.
        """
        content = find_content(picture) if framing.undoes_drift else Content.whole(*picture.shape[:2])
        frame = framing.frame(content.cut(picture), longest)
        intents = [complete(intent) for intent in intents] or [NOTHING]
        if any(map(contradicts_itself, intents)):
            flags = tuple(dict.fromkeys((*flags, "parse_uncertain")))
        first, *more = (
            cls(
                frame, content, intent, instruction, choose_texts(intent, framing, instruction), flags, framing,
                look=look,
            )
            for intent in intents
        )  # fmt: skip
        return replace(first, more=tuple(more), profile_converted=profile_converted, handed_in=picture)

    @property
    def is_global(self) -> bool:
        """Whether something that is asked for concerns the whole picture, its background too."""
        return any(
            task.intent.is_global and not task.is_clearance and not task.is_unread for task in (self, *self.more)
        )

    @property
    def is_clearance(self) -> bool:
        """Whether all is to be removed but what is named."""
        return self.framing.spares and is_clearance(self.intent)

    @property
    def is_unread(self) -> bool:
        """Whether no edit can be told from the words, so that nothing says that the whole picture was to change."""
        return self.framing.needs_an_edit and asks_nothing(self.intent)

    @property
    def is_subtle(self) -> bool:
        """Whether it may be drift and noise that is asked for: a bit more light, sharper edges, grain."""
        words = " ".join(filter(None, (self.instruction, self.intent.target))).lower()
        return self.is_global and any(word.startswith(SUBTLE) for word in re.findall(r"[a-z]+", words))

    @property
    def looks_whole(self) -> str | None:
        """Why edited pictures are looked at whole; None: they are looked at where they changed."""
        if self.look == "all":
            return "look is all"
        if self.intent.is_global:
            return "the edit is of the whole picture"
        return None if self.framing.undoes_drift else "these rules look at whole pictures"

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
    def keep(self) -> str | None:
        """The phrase for what is to stay, to look for in both pictures."""
        return self.intent.keep if self.framing.spares else None

    @property
    def hides_kept(self) -> bool:
        """Whether pictures are embedded without what is to stay, which is cut out before."""
        return self.intent.is_global and self.keep is not None

    @property
    def phrases(self) -> list[str]:
        """All phrases to look for in the original."""
        return list(dict.fromkeys(filter(None, (self.source, self.anchor, self.keep))))

    @property
    def edited_phrases(self) -> list[str]:
        """All phrases to look for in the edited picture."""
        return list(dict.fromkeys(filter(None, (self.target, self.keep))))

    def fit(self, edited: Image) -> Image:
        """An edited picture of any size in the frame, with its drift."""
        return self.framing.fit(self.content.cut(edited), *self.picture.shape[:2])

    def align(self, edited: Image, profile_converted: bool = False) -> AlignedImage:
        """Brings an edited picture of any size into the frame, and takes drift away.

        profile_converted: whether its colours were brought to sRGB from another space.
        """
        whole, subtle = self.is_global, self.is_subtle or self.not_read
        size = self.content.height, self.content.width
        raised = ["resized"] if edited.shape[:2] != size else []
        if abs(edited.shape[1] * size[0] / (edited.shape[0] * size[1]) - 1) > ASPECT:
            raised.append("aspect_changed")
        if profile_converted or self.profile_converted:
            raised.append("profile_converted")
        handed_in = min(max(self.content.cut(edited).shape[:2]), self.content.longest)
        compared = compare(self.picture, self.fit(edited), whole, subtle, handed_in)
        compared = replace(compared, flags=tuple(raised), handed_in=edited)
        return undo_drift(compared, self.picture, whole) if self.framing.undoes_drift else compared

    def align_picture(self, edited: LoadedPicture) -> AlignedImage:
        """As `align`, of a picture that was decoded."""
        return self.align(edited.pixels, edited.profile_converted)

    def original_views(self, source: Region | None, kept: Region | None, whole: bool) -> dict[Feature, Image]:
        """What to embed of the original, as far as it does not depend on the edited picture; `whole`: all of it too."""
        views: dict[Feature, Image] = {}
        if source is not None and len(source):
            views["original_crop"] = self._crop(self.picture, source.enclosing_box)
        if whole or self.intent.is_global:
            views["original_picture"] = self.picture
        if kept and self.intent.is_global:
            views["original_rest"] = kept.hide(self.picture)
        return views

    def views(self, edited: Image, where: Grounding) -> dict[Feature, Image]:
        """What to embed of the edited picture; and, where it is an add that says where to look, of the original."""
        views: dict[Feature, Image] = {}
        if not self.framing.undoes_drift:  # then no pixel confirms what the detector doubts
            where = where.without_weak(None)
        boxes = self.framing.crop_boxes(where)
        if boxes is not None:
            views["edited_crop"] = self._crop(edited, boxes[1])
            if where.original is None:
                views["original_crop"] = self._crop(self.picture, boxes[0])
        if self.intent.is_global or (self.framing.falls_back and where.missing == "source_not_found"):
            views["edited_picture"] = edited
        if where.kept and self.intent.is_global:
            views["edited_rest"] = where.kept.hide(edited)
        return views

    def to_original(self, box: Sequence[float], height: int, width: int) -> tuple[float, float, float, float]:
        """A box of the frame, scaled to height x width, in pixels of the original as it was handed in."""
        left, top, right, bottom = self.content.box
        across, down, (x0, y0, x1, y1) = (right - left) / width, (bottom - top) / height, box
        return left + x0 * across, top + y0 * down, left + x1 * across, top + y1 * down

    def report_boxes(self, *found: Detections | None) -> tuple[FoundBox, ...]:
        """Detections with their boxes in pixels of the original as it was handed in."""
        return tuple(
            FoundBox(detected.phrase, self.to_original(box, *self.picture.shape[:2]), score)
            for detected in found if detected is not None
            for box, score in zip(detected.boxes.tolist(), detected.scores.tolist(), strict=True)
        )  # fmt: skip

    def _crop(self, picture: Image, box: Box) -> Image:
        return picture[crop_box(box, self.framing.crop_scale, picture.shape)]
