"""The manners in which people ask: politely, as a question, with a reason, in capitals, or with typing errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from random import Random

from editjudge.parsing.line import Intents
from editjudge.parsing.words import words
from editjudge.types import EditIntent

FOLDER = Path(__file__).parent / "manners"

QUESTION = re.compile(r"(can|could|would|will|what|how|why|who|where|when|is|are|do|does|did|have|any chance)\b")
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


@cache
def manners(name: str) -> tuple[str, ...]:
    """What people say around an instruction, as far as it asks for nothing more: the lines of manners/NAME.txt.

    polite: before a command; preambles: before anything; reasons, later: after it.
    """
    return tuple((FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines())


def dressed(text: str, command: bool, random: Random) -> str:
    """The instruction with what people say around it."""
    chance = random.random()
    if command and chance < 0.4:
        text = f"{random.choice(manners('polite'))} {text}"
    elif chance > 0.93:
        text = f"{random.choice(manners('preambles'))} {text}"
    if not QUESTION.match(text) and random.random() < 0.08:
        text = _after(text, random.choice(manners("reasons")))
    elif random.random() < 0.1:
        text = _after(text, random.choice(manners("later")))
    return text


def typed(text: str, random: Random) -> str:
    """With capitals and punctuation, or without."""
    asked = bool(QUESTION.match(text))
    end = random.choice(("?", "?", "?", "", "??") if asked else (".", ".", ".", "", "", "", "", "!"))
    chance = random.random()
    if chance < 0.03:
        return f"{text}{end}".upper()
    if chance < 0.55:
        text = re.sub(r"\bi\b", "I", text)
        text = re.sub(r"(^|[.!] )([a-z])", lambda found: found[1] + found[2].upper(), text)
    return f"{text}{end if chance < 0.55 or random.random() < 0.4 else ''}"


def misspelt(text: str, intents: Intents, random: Random) -> tuple[str, Intents]:
    """With a typing error or two, which phrases of the intents have as well: they are what is written."""
    for _ in range(random.choice((1, 1, 1, 2))):
        said = [word for word in text.split() if word.isalpha() and len(word) > 2 and word != "all"]
        if not said:
            break
        right = random.choice(said)
        wrong = _slip(right, random)
        if wrong in words(text):
            continue
        text = _respelt(right, wrong, text)
        intents = tuple(_with_phrases(intent, partial(_respelt, right, wrong)) for intent in intents)
    return text, intents


def _with_phrases(intent: EditIntent, changed: Callable[[str], str]) -> EditIntent:
    source, target, anchor = (
        None if phrase is None else changed(phrase) for phrase in (intent.source, intent.target, intent.anchor)
    )
    return replace(intent, source=source, target=target, anchor=anchor)


def _after(text: str, more: str) -> str:
    return f"{text}{more}" if more.startswith(",") else f"{text} {more}"


def _respelt(right: str, wrong: str, text: str) -> str:
    return re.sub(rf"(?<![\w'-]){right}(?![\w'-])", wrong, text)


def _slip(word: str, random: Random) -> str:
    """A letter left out, doubled, swapped with the next, or its neighbour on the keyboard."""
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
