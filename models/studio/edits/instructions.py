"""Instructions in varied English: imperatives, requests, questions, passives."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from editjudge.types import EditIntent

PAIRS = ("glasses", "scissors")
UNCOUNTED = ("bread", "broccoli", "cheese", "cherries", "corn", "grapes")

PLAIN_ADD = (
    "Add {a_target}", "Insert {a_target} into the picture", "Put {a_target} in the picture",
    "Place {a_target} in the scene", "Please add {a_target}", "Could you add {a_target}?",
    "There should be {a_target} in the scene", "I would like to see {a_target} here", "Can {a_target} be added?",
    "Include {a_target} in the image", "What about adding {a_target}?", "Let {a_target} appear in the picture",
)  # fmt: skip
PLACED_ADD = (
    "Add {a_target} {relation}", "Put {a_target} {relation}", "Insert {a_target} {relation}",
    "Place {a_target} {relation}", "Please add {a_target} {relation}", "Could you put {a_target} {relation}?",
    "There should be {a_target} {relation}", "I would like to see {a_target} {relation}",
    "Can {a_target} be placed {relation}?", "Draw {a_target} {relation}", "Let {a_target} appear {relation}",
)  # fmt: skip
REMOVE = (
    "Remove the {source}", "Delete the {source}", "Take away the {source}", "Get rid of the {source}",
    "Erase the {source} from the picture", "Please remove the {source}", "Could you remove the {source}?",
    "The {source} should be removed", "Can the {source} be taken out?", "I don't want the {source} in the picture",
    "There should be no {source}", "Show the scene without the {source}", "Make the {source} disappear",
)  # fmt: skip
REPLACE = (
    "Replace the {source} with {a_target}", "Swap the {source} for {a_target}", "Turn the {source} into {a_target}",
    "Change the {source} to {a_target}", "Please replace the {source} by {a_target}",
    "Could you replace the {source} with {a_target}?", "The {source} should be replaced by {a_target}",
    "I would like {a_target} instead of the {source}", "Put {a_target} in place of the {source}",
    "Can the {source} become {a_target}?", "Exchange the {source} for {a_target}",
    "Let the {source} be replaced with {a_target}",
)  # fmt: skip
COLOR = (
    "Make the {source} {attribute}", "Change the color of the {source} to {attribute}",
    "Paint the {source} {attribute}", "Turn the {source} {attribute}", "Please make the {source} {attribute}",
    "Recolor the {source} in {attribute}", "Could you make the {source} {attribute}?",
    "The {source} should be {attribute}", "What if the {source} were {attribute}?",
    "I would like the {source} to be {attribute}", "Can the {source} be painted {attribute}?",
    "Change the {source} to {attribute}", "Let the {source} be {attribute}", "Dye the {source} {attribute}",
)  # fmt: skip
TEXTURE = (
    "Make the {source} {attribute}", "Give the {source} {a_attribute} texture",
    "Change the texture of the {source} to {attribute}", "Please make the {source} {attribute}",
    "Could you make the {source} {attribute}?", "The {source} should be {attribute}",
    "I would like the {source} to be {attribute}", "What if the {source} were {attribute}?",
    "Can the {source} be given {a_attribute} surface?", "Cover the {source} with {a_attribute} texture",
    "Let the {source} have {a_attribute} texture",
)  # fmt: skip
LARGER = (
    "Make the {source} larger", "Make the {source} bigger", "Enlarge the {source}",
    "Increase the size of the {source}", "Please make the {source} much bigger", "Could you enlarge the {source}?",
    "The {source} should be larger", "Scale up the {source}", "Can the {source} be made bigger?",
    "I would like the {source} to be bigger", "Let the {source} grow",
)  # fmt: skip
SMALLER = (
    "Make the {source} smaller", "Make the {source} a lot smaller", "Shrink the {source}",
    "Reduce the size of the {source}", "Please make the {source} smaller", "Could you shrink the {source}?",
    "The {source} should be smaller", "Scale down the {source}", "Can the {source} be made smaller?",
    "I would like the {source} to be smaller", "Let the {source} shrink",
)  # fmt: skip
MOVE = (
    "Move the {source} {direction}", "Shift the {source} {direction}", "Please move the {source} {direction}",
    "Slide the {source} {direction}", "Could you move the {source} {direction}?",
    "The {source} should be moved {direction}", "Can the {source} be shifted {direction}?",
    "I would like the {source} moved {direction}", "Push the {source} {direction}",
    "Let the {source} move {direction}",
)  # fmt: skip
PLACED_MOVE = (
    "Move the {source} {relation}", "Put the {source} {relation}", "Place the {source} {relation}",
    "Please move the {source} {relation}", "Could you move the {source} {relation}?",
    "The {source} should be {relation}", "Can the {source} be placed {relation}?",
    "I would like to have the {source} {relation}", "Relocate the {source} {relation}",
    "Let the {source} be moved {relation}",
)  # fmt: skip

IMPERATIVES: Mapping[str, tuple[str, ...]] = {
    "add": ("Add {a_target}",),
    "remove": ("Remove the {source}", "Delete the {source}", "Erase the {source}", "Get rid of the {source}"),
    "replace": ("Replace the {source} with {a_target}", "Turn the {source} into {a_target}",
                "Swap the {source} for {a_target}"),
    "color": ("Make the {source} {attribute}", "Paint the {source} {attribute}"),
    "texture": ("Make the {source} {attribute}", "Give the {source} {a_attribute} texture"),
    "larger": ("Make the {source} larger", "Make the {source} bigger", "Enlarge the {source}"),
    "smaller": ("Make the {source} smaller", "Shrink the {source}"),
}  # fmt: skip
"""By edit type, or way of a change of size, the wordings that can be joined to a sentence with two parts."""
JOINTS = ("{} and {}", "{}, and {}", "{}, then {}", "{}, and then {}", "{}. Also {}", "{}. Then {}")

RELATIONS: Mapping[str, tuple[str, ...]] = {
    "left": ("to the left of the {anchor}", "on the left of the {anchor}", "on the left side of the {anchor}"),
    "right": ("to the right of the {anchor}", "on the right of the {anchor}", "on the right side of the {anchor}"),
    "up": ("above the {anchor}", "over the {anchor}"),
    "down": ("below the {anchor}", "under the {anchor}", "underneath the {anchor}"),
    "near": ("next to the {anchor}", "near the {anchor}", "beside the {anchor}", "close to the {anchor}"),
}
DIRECTIONS: Mapping[str, tuple[str, ...]] = {
    "left": ("to the left", "left", "further to the left", "towards the left"),
    "right": ("to the right", "right", "further to the right", "towards the right"),
    "up": ("up", "upwards", "further up", "higher"),
    "down": ("down", "downwards", "further down", "lower"),
}
STYLE = (
    "{verb} {rest}", "Please {verb_low} {rest}", "Could you {verb_low} {rest}?", "Can you {verb_low} {rest}?",
    "I would like you to {verb_low} {rest}", "I want to {verb_low} {rest}", "Now {verb_low} {rest}",
    "Would you {verb_low} {rest}, please?",
)  # fmt: skip
STYLE_CLAUSES: Mapping[str, tuple[str, ...]] = {
    "black and white": ("Make {all} black and white", "Turn {all} black and white", "Convert {all} to black and white"),
    "sepia": ("Turn {all} into a sepia photo", "Make {all} sepia", "Give {all} a sepia tone", "Show {all} in sepia"),
    "night": ("Turn {all} into a night scene", "Make {all} look like night", "Show {all} at night"),
    "sunset": ("Make {all} look like sunset", "Show {all} at sunset", "Turn {all} into a sunset scene"),
    "pixel art": ("Turn {all} into pixel art", "Make {all} look like pixel art", "Show {all} as pixel art"),
    "negative": ("Turn {all} into a negative", "Make {all} look like a negative", "Show {all} as a negative"),
}  # fmt: skip
WHOLE = ("the picture", "the image", "the scene", "the whole picture", "the entire image", "everything")


def with_article(phrase: str) -> str:
    """The noun phrase with its indefinite article: "a car", "an orange bus", "a pair of scissors", "some bread"."""
    noun = phrase.rsplit(maxsplit=1)[-1]
    if noun in PAIRS:
        return f"a pair of {phrase}"
    if noun in UNCOUNTED:
        return f"some {phrase}"
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def instruct(
    rng: np.random.Generator,
    edit_type: str,
    *,
    source: str | None = None,
    target: str | None = None,
    attribute: str | None = None,
    anchor: str | None = None,
    position: str = "unchanged",
    size: str = "unchanged",
) -> str:
    """An instruction for the edit, with its wording drawn at random; `attribute` is a colour, a texture or a style."""
    if edit_type == "style":
        return _finish(rng, _style(rng, attribute or ""))
    words = _words(source, target, attribute)
    if anchor is not None:
        words["relation"] = str(rng.choice(RELATIONS[position])).format(anchor=anchor)
    elif edit_type == "move":
        words["direction"] = str(rng.choice(DIRECTIONS[position]))
    return _finish(rng, str(rng.choice(_templates(edit_type, anchor is not None, size))).format(**words))


def instruct_both(rng: np.random.Generator, first: EditIntent, second: EditIntent) -> str:
    """An instruction for two edits, as "Make the car blue and remove the umbrella."; they may not have an anchor."""
    one, other = _command(rng, first), _command(rng, second)
    joined = str(rng.choice(JOINTS)).format(one, other[0].lower() + other[1:])
    return _finish(rng, joined)


def _command(rng: np.random.Generator, intent: EditIntent) -> str:
    """A part of an instruction, as "Make the car blue"."""
    key = intent.size if intent.edit_type == "size" else intent.edit_type
    attribute = None
    if intent.edit_type in ("color", "texture") and intent.target is not None:
        attribute = intent.target.split(" ", 1)[0]
    words = _words(intent.source, intent.target, attribute)
    return str(rng.choice(IMPERATIVES[key])).format(**words)


def _words(source: str | None, target: str | None, attribute: str | None) -> dict[str, str | None]:
    """What templates may say, by placeholder."""
    words = {"source": source, "target": target, "attribute": attribute}
    if target is not None:
        words["a_target"] = with_article(target)
    if attribute is not None:
        words["a_attribute"] = f"{'an' if attribute[0] in 'aeiou' else 'a'} {attribute}"
    return words


def _templates(edit_type: str, anchored: bool, size: str) -> tuple[str, ...]:
    if edit_type == "add":
        return PLACED_ADD if anchored else PLAIN_ADD
    if edit_type == "move":
        return PLACED_MOVE if anchored else MOVE
    if edit_type == "size":
        return LARGER if size == "larger" else SMALLER
    return {"remove": REMOVE, "replace": REPLACE, "color": COLOR, "texture": TEXTURE}[edit_type]


def _style(rng: np.random.Generator, style: str) -> str:
    clause = str(rng.choice(STYLE_CLAUSES[style])).format(all=rng.choice(WHOLE))
    verb, rest = clause.split(" ", 1)
    return str(rng.choice(STYLE)).format(verb=verb, verb_low=verb.lower(), rest=rest)


def _finish(rng: np.random.Generator, sentence: str) -> str:
    """The sentence as people type: with a full stop, without one, or without a capital either."""
    chance = rng.random()
    if chance < 0.15:
        return sentence[0].lower() + sentence[1:] if not sentence.startswith("I ") else sentence
    return sentence if sentence.endswith("?") or chance < 0.55 else sentence + "."
