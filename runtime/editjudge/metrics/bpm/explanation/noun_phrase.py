"""Noun phrases in sentences: articles, number, and what a phrase says more than another."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST = 60
_DETERMINERS = {"a", "an", "the", "some", "this", "that", "these", "those"}
_SINGULAR_ENDINGS = ("ss", "us", "is")
_PLURALS = {"people", "men", "women", "children"}
_PRONOUNS = {"everybody", "everyone", "everything"}
_UNCOUNTED = {"bread", "broccoli", "cheese", "corn", "grass", "hair", "rain", "sand", "smoke", "snow", "water"}


@dataclass(frozen=True)
class Noun:
    """A noun phrase without its article, on one line, cut where it is longer than a sentence can bear."""

    words: str

    @classmethod
    def of(cls, phrase: str | None) -> Noun:
        words = (phrase or "").split()
        while len(words) > 1 and words[0].lower() in _DETERMINERS:
            words = words[1:]
        text = " ".join(words) or "object"
        return cls(text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…")

    @property
    def plural(self) -> bool:
        """By its ending, as English mostly has it."""
        last = self.words.split()[-1].lower()
        return last in _PLURALS or (last.endswith("s") and not last.endswith(_SINGULAR_ENDINGS))

    @property
    def the(self) -> str:
        return self.words if self.words.lower() in _PRONOUNS else f"the {self.words}"

    @property
    def a(self) -> str:
        if self.plural or self.words.split()[-1].lower() in _UNCOUNTED:
            return f"some {self.words}"
        return f"{'an' if self.words[0].lower() in 'aeiou' else 'a'} {self.words}"

    @property
    def it(self) -> str:
        return "they" if self.plural else "it"

    @property
    def its(self) -> str:
        return "their" if self.plural else "its"

    @property
    def was(self) -> str:
        return "were" if self.plural else "was"

    @property
    def is_(self) -> str:
        return "are" if self.plural else "is"

    @property
    def does(self) -> str:
        return "do" if self.plural else "does"


def attribute(source: Noun, target: Noun) -> str | None:
    """What the target says more than the source: of "red car" and "blue car", "blue"; None when that is not all."""
    before, after = source.words.lower().split(), target.words.lower().split()
    if before[-1] != after[-1]:
        return None
    added = [word for word in target.words.split() if word.lower() not in before]
    return " ".join(added) or None
