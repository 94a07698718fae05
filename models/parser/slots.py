"""What fills a gap in a template, drawn at random: things, places, attributes, and other words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from editjudge.types import Position
from parser.lexicon import listed, nouns
from parser.places import BESIDE, INTO, ONTO, SIDES, WAYS, Place
from parser.thing import Thing, plural

NUMBERS = ("two", "three", "four", "five", "six", "seven", "2", "3", "10")
DETERMINERS = ("the",) * 40 + ("that", "this", "my", "his", "her", "their", "our", "your")
PLURAL_DETERMINERS = ("the",) * 20 + ("these", "those", "all the", "all of the", "both", "my", "all")
PRONOUNS = ("him", "her", "them")
LOCATED = (
    "in the background", "in the foreground", "on the left", "on the right", "in the middle", "in the center",
    "in the corner", "in the back", "at the top", "at the bottom", "over there", "in this photo", "in the picture",
    "on the left side", "to the right", "in the distance", "in front", "behind", "at the front", "up there",
)  # fmt: skip
"""Where a thing is, without naming another."""

COMMON = ("animals", "foods", "plants", "vehicles", "furniture", "containers", "things", "structures", "nature")
WORDNET = ("wordnet_animals", "wordnet_foods", "wordnet_plants", "wordnet_things")
BEINGS = ("people", "animals")
MASS = ("mass", "drinks", "toppings")
AREAS = ("grounds", "slopes", "soils", "walls", "waters")
"""Lists of what has no plural, and of what appears as an area, which has neither a plural nor an owner."""

SORTS = {
    "colours": "colour",
    "shades": "colour",
    "hexes": "colour",
    "surfaces": "surface",
    "patterns": "surface",
    "materials": "surface",
    "dyeings": "colour",
    "tones": "colour",
    "hues": "colour",
}
"""Lists of attributes, and the sort of attribute that one of theirs takes the place of."""
LONGEST = 6
"""Words in the longest phrase."""

T = TypeVar("T")


@dataclass(frozen=True)
class Attribute:
    """An attribute that a thing may get; it takes the place of an old one of its kind."""

    words: str
    kind: str

    def __str__(self) -> str:
        return self.words

    @property
    def a(self) -> str:
        """As it stands before a noun: "an orange"."""
        return Thing(self.words).a


@dataclass(frozen=True)
class Words:
    """A phrase, with an article or without; templates use the name `said`."""

    words: str
    article: str = ""

    def __str__(self) -> str:
        return self.words

    @property
    def said(self) -> str:
        return f"{self.article} {self.words}".strip()

    @property
    def a(self) -> str:
        return Thing(self.words).a


Slot = Thing | Place | Attribute | Words


class Slots:
    """Draws what fills the gaps, either with nouns that are held out or with the others."""

    def __init__(self, random: Random, held_out: bool) -> None:
        self._random = random
        self._held_out = held_out

    def known(self, *lists: str) -> Thing:
        """Something that is in the picture: a noun from a list, with "the", and perhaps more that describes it."""
        name = self._pick(lists)
        thing = self._thing(name, "looks")
        chance = self._random.random()
        if chance < 0.07 and name not in ("people", *AREAS):
            thing = replace(thing, attributes=(("owner", f"{self._noun(*BEINGS)}'s"), *thing.attributes))
        if thing.number == "many" and chance > 0.6:
            thing = replace(thing, attributes=(("number", self._pick(NUMBERS)), *thing.attributes))
        counted = thing.number == "many" and chance < 0.6
        return replace(
            thing,
            determiner=self._pick(PLURAL_DETERMINERS if counted else DETERMINERS),
            clause=self._clause(name, thing.is_) if self._random.random() < 0.13 else "",
            pronoun=self._pick(PRONOUNS) if name == "people" else "it",
        )

    def new(self, *lists: str) -> Thing:
        """Something that is not in the picture yet: a noun from a list, with "a" or a number."""
        name = self._pick(lists)
        thing = self._thing(name, "new_looks")
        if name == "people":
            thing = replace(thing, pronoun=self._pick(PRONOUNS))
        if thing.number == "many" and self._random.random() < 0.5:
            thing = replace(thing, attributes=(("number", self._pick(NUMBERS)), *thing.attributes))
        return replace(thing, clause=self._with() if self._random.random() < 0.05 else "")

    def several(self, *lists: str) -> Thing:
        """Some of a thing that is not in the picture yet, without a number: "red balloons"."""
        thing = self._thing(self._pick(lists), "new_looks")
        return thing if thing.number == "many" else replace(thing, noun=plural(thing.noun), number="many")

    def plain(self, *lists: str) -> Thing:
        """Something without any description."""
        return Thing(self._noun(*lists))

    def part(self) -> Thing:
        """A part of somebody or something, mostly with its owner: "man's hair", "her eyes", "the lid of the pot"."""
        whole, name = self._pick((
            ("people", "parts_of_people"), ("people", "parts_of_people_plural"), ("animals", "parts_of_animals"),
            ("animals", "parts_of_animals_plural"), (self._pick(COMMON[3:7]), "parts_of_things"),
        ))  # fmt: skip
        part = Thing(self._any(name), "many" if name.endswith("plural") else "one")
        owner = self._noun(whole)
        return self._pick((
            replace(part, attributes=(("owner", f"{owner}'s"),)),
            replace(part, attributes=(("owner", f"{owner}'s"),)),
            replace(part, determiner=self._pick(("his", "her", "its", "my", "their", "the"))),
            replace(part, clause=f"of the {owner}"),
        ))  # fmt: skip

    def place(self) -> Place:
        """A place in relation to another thing."""
        kind = self._pick(("up", "ground", "inside", "inside", "between", "among", *BESIDE, *BESIDE, *BESIDE))
        match kind:
            case "ground":
                return self._at(("on", "on", "onto", "in"), "inside", self.known("grounds"))
            case "inside":
                return self._at(INTO, "inside", self.known("containers"))
            case "between" if self._random.random() < 0.5:
                anchor = self.anything("people", "supports")
                return Place(f"between {anchor.the} and the {self._noun(*COMMON)}", "near", anchor)
            case "between" | "among":
                number = (("number", "two"),) if kind == "between" else ()
                many = Thing(plural(self._noun(*COMMON)), "many", number)
                return Place(f"{kind} {many.the}", "near" if kind == "between" else "inside", many)
            case "up" if self._random.random() < 0.6:
                return self._at(ONTO, "up", self.known("supports"))
            case _:
                position: Position = next(name for name in BESIDE if name == kind)
                return self._at(BESIDE[position], position, self.anything("people", "supports"))

    def relation(self) -> Place:
        """How a place begins, before a pronoun: "to the left of"."""
        position = self._pick(tuple(BESIDE))
        return Place(self._pick(tuple(phrase for phrase in BESIDE[position] if phrase != "at")), position)

    def way(self) -> Place:
        position = self._pick(tuple(WAYS))
        return Place(self._pick(WAYS[position]), position)

    def side(self) -> Place:
        position = self._pick(tuple(SIDES))
        return Place(self._pick(SIDES[position]), position)

    def anything(self, *more: str) -> Thing:
        return self.known(*COMMON, *COMMON, *more, *more, *WORDNET)

    def anything_new(self, *more: str) -> Thing:
        return self.new(*COMMON, *COMMON, *more, *more, *WORDNET)

    def attribute(self, *lists: str) -> Attribute:
        name = self._pick(lists)
        return Attribute(self._any(name), SORTS.get(name, "surface"))

    def words(self, name: str) -> Words:
        return Words(self._any(name))

    def condition(self, name: str = "style_conditions") -> Words:
        """A time, a season, a place; an article that it is listed with is not part of the phrase."""
        entry = self._any(name)
        article, _, rest = entry.partition(" ")
        return Words(rest, article) if article in ("a", "an", "the") else Words(entry)

    def _at(self, relations: Sequence[str], position: Position, anchor: Thing) -> Place:
        return Place(f"{self._pick(relations)} {anchor.the}", position, anchor)

    def _thing(self, name: str, looks: str) -> Thing:
        """A noun from one list with attributes from another, no two of the same kind."""
        noun = self._noun(name)
        wanted = self._pick((0, 0, 0, 0, 0, 0, 1, 1, 1, 2))
        attributes = tuple({kind: (kind, words) for kind, words in (self._look(looks) for _ in range(wanted))}.values())
        if name in MASS:
            return Thing(noun, "mass", attributes)
        if name.endswith("plural"):
            return Thing(noun, "many", attributes)
        if name not in AREAS and self._random.random() < 0.15:
            return Thing(plural(noun), "many", attributes)
        return Thing(noun, "one", attributes)

    def _look(self, looks: str) -> tuple[str, str]:
        """An attribute that describes a thing, and its kind."""
        words = self._any(self._pick((looks, looks, looks, "colours", "surfaces")))
        return next((kind for name, kind in SORTS.items() if words in listed(name)), "look"), words

    def _clause(self, name: str, are: str) -> str:
        """What tells a thing from others of its kind: where it is, what it has, or what it does.

        Args:
            name: The list that the thing is from.
            are: "is" or "are".
        """
        where = f"{self._pick(('on', 'near', 'next to', 'behind', 'by', 'under', 'beside'))} the {self._noun(*COMMON)}"
        choices = [where, self._pick(LOCATED), f"that {are} {where}", self._with()]
        if name == "people":
            wear = Thing(self._noun("worn"), attributes=(("colour", self._any("colours")),))
            choices += [self._any("actions_ing"), f"who {are} {self._any('actions_ing')}", f"who {are} {where}"]
            choices += [f"in {wear.the}", f"wearing {wear.a}", f"who {are} wearing {wear.a}"]
        if name == "animals":
            choices += [self._any("animal_actions_ing"), f"that {are} {self._any('animal_actions_ing')}"]
        return self._pick(choices)

    def _with(self) -> str:
        return f"with {Thing(self._noun('worn', 'things'), attributes=(('colour', self._any('colours')),)).a}"

    def _noun(self, *lists: str) -> str:
        return self._pick(nouns(self._pick(lists), self._held_out))

    def _any(self, name: str) -> str:
        return self._pick(listed(name))

    def _pick(self, choices: Sequence[T]) -> T:
        return self._random.choice(choices)
