"""What was asked for in words: an intent is worded anew each time that it is trained on.

Half the time as the studio words its instructions, else by the templates that the parser learns to read: how people
write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from random import Random
from typing import Any

import numpy as np

from editjudge.evaluation.experiments.retrieval import FINAL
from parser.names import draw
from parser.places import BESIDE, WAYS, Place
from parser.slots import Attribute, Slot, Slots, Words
from parser.templates import GAP, Template, templates
from parser.thing import Thing
from studio.edits.instructions import instruct
from studio.renderer.world import STYLES

PAINTED = ("color", "texture")
FREE = frozenset({"bigger", "tinier", "whole", "amount", "extent", "plumper", "slimmer"})
"""Gaps that the parser's lists fill: they say nothing of what is edited."""
AS_PEOPLE_WRITE = 0.5
MIRRORED = {"left": "right", "right": "left"}
SIDED = re.compile(r"left|right|clockwise|mirror|flip|letter|text|word|writ|sign|[\"“”]", re.IGNORECASE)
"""What a mirrored picture would belie. It also finds "bright", which costs no more than a flip."""


def word(rng: np.random.Generator, asked: str | Mapping[str, Any]) -> str:
    """An instruction: a text as it is, an intent in one of its wordings."""
    if isinstance(asked, str):
        return asked
    if rng.random() < AS_PEOPLE_WRITE:
        drawn = _fill_slots(rng, asked)
        choices = _find_templates(_line_of(asked), frozenset(drawn))
        if choices:
            return _write(rng, choices[int(rng.integers(len(choices)))], drawn)
    kind, target = asked["edit_type"], asked["target"]
    return instruct(
        rng,
        kind,
        source=asked["source"],
        target=target if kind in ("add", "replace") else None,
        attribute=_attribute_of(asked),
        anchor=asked["anchor"],
        position=asked["position"],
        size=asked["size"],
    )


def can_mirror(asked: str | Mapping[str, Any]) -> bool:
    """Whether it can be told what would be asked for in the mirrored picture."""
    return not isinstance(asked, str) or not SIDED.search(asked)


def mirror(asked: str | Mapping[str, Any]) -> str | Mapping[str, Any]:
    """What is asked for in the mirrored picture."""
    if isinstance(asked, str) or asked["position"] not in MIRRORED:
        return asked
    return {**asked, "position": MIRRORED[asked["position"]]}


def meaning(asked: str | Mapping[str, Any]) -> str:
    """What instructions that ask for the same have in common; case, space and final punctuation do not count."""
    if isinstance(asked, str):
        return " ".join(asked.casefold().split()).rstrip(FINAL)
    return json.dumps(asked, sort_keys=True)


def template_words() -> set[str]:
    """Every word, in lower case, of the templates that instructions are worded by, and of what fills their gaps."""
    lines = (
        "remove {thing}", "add {new}", "add {new} @ {place}", "replace {old} > {new}", "color {thing} > {thing+colour}",
        "texture {thing} > {thing+surface}", "larger {thing}", "smaller {thing}", "move {thing} @ {way}",
        "move {thing} @ {spot}", "style {style}",
    )  # fmt: skip
    gaps = frozenset({"thing", "new", "old", "place", "spot", "way", "colour", "surface", "style"})
    slots = Slots(Random(0), held_out=False)
    texts = [GAP.sub(" ", template.text) for line in lines for template in _find_templates(line, gaps)]
    texts += [said for positions in (BESIDE, WAYS) for ways in positions.values() for said in ways]
    texts += [str(draw(name, slots)) for name in sorted(FREE) for _ in range(300)]
    return {part for text in texts for part in text.lower().replace("'", " ").split() if part.isalpha()}


def _line_of(asked: Mapping[str, Any]) -> str:
    """The line of the parser's templates that says what an intent does."""
    kind, placed = asked["edit_type"], bool(asked["anchor"])
    if kind == "size":
        return f"{asked['size']} {{thing}}"
    return {
        "remove": "remove {thing}",
        "add": "add {new} @ {place}" if placed else "add {new}",
        "replace": "replace {old} > {new}",
        "color": "color {thing} > {thing+colour}",
        "texture": "texture {thing} > {thing+surface}",
        "move": "move {thing} @ {spot}" if placed else "move {thing} @ {way}",
        "style": "style {style}",
    }[kind]


def _fill_slots(rng: np.random.Generator, asked: Mapping[str, Any]) -> dict[str, Slot]:
    """What an intent says for the gaps of its line."""
    source, target, position = asked["source"], asked["target"], asked["position"]
    drawn: dict[str, Slot] = {}
    if asked["edit_type"] == "style":
        return {"style": Words(STYLES.get(target, target))}
    if source is not None:
        drawn |= dict.fromkeys(("thing", "old"), Thing(source))
    if target is not None:
        drawn["new"] = Thing(target, determiner="the")
    attribute = _attribute_of(asked)
    if attribute is not None:
        drawn |= {"colour": Attribute(attribute, "colour"), "surface": Attribute(attribute, "surface")}
    ways = BESIDE if asked["anchor"] else WAYS
    if position in ways:
        said = str(rng.choice(ways[position]))
        anchor = Thing(asked["anchor"]) if asked["anchor"] else None
        place = Place(f"{said} the {anchor}" if anchor else said, position, anchor)
        drawn |= dict.fromkeys(("place", "spot", "way"), place)
    return drawn


def _attribute_of(asked: Mapping[str, Any]) -> str | None:
    target = asked["target"]
    if asked["edit_type"] == "style":
        return str(target)
    return str(target).split(" ", 1)[0] if asked["edit_type"] in PAINTED else None


@cache
def _find_templates(line: str, gaps: frozenset[str]) -> tuple[Template, ...]:
    """The templates of a line whose gaps can be filled."""
    kind = "size" if line.startswith(("larger", "smaller")) else line.partition(" ")[0]
    return tuple(
        template
        for template in templates(kind)
        if template.line == line and {found[0] for found in GAP.findall(template.text)} <= gaps | FREE
    )


def _write(rng: np.random.Generator, template: Template, drawn: Mapping[str, Slot]) -> str:
    slots = Slots(Random(int(rng.integers(2**31))), held_out=False)
    names = {found[0] for found in GAP.findall(template.text)}
    return template.write({name: drawn[name] if name in drawn else draw(name, slots) for name in names})
