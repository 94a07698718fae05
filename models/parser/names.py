"""The names in templates, and what they stand for: {thing.the} is "the old bus", {place.said} "under the table"."""

from __future__ import annotations

from collections.abc import Callable

from parser.slots import BEINGS, COMMON, Slot, Slots

WEAR = ("worn", "worn", "worn_plural")

MAKERS: dict[str, Callable[[Slots], Slot]] = {
    **dict.fromkeys(("thing", "old", "anchor"), lambda slots: slots.anything("people", "worn")),
    "new": lambda slots: slots.anything_new("people", "worn"),
    **dict.fromkeys(("actor", "wearer"), lambda slots: slots.known(*BEINGS)),
    **dict.fromkeys(("person", "oldperson"), lambda slots: slots.known("people")),
    "newperson": lambda slots: slots.new("people"),
    **dict.fromkeys(("animal", "oldanimal"), lambda slots: slots.known("animals", "animals", "wordnet_animals")),
    "newanimal": lambda slots: slots.new("animals", "wordnet_animals"),
    "oldfood": lambda slots: slots.known("foods", "wordnet_foods"),
    "newfood": lambda slots: slots.new("foods", "wordnet_foods"),
    "oldwear": lambda slots: slots.known(*WEAR),
    **dict.fromkeys(("newwear", "worn"), lambda slots: slots.new(*WEAR)),
    "owner": lambda slots: slots.plain(*BEINGS, *COMMON),
    "openable": lambda slots: slots.known("openable"),
    "switchable": lambda slots: slots.known("switchable"),
    "ground": lambda slots: slots.known("grounds"),
    "box": lambda slots: slots.known("containers"),
    "spread": lambda slots: slots.new("mass"),
    "support": lambda slots: slots.known("supports"),
    "wall": lambda slots: slots.known("walls"),
    "soil": lambda slots: slots.known("soils"),
    "water": lambda slots: slots.known("waters"),
    "slope": lambda slots: slots.known("slopes"),
    "structure": lambda slots: slots.known("structures"),
    "vehicle": lambda slots: slots.known("vehicles"),
    "plant": lambda slots: slots.known("plants", "wordnet_plants"),
    "furniture": lambda slots: slots.known("furniture"),
    "blemish": lambda slots: slots.known("blemishes", "blemishes_plural"),
    "mess": lambda slots: slots.known("mass"),
    "newvehicle": lambda slots: slots.new("vehicles"),
    "newplant": lambda slots: slots.new("plants"),
    "newfurniture": lambda slots: slots.new("furniture"),
    "flyer": lambda slots: slots.new("flyers"),
    "hanging": lambda slots: slots.new("hangings"),
    "topping": lambda slots: slots.new("toppings"),
    "drink": lambda slots: slots.new("drinks"),
    "several": lambda slots: slots.several(*COMMON),
    "single": lambda slots: slots.plain(*COMMON, "people"),
    "start": lambda slots: slots.plain("supports"),
    "setting": lambda slots: slots.plain("places"),
    "item": lambda slots: slots.known("foods", "things", "worn", "furniture", "animals", "people"),
    "hulk": lambda slots: slots.known("vehicles", "structures", "furniture", "people", "animals"),
    "part": Slots.part,
    **dict.fromkeys(("place", "spot"), Slots.place),
    "condition": Slots.condition,
    "time": lambda slots: slots.condition("times"),
    "way": Slots.way,
    "side": Slots.side,
    "relation": Slots.relation,
    "feature": lambda slots: slots.plain("parts_of_people_plural", "parts_of_animals_plural"),
    "noun": lambda slots: slots.plain(*COMMON),
    "hex": lambda slots: slots.attribute("hexes"),
    "colour": lambda slots: slots.attribute("colours"),
    "shade": lambda slots: slots.attribute("shades"),
    "surface": lambda slots: slots.attribute("surfaces", "patterns"),
    "material": lambda slots: slots.attribute("materials"),
    "motif": lambda slots: slots.attribute("pattern_nouns"),
    "covering": lambda slots: slots.attribute("coverings"),
    "dyeing": lambda slots: slots.attribute("dyeings"),
    "finishing": lambda slots: slots.attribute("finishings"),
    "tone": lambda slots: slots.attribute("tones"),
    "hue": lambda slots: slots.attribute("hues"),
    "rougher": lambda slots: slots.attribute("rougher"),
    "wetness": lambda slots: slots.attribute("wetness"),
    "drawn": lambda slots: slots.attribute("drawn"),
    "tearing": lambda slots: slots.attribute("tearings"),
    "being": lambda slots: slots.plain(*BEINGS),
    **dict.fromkeys(("layout", "item"), lambda slots: slots.known("layouts")),
    "newlayout": lambda slots: slots.new("layouts"),
}

LISTED = {
    "act": "actions", "doing": "actions_ing", "mood": "person_states", "animalact": "animal_actions",
    "animaldoing": "animal_actions_ing", "animalmood": "animal_states", "state": "thing_states",
    "bigger": "larger_words", "tinier": "smaller_words", "bodypart": "parts_of_animals_plural", "style": "styles",
    "adjective": "style_adjectives", "look": "style_looks", "artist": "artists",
    "acts": "actions_s", "acted": "actions_past", "animalacts": "animal_actions_s",
    "animalacted": "animal_actions_past", "thingact": "thing_actions", "thingdoing": "thing_actions_ing",
    "pose": "poses", "face": "expressions", "age": "ages", "gaze": "gazes",
    "weather": "weathers", "weathering": "weathers_ing", "made": "made", "lighting": "lightings",
    "tint": "tints", "scale": "scales",
    "quality": "qualities", "lightness": "lightnesses", "handling": "handlings", "whole": "whole", "letters": "letters",
    "backdrop": "backgrounds", "degrees": "numbers", "pixels": "numbers", "year": "numbers", "handed": "hands",
    "amount": "amounts", "extent": "extents", "distance": "distances",
    "plumper": "larger_adjectives", "slimmer": "smaller_adjectives", "giant": "giants", "dwarf": "dwarfs",
    "enlarge": "enlargings", "shrink": "shrinkings", "busy": "busy", "busying": "busying", "foodstate": "food_states",
    "foodact": "food_actions", "ballet": "stances", "settle": "stances_into", "reason": "excuses",
    "fixing": "fixings", "hour": "hours",
    "slogan": "slogans", "sign": "signs", "vapor": "vapors", "trim": "trims", "mark": "marks", "skin": "skins",
    "numeral": "numerals",
}  # fmt: skip
"""Names that stand for a phrase from a word list."""


def draw(name: str, slots: Slots) -> Slot:
    """What a template's {name} stands for; digits at its end tell two of a kind apart."""
    kind = name.rstrip("0123456789")
    return slots.words(LISTED[kind]) if kind in LISTED else MAKERS[kind](slots)
