"""Instructions and what they ask for, drawn from templates and word lists: what the parser's adapter is trained on.

    python -m parser.generate 20000 train.jsonl [--seed 0] [--held-out]

Prints how many there are of each edit type. The same seed gives the same pairs. A pair is
{"instruction": ..., "intent": {...}} or, for a compound instruction, {"instruction": ..., "compound": [{...}, ...]}.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from editjudge.errors import InputError
from editjudge.parser.grammar import PARTS
from editjudge.parser.intent_syntax import AND, FOREIGN, Intents, format_line
from editjudge.parser.normalize import normalize
from editjudge.utils import atomic_file
from parser.joints import EDITS, join_templates
from parser.layout import wrap
from parser.manner import dress, misspell, typeset
from parser.slots import Slots
from parser.templates import Template, families, templates

SHARES = {"other": 0.04, "shared": 0.05, "joined": 0.13, "families": 0.37}
"""The shares of instructions that are no edit, of compounds that share words ("make the hat and the coat red"), of
several instructions in one, and of the families; the edit types share the rest evenly."""
FAMILIES = {
    "afterthoughts": 3, "anchors": 4, "backgrounds": 4, "briefs": 3, "comparisons": 3, "except": 3, "foreign": 5,
    "no_removal": 2, "one_thing": 3, "texts": 4, "tone": 5, "ways_round": 5,
}  # fmt: skip
"""How often each family is drawn, next to the others."""
MISSPELT = 0.09
WRAPPED = 0.02
DATA = Path(__file__).parents[2] / "benchmarks" / "data"
HAND_WRITTEN = (*DATA.glob("parse_*.jsonl"), DATA / "languages.jsonl")


@dataclass(frozen=True)
class Pair:
    """An instruction as somebody may type it, and its intents: one, or the parts of a compound; or none, as it is in
    another language.
    """

    instruction: str
    intents: Intents
    foreign: bool = False

    @property
    def line(self) -> str:
        """What the model is to write about it; after as many parts as are written a plus says that there are more."""
        if self.foreign:
            return FOREIGN
        line = format_line(self.intents[:PARTS])
        return line if len(self.intents) <= PARTS else f"{line}{AND}".rstrip()

    def to_dict(self) -> dict[str, Any]:
        if len(self.intents) == 1:
            return {"instruction": self.instruction, "intent": self.intents[0].to_dict()}
        return {"instruction": self.instruction, "compound": [intent.to_dict() for intent in self.intents]}


def pairs(seed: int, held_out: bool = False) -> Iterator[Pair]:
    """An endless stream of pairs.

    Args:
        seed: The same seed gives the same pairs.
        held_out: Whether to use only nouns that the other pairs never have, except in what somebody does.
    """
    random = Random(f"{seed} {held_out}")
    slots = Slots(random, held_out)
    while True:
        template = _draw_template(random)
        text, intents = template.fill(slots)
        if template.line == FOREIGN:
            pair = Pair(typeset(text, random), intents, foreign=True)
        else:
            if random.random() < MISSPELT:
                text, intents = misspell(text, intents, random)
            text = typeset(dress(text, template.command, random), random)
            pair = Pair(wrap(text, intents, random) if random.random() < WRAPPED else text, intents)
        if normalize(pair.instruction) not in reserved_instructions():
            yield pair


@cache
def reserved_instructions() -> frozenset[str]:
    """The instructions of the hand-written sets, as the parser reads them; none may be learnt by heart."""
    lines = (line for path in HAND_WRITTEN for line in path.read_text(encoding="utf-8").splitlines())
    return frozenset(normalize(json.loads(line)["instruction"]) for line in lines)


def _draw_template(random: Random) -> Template:
    (sort,) = random.choices(("edit", *SHARES), (1 - sum(SHARES.values()), *SHARES.values()))
    match sort:
        case "joined":
            return join_templates(random)
        case "families":
            (family,) = random.choices(tuple(FAMILIES), tuple(FAMILIES.values()))
            return random.choice(families()[family])
        case "edit":
            return random.choice(templates(random.choice(EDITS)))
        case _:
            return random.choice(templates("compound" if sort == "shared" else "other"))


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("count", type=int)
    command_line.add_argument("path", type=Path)
    command_line.add_argument("--seed", type=int, default=0)
    command_line.add_argument("--held-out", action="store_true")
    options = command_line.parse_args()
    if options.count < 1:
        command_line.error(f"count is {options.count}; ask for at least one pair")
    try:
        atomic_file.check_writable(options.path)
    except InputError as error:
        command_line.error(str(error))
    drawn = list(islice(pairs(options.seed, options.held_out), options.count))
    atomic_file.write(options.path, "".join(f"{json.dumps(pair.to_dict(), ensure_ascii=False)}\n" for pair in drawn))
    kinds = Counter("compound" if len(pair.intents) > 1 else pair.intents[0].edit_type for pair in drawn)
    for kind, count in kinds.most_common():
        print(f"{kind:10} {count}")


if __name__ == "__main__":
    main()
