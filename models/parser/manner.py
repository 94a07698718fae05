"""The manners in which people ask: politely, with a reason, in a message, in capitals, or with typing errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from random import Random

from editjudge.parser.intent_syntax import Intents
from editjudge.parser.words import split_words
from editjudge.types import EditIntent

FOLDER = Path(__file__).parent / "manners"

QUESTION = re.compile(r"(can|could|would|will|what|how|why|who|where|when|is|are|do|does|did|have|any chance)\b")
SMALL = frozenset({"the", "a", "an", "to", "my", "on", "in", "of"})
VERBS = 0.35
"""The share of typing errors that are in the first two words."""
JOINED = 0.1
"""The share of typing errors that are a missing space."""
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


LONG = 0.08
"""The share of instructions that are a message, with a greeting, a story or thanks."""
ENDS = (".", "!", "?", ";", ":")
QUOTES = "\"')"


@cache
def manners(name: str) -> tuple[str, ...]:
    """What people say before or after an instruction without asking for more: the lines of manners/NAME.txt.

    "polite" comes before a command, "preambles" before anything, "reasons" and "later" after it. Of a message,
    "greetings" come first and "thanks" and "tags" last, and "stories" before or after what is asked for.
    """
    return tuple((FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines())


def dress(text: str, command: bool, random: Random) -> str:
    """The instruction, sometimes with something before or after it."""
    long = random.random() < LONG
    chance = random.random()
    if command and chance < 0.4:
        text = f"{random.choice(manners('polite'))} {text}"
    elif chance > 0.93 and not long:
        text = f"{random.choice(manners('preambles'))} {text}"
    if long:
        return _tell(text, random)
    if not QUESTION.match(text) and random.random() < 0.08:
        text = _append(text, random.choice(manners("reasons")))
    elif random.random() < 0.1:
        text = _append(text, random.choice(manners("later")))
    return text


def _tell(text: str, random: Random) -> str:
    """The instruction as a message. Often the story comes after it, so that no place tells what is asked for."""
    gap = "\n" if "\n" in text or random.random() < 0.15 else " "
    greeting, story, thanks, tag = (
        random.choice(manners(name)) if random.random() < share else ""
        for name, share in (("greetings", 0.55), ("stories", 0.6), ("thanks", 0.6), ("tags", 0.12))
    )
    greeting = greeting if story or thanks else greeting or random.choice(manners("greetings"))
    asked = text if text.endswith(ENDS) else text + ("?" if QUESTION.match(text) else random.choice("...!"))
    told = [asked, story] if random.random() < 0.35 else [story, asked]
    return gap.join(part for part in (greeting, *told, thanks, tag) if part)


def typeset(text: str, random: Random) -> str:
    """The instruction with capitals and punctuation, or without."""
    question = bool(QUESTION.match(text))
    end = random.choice(("?", "?", "?", "", "??") if question else (".", ".", ".", "", "", "", "", "!"))
    if not text[-1].isalnum() and text[-1] not in QUOTES:  # it has an end, or a smile
        end = ""
    chance = random.random()
    if chance < 0.03:
        return f"{text}{end}".upper()
    if chance < 0.55:
        text = re.sub(r"\bi\b", "I", text)
        text = re.sub(r"(^|[.!?] |\n)([a-z])", lambda match: match[1] + match[2].upper(), text)
    return f"{text}{end if chance < 0.55 or random.random() < 0.4 else ''}"


def misspell(text: str, intents: Intents, random: Random) -> tuple[str, Intents]:
    """The instruction with a typing error or two, which the phrases of the intents have as well, as they are copied."""
    if random.random() < JOINED:
        return _join_words(text, intents, random)
    for _ in range(random.choice((1, 1, 1, 2))):
        candidates = [word for word in text.split() if word.isalpha() and len(word) > 2 and word != "all"]
        if not candidates:
            break
        # The verb comes first in most instructions, and is what the most hangs on.
        right = random.choice(candidates[:2] if random.random() < VERBS else candidates)
        wrong = _slip(right, random)
        if wrong in split_words(text):
            continue
        text = _respell(right, wrong, text)
        intents = tuple(_map_phrases(intent, partial(_respell, right, wrong)) for intent in intents)
    return text, intents


def _join_words(text: str, intents: Intents, random: Random) -> tuple[str, Intents]:
    """The instruction with the space missing after a small word: "thebackground"."""
    words = text.split()
    pairs = [pair for pair in pairwise(words) if pair[0] in SMALL and pair[1].isalpha() and words.count(pair[1]) == 1]
    if not pairs:
        return text, intents
    small, word = random.choice(pairs)
    joined = f"{small}{word}"

    def change(phrase: str) -> str:
        return _respell(word, joined, _respell(f"{small} {word}", joined, phrase))

    return text.replace(f"{small} {word}", joined, 1), tuple(_map_phrases(intent, change) for intent in intents)


def _map_phrases(intent: EditIntent, change: Callable[[str], str]) -> EditIntent:
    source, target, anchor, keep = (
        None if phrase is None else change(phrase)
        for phrase in (intent.source, intent.target, intent.anchor, intent.keep)
    )
    return replace(intent, source=source, target=target, anchor=anchor, keep=keep)


def _append(text: str, more: str) -> str:
    return f"{text}{more}" if more.startswith(",") else f"{text} {more}"


def _respell(right: str, wrong: str, text: str) -> str:
    return re.sub(rf"(?<![\w'-]){right}(?![\w'-])", wrong, text)


def _slip(word: str, random: Random) -> str:
    """The word with a letter left out, doubled, swapped with the one before, or replaced by its neighbour."""
    at = random.randrange(1, len(word))
    match random.choice(("omitted", "doubled", "swapped", "neighbour")):
        case "omitted":
            return word[:at] + word[at + 1 :]
        case "doubled":
            return word[: at + 1] + word[at:]
        case "swapped":
            return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
    row = next(row for row in KEYBOARD if word[at] in row)
    return word[:at] + row[max(0, row.index(word[at]) - 1)] + word[at + 1 :]
