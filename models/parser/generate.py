"""Instructions and what they ask for, drawn from templates and word lists: what the parser's adapter is trained on.

    python -m parser.generate 20000 train.jsonl [--seed 0] [--held-out]

Prints how many there are of each edit type. The same seed gives the same pairs. A pair is
{"instruction": ..., "intent": {...}} or, of a compound instruction, {"instruction": ..., "compound": [{...}, ...]}.
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

from editjudge import atomic
from editjudge.errors import InputError
from editjudge.parsing.line import Intents, write
from editjudge.parsing.words import clean
from parser.joints import EDITS, joined
from parser.manner import dressed, misspelt, typed
from parser.slots import Slots
from parser.templates import templates

SHARES = {"other": 0.06, "shared": 0.045, "joined": 0.045}
"""Of instructions that are no edit, of compounds that share words ("make the hat and the coat red"), and of those that
are two or three instructions in one; the other edit types share the rest evenly."""
MISSPELT = 0.07
HAND_WRITTEN = tuple((Path(__file__).parents[2] / "benchmarks" / "data").glob("parse_*.jsonl"))


@dataclass(frozen=True)
class Pair:
    """An instruction as somebody may type it, and its intents: one, or the parts of a compound."""

    instruction: str
    intents: Intents

    @property
    def line(self) -> str:
        """What the model is to write about it."""
        return write(self.intents)

    def to_dict(self) -> dict[str, Any]:
        if len(self.intents) == 1:
            return {"instruction": self.instruction, "intent": self.intents[0].to_dict()}
        return {"instruction": self.instruction, "compound": [intent.to_dict() for intent in self.intents]}


def pairs(seed: int, held_out: bool = False) -> Iterator[Pair]:
    """Pairs without end. held_out: only with nouns that the others never have, but for those inside what is done."""
    random = Random(f"{seed} {held_out}")
    slots = Slots(random, held_out)
    while True:
        text, command, intents = _asked(slots, random)
        if random.random() < MISSPELT:
            text, intents = misspelt(text, intents, random)
        pair = Pair(typed(dressed(text, command, random), random), intents)
        if clean(pair.instruction) not in set_apart():
            yield pair


@cache
def set_apart() -> frozenset[str]:
    """The instructions of the hand-written sets, as they are read; none may be learnt by heart."""
    lines = (line for path in HAND_WRITTEN for line in path.read_text(encoding="utf-8").splitlines())
    return frozenset(clean(json.loads(line)["instruction"]) for line in lines)


def _asked(slots: Slots, random: Random) -> tuple[str, bool, Intents]:
    """An instruction, whether it is a command, and its intents."""
    chance = random.random()
    if chance < SHARES["other"]:
        template = random.choice(templates("other"))
    elif chance < SHARES["other"] + SHARES["shared"]:
        template = random.choice(templates("compound"))
    elif chance < sum(SHARES.values()):
        template = joined(random)
    else:
        template = random.choice(templates(random.choice(EDITS)))
    text, intents = template.fill(slots)
    return text, template.command, intents


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("count", type=int)
    arguments.add_argument("path", type=Path)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--held-out", action="store_true")
    given = arguments.parse_args()
    if given.count < 1:
        arguments.error(f"count is {given.count}; ask for at least one pair")
    try:
        atomic.check_writable(given.path)
    except InputError as error:
        arguments.error(str(error))
    found = list(islice(pairs(given.seed, given.held_out), given.count))
    atomic.write(given.path, "".join(f"{json.dumps(pair.to_dict(), ensure_ascii=False)}\n" for pair in found))
    kinds = Counter("compound" if len(pair.intents) > 1 else pair.intents[0].edit_type for pair in found)
    for kind, count in kinds.most_common():
        print(f"{kind:10} {count}")


if __name__ == "__main__":
    main()
