"""Grammars (GBNF, llama.cpp's notation) that confine what is written about an instruction to its own words."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence

from editjudge.prompt import DIRECTIONS, RELATIONS

OBJECT_WORDS = 4
ATTRIBUTE_WORDS = 2
FREE_WORDS = 6
"""The most words in the name of an object, in an attribute such as "dark red", and in a style or an action."""

# A phrase neither begins nor ends with one of these.
FUNCTION_WORDS = frozenset(
    """
    a an the this that these those some any my your his her its our their it them there here i i'd i'll i'm you we
    and or but to of in into on onto at by for from with as is are be was were been being so please
    should could would can will must may do does did don't have has had let like want
    """.split()  # noqa: SIM905 (a list of seventy literals is harder to read)
)
# The picture is not an object in the picture.
WHOLE = frozenset({"picture", "photo", "photograph", "image", "scene", "everything"})

LONGEST_WORD = 40
"""Longer runs of letters are no words, and would only take long to write."""
JOINERS = "'\u2019-"
"""What may stand inside a word, beside letters, marks and digits."""

Span = tuple[int, int]
"""The first and the last word of a phrase."""


ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def words(text: str) -> list[str]:
    """The words of a text, in lower case, without punctuation."""
    kept = (char if char in JOINERS or unicodedata.category(char)[0] in "LMN" else " " for char in text.lower())
    found = (word.strip(JOINERS) for word in "".join(kept).split())
    return [word for word in found if len(word) <= LONGEST_WORD and any(char.isalnum() for char in word)]


def literal(text: str) -> str:
    """A string as a GBNF literal."""
    escaped = (
        text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    )
    return f'"{escaped}"'


def one_of(alternatives: Iterable[str]) -> str:
    return "( " + " | ".join(dict.fromkeys(alternatives)) + " )"


def spans(tokens: Sequence[str], longest: int, inner: frozenset[str] = frozenset()) -> list[Span]:
    """Every contiguous phrase that is bounded by content words; `inner` are the function words it may hold between."""
    found = []
    for first, word in enumerate(tokens):
        if word in FUNCTION_WORDS:
            continue
        for last in range(first, min(first + longest, len(tokens))):
            if tokens[last] not in FUNCTION_WORDS:
                found.append((first, last))
            elif tokens[last] not in inner:
                break
    return found


class Grammar:
    """The grammars for one instruction: `text` gives one per kind of edit.

    Two phrases of one line share no word, but for a noun that is named again with its new colour or texture.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens
        self._objects = [
            (first, last)
            for first, last in spans(tokens, OBJECT_WORDS, frozenset({"of"}))
            if WHOLE.isdisjoint(tokens[first : last + 1])
        ]
        self._attributes = spans(tokens, ATTRIBUTE_WORDS)
        self._free = spans(tokens, FREE_WORDS, FUNCTION_WORDS)
        self._rules: dict[str, str] = {}
        self._builders: dict[str, Callable[[], list[str]]] = {
            "add": self._add,
            "replace": self._replace,
            "color": self._painted,
            "texture": self._painted,
            "move": self._move,
            "style": self._style,
            "action": self._action,
            "other": lambda: ['"nothing"'],
        }

    def text(self, kind: str) -> str | None:
        """The grammar for a kind of edit (a key of `prompt.EXAMPLES`), or None if these words cannot ask for it."""
        self._rules = {
            "article": '"a " | "an "',
            "relation": one_of(map(literal, RELATIONS)),
            "direction": one_of(map(literal, DIRECTIONS)),
        }
        alternatives = self._builders.get(kind, self._object)()
        if not alternatives:
            return None
        self._rules["root"] = f'" " {one_of(alternatives)} "\\n"'
        return "\n".join(f"{name} ::= {body}" for name, body in self._rules.items())

    def _object(self) -> list[str]:
        return [f'"the " {self._any(self._objects)}'] if self._objects else []

    def _add(self) -> list[str]:
        placed = self._pairs('", " relation " the "', self._objects)
        return [f"article {self._any(self._objects)}", *(f"article {pair}" for pair in placed)] if self._objects else []

    def _replace(self) -> list[str]:
        return [f"article {pair}" for pair in self._pairs('" instead of the "', self._objects)]

    def _move(self) -> list[str]:
        shifted = [f'direction ": the " {self._any(self._objects)}'] if self._objects else []
        return shifted + [f'relation " the " {pair}' for pair in self._pairs('": the "', self._objects)]

    def _action(self) -> list[str]:
        return [f'"the " {pair}' for pair in self._pairs('": "', self._free)]

    def _style(self) -> list[str]:
        return [f"article? {self._any(self._free)}"] if self._free else []

    def _painted(self) -> list[str]:
        """An object, then its noun (the object or its last words) with an attribute from elsewhere."""
        choices = []
        for first, last in self._objects:
            other = self._beside("attribute", self._attributes, (first, last))
            nouns = self._any(span for span in self._objects if span[1] == last and span[0] >= first)
            if other:
                choices.append(f'"the " {self._literal((first, last))} " -> " article {one_of(other)} " " {nouns}')
        return choices

    def _pairs(self, between: str, others: Sequence[Span]) -> list[str]:
        """An object and another phrase that shares no word with it."""
        sides = ((span, self._beside("other", others, span)) for span in self._objects)
        return [f"{self._literal(span)} {between} {one_of(other)}" for span, other in sides if other]

    def _beside(self, name: str, phrases: Sequence[Span], span: Span) -> list[str]:
        """The rules for the phrases before and after a span, as far as there are any."""
        before, after = [p for p in phrases if p[1] < span[0]], [p for p in phrases if p[0] > span[1]]
        found = {f"{name}-before-{span[0]}": before, f"{name}-after-{span[1]}": after}
        self._rules |= {rule: self._any(some) for rule, some in found.items() if some}
        return [rule for rule, some in found.items() if some]

    def _literal(self, span: Span) -> str:
        return literal(" ".join(self._tokens[span[0] : span[1] + 1]))

    def _any(self, some: Iterable[Span]) -> str:
        return one_of(map(self._literal, some))
