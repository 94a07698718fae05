"""The manners in which people ask: politely, with a reason, in capitals, or with typing errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from random import Random

from editjudge.parser.intent_syntax import Intents
from editjudge.parser.normalize import split_words
from editjudge.types import EditIntent

FOLDER = Path(__file__).parent / "manners"

QUESTION = re.compile(r"(can|could|would|will|what|how|why|who|where|when|is|are|do|does|did|have|any chance)\b")
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


@cache
def manners(name: str) -> tuple[str, ...]:
    """What people say before or after an instruction without asking for more: the lines of manners/NAME.txt.

    "polite" comes before a command, "preambles" before anything, "reasons" and "later" after it.
    """
    return tuple((FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines())


def dress(text: str, command: bool, random: Random) -> str:
    """The instruction, sometimes with something before or after it."""
    chance = random.random()
    if command and chance < 0.4:
        text = f"{random.choice(manners('polite'))} {text}"
    elif chance > 0.93:
        text = f"{random.choice(manners('preambles'))} {text}"
    if not QUESTION.match(text) and random.random() < 0.08:
        text = _append(text, random.choice(manners("reasons")))
    elif random.random() < 0.1:
        text = _append(text, random.choice(manners("later")))
    return text


def typeset(text: str, random: Random) -> str:
    """The instruction with capitals and punctuation, or without."""
    question = bool(QUESTION.match(text))
    end = random.choice(("?", "?", "?", "", "??") if question else (".", ".", ".", "", "", "", "", "!"))
    chance = random.random()
    if chance < 0.03:
        return f"{text}{end}".upper()
    if chance < 0.55:
        text = re.sub(r"\bi\b", "I", text)
        text = re.sub(r"(^|[.!] )([a-z])", lambda match: match[1] + match[2].upper(), text)
    return f"{text}{end if chance < 0.55 or random.random() < 0.4 else ''}"


def misspell(text: str, intents: Intents, random: Random) -> tuple[str, Intents]:
    """The instruction with a typing error or two, which the phrases of the intents have as well, as they are copied."""
    for _ in range(random.choice((1, 1, 1, 2))):
        candidates = [word for word in text.split() if word.isalpha() and len(word) > 2 and word != "all"]
        if not candidates:
            break
        right = random.choice(candidates)
        wrong = _slip(right, random)
        if wrong in split_words(text):
            continue
        text = _respell(right, wrong, text)
        intents = tuple(_map_phrases(intent, partial(_respell, right, wrong)) for intent in intents)
    return text, intents


def _map_phrases(intent: EditIntent, change: Callable[[str], str]) -> EditIntent:
    source, target, anchor = (
        None if phrase is None else change(phrase) for phrase in (intent.source, intent.target, intent.anchor)
    )
    return replace(intent, source=source, target=target, anchor=anchor)


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
