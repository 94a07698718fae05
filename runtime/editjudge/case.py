"""What is asked of a scorer: an original, an intent, and how edited pictures are brought into the original's frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from editjudge import overall, released
from editjudge.errors import InputError, InstructionError
from editjudge.geometry import Box
from editjudge.image import crop_box, fit_frame, resize
from editjudge.judges import Feature
from editjudge.located import Located
from editjudge.types import ALL, Detections, EditIntent, FoundBox, Image, Region

Compat = Literal["released"]
ASPECT = 0.02  # a larger relative difference of the two pictures' proportions is flagged


def check_compat(compat: str | None) -> Compat | None:
    """Raises InputError, listing what there is, for anything else."""
    if compat is None:
        return None
    if compat not in get_args(Compat):
        raise InputError(f"there is no compat {compat!r}; choose {' or '.join(get_args(Compat))}, or leave it out")
    return "released"


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


def contradictory(intent: EditIntent) -> bool:
    """Whether an intent contradicts itself, as when the parser misread the instruction."""
    source, target = intent.source, intent.target
    return {
        "size": intent.size == "unchanged",
        "move": intent.position == "unchanged",
        "add": source is not None,
        "remove": target is not None,
    }.get(intent.edit_type, source == target and not intent.is_global)


@dataclass(frozen=True)
class Framed:
    """An edited picture uint8[H, W, 3] in the original's frame, and flags that say how its size differed."""

    picture: Image
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """An original uint8[H, W, 3] in the frame it is worked on in, and what is asked for.

    size: height and width of the original as it was handed in. texts: what the features "source" and "target" are made
    of; of a global edit that names no target, the instruction. flags: those that the intent itself raises.
    """

    picture: Image
    size: tuple[int, int]
    intent: EditIntent
    texts: Mapping[Feature, str]
    flags: tuple[str, ...]
    compat: Compat | None

    @classmethod
    def of(
        cls,
        picture: Image,
        intent: EditIntent,
        instruction: str | None = None,
        flags: tuple[str, ...] = (),
        compat: Compat | None = None,
    ) -> Case:
        """A case of a picture of any size. flags: those that reading the instruction raised.

        Raises InstructionError for an intent that says too little.
        """
        intent = complete(intent)
        frame = released.frame(picture) if compat else fit_frame(picture)
        size = picture.shape[0], picture.shape[1]
        if contradictory(intent):
            flags = tuple(dict.fromkeys((*flags, "parse_uncertain")))
        return cls(frame, size, intent, _texts(intent, instruction, compat), flags, compat)

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

    def fit(self, edited: Image) -> Framed:
        """Brings an edited picture of any size into the frame."""
        height, width = self.picture.shape[:2]
        framed = released.frame(edited) if self.compat else resize(edited, width, height, "area")
        raised = ["resized"] if edited.shape[:2] != self.size else []
        if abs(edited.shape[1] * self.size[0] / (edited.shape[0] * self.size[1]) - 1) > ASPECT:
            raised.append("aspect_changed")
        return Framed(framed, tuple(raised))

    def boxes_to_segment(self, source: Detections | None, target: Detections | None) -> Detections | None:
        """Whose boxes the edited picture is segmented by: the target's; in the released code, the source's."""
        return source if self.compat and source is not None and target is not None else target

    def original_views(self, source: Region | None, whole: bool) -> dict[Feature, Image]:
        """What to embed of the original, as far as it does not depend on the edited picture; `whole`: all of it too."""
        views: dict[Feature, Image] = {}
        if source is not None and len(source):
            views["original_crop"] = self._crop(self.picture, source.enclosing_box)
        if whole or self.intent.is_global:
            views["original_picture"] = self.picture
        return views

    def views(self, edited: Image, where: Located) -> dict[Feature, Image]:
        """What to embed of the edited picture; and, where it is an add that says where to look, of the original."""
        views: dict[Feature, Image] = {}
        boxes = overall.rules(self.compat).crop_boxes(where)
        if boxes is not None:
            views["edited_crop"] = self._crop(edited, boxes[1])
            if where.original is None:
                views["original_crop"] = self._crop(self.picture, boxes[0])
        if self.intent.is_global or where.missing == "source_not_found":
            views["edited_picture"] = edited
        return views

    def _crop(self, picture: Image, box: Box) -> Image:
        return picture[crop_box(box, overall.rules(self.compat).CROP_SCALE, picture.shape)]

    def reported(self, *found: Detections | None) -> tuple[FoundBox, ...]:
        """Detections with their boxes in pixels of the original as it was handed in."""
        across, down = self.size[1] / self.picture.shape[1], self.size[0] / self.picture.shape[0]
        return tuple(
            FoundBox(each.phrase, (x0 * across, y0 * down, x1 * across, y1 * down), score)
            for each in found if each is not None
            for (x0, y0, x1, y1), score in zip(each.boxes.tolist(), each.scores.tolist(), strict=True)
        )  # fmt: skip


def _texts(intent: EditIntent, instruction: str | None, compat: Compat | None) -> dict[Feature, str]:
    if intent.is_global:
        target = None if intent.target == ALL else intent.target
        wanted = (instruction or target) if compat else (target or instruction)
        if not wanted:
            raise InstructionError("the intent of a global edit must name a target, for want of an instruction")
        return {"target": wanted}
    named: dict[Feature, str | None] = {"source": intent.source, "target": intent.target}
    return {name: phrase for name, phrase in named.items() if phrase is not None}
