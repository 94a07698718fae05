"""How instructions say where something is to be, and which position they mean."""

from __future__ import annotations

from dataclasses import dataclass

from editjudge.types import Position
from parser.thing import Thing

BESIDE: dict[Position, tuple[str, ...]] = {
    "left": ("to the left of", "on the left of", "on the left side of", "left of", "to the left side of"),
    "right": ("to the right of", "on the right of", "on the right side of", "right of", "at the right of"),
    "up": ("above", "over", "on top of", "hovering above", "high above", "just over"),
    "down": ("below", "under", "underneath", "beneath", "right under", "at the foot of"),
    "near": (
        "near", "next to", "beside", "by", "close to", "alongside", "right next to", "behind", "in front of", "at",
        "against", "across from", "around", "close by", "not far from", "adjacent to",
    ),
}  # fmt: skip
ONTO = ("on", "on", "on", "onto", "atop", "on top of", "upon")
INTO = ("in", "in", "in", "inside", "into", "within", "inside of")
WAYS: dict[Position, tuple[str, ...]] = {
    "left": ("left", "to the left", "to the left side", "leftwards", "to the left edge", "over to the left"),
    "right": ("right", "to the right", "to the right side", "rightwards", "over to the right", "to the right edge"),
    "up": ("up", "upwards", "higher", "higher up", "upward", "to the top", "further up"),
    "down": ("down", "downwards", "lower", "lower down", "downward", "to the bottom", "further down"),
}
SIDES: dict[Position, tuple[str, ...]] = {
    "left": ("on the left", "on the left side", "to the left", "at the left edge", "on the left hand side"),
    "right": ("on the right", "on the right side", "to the right", "at the right edge", "on the far right"),
    "up": ("at the top", "at the very top", "along the top edge", "up top"),
    "down": ("at the bottom", "at the very bottom", "along the bottom edge"),
}


@dataclass(frozen=True)
class Place:
    """Where something is to be.

    Attributes:
        said: As an instruction says it; templates use this name.
        position, anchor: As the line about it has them ("near sofa", "left").
    """

    said: str
    position: Position
    anchor: Thing | None = None

    def __str__(self) -> str:
        return f"{self.position} {self.anchor}" if self.anchor else self.position
