"""The words of an instruction, as they are copied into phrases: which sentence and which quote each is in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from editjudge.parser.normalize import APOSTROPHES, show

LONGEST_WORD = 40
"""Longer runs of letters are no words, and would only take long to write."""
JOINERS = "'-"
"""What may stand inside a word, beside letters, marks and digits."""
QUOTE = re.compile(
    r"(?P<double>\"[^\"\n]+\")|(?P<curly>[\u201c\u201e\u201d][^\u201c\u201d\n]+[\u201c\u201d])|(?P<angle>\u00ab[^\u00bb\n]+\u00bb)"
    r"|(?<!\w)(?P<single>['`](?!\s)[^\n\"`]*?[^\s\"`]['`])(?!\w)"
)
"""A single quote is told from an apostrophe by what it stands next to."""
SENTENCE_END = re.compile(r"(?P<word>\w*)(?:[.!?]+(?=\s)|;)")
ABBREVIATIONS = frozenset({"st", "mr", "mrs", "ms", "dr", "no", "nr", "vs", "jr", "sr", "mt", "approx", "etc"})
"""What a full stop may follow within a sentence, beside single letters."""


@dataclass(frozen=True)
class Word:
    """A word in lower case, without punctuation.

    Attributes:
        text: The word.
        sentence: The number of its sentence; a semicolon ends one, too.
        quote: The number of the quote that it is in; None outside of quotes.
    """

    text: str
    sentence: int = 0
    quote: int | None = None


def split_words(text: str) -> list[str]:
    """The words of a text, in lower case, without punctuation."""
    plain = text.lower().translate(APOSTROPHES)
    spaced = (char if char in JOINERS or unicodedata.category(char)[0] in "LMN" else " " for char in plain)
    words = (word.strip(JOINERS) for word in "".join(spaced).split())
    return [word for word in words if len(word) <= LONGEST_WORD and any(char.isalnum() for char in word)]


def find_words(text: str) -> list[Word]:
    """The words of a text (`normalize.normalize`), each with its sentence and its quote."""
    words: list[Word] = []
    sentence = 0
    for stretch, quote in _split_quotes(text):
        if quote is not None:
            words += [Word(word, sentence, quote) for word in split_words(stretch)]
            continue
        for said, ends in _split_sentences(stretch):
            words += [Word(word, sentence) for word in split_words(said)]
            sentence += ends
    return words


def find_quotes(instruction: str) -> list[str]:
    """What stands in quotes in an instruction, as it was typed."""
    return [match[0][1:-1].strip() for match in QUOTE.finditer(show(instruction))]


def is_foreign_script(text: str) -> bool:
    """Whether most letters outside of quotes are none of the Latin alphabet, which all English is written in."""
    letters = [char for stretch, quote in _split_quotes(text) if quote is None for char in stretch if char.isalpha()]
    return 2 * sum(unicodedata.name(char, "").startswith("LATIN") for char in letters) < len(letters)


def _split_quotes(text: str) -> Iterator[tuple[str, int | None]]:
    """The stretches of a text outside and inside of quotes, these with their numbers."""
    end = 0
    for number, match in enumerate(QUOTE.finditer(text)):
        yield text[end : match.start()], None
        yield match[0], number
        end = match.end()
    yield text[end:], None


def _split_sentences(text: str) -> Iterator[tuple[str, bool]]:
    """The stretches of a text between ends of sentences, and whether one ends after it."""
    start = 0
    for match in SENTENCE_END.finditer(text):
        abbreviated = match["word"] in ABBREVIATIONS or (len(match["word"]) == 1 and match["word"].isalpha())
        if match[0].endswith(";") or not abbreviated:
            yield text[start : match.end()], True
            start = match.end()
    yield text[start:], False
