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
from editjudge.parser.intent_syntax import Intents, format_line
from editjudge.parser.normalize import normalize
from editjudge.utils import atomic_file
from parser.joints import EDITS, join_templates
from parser.manner import dress, misspell, typeset
from parser.slots import Slots
from parser.templates import templates

SHARES = {"other": 0.06, "shared": 0.045, "joined": 0.045}
"""The shares of instructions that are no edit, of compounds that share words ("make the hat and the coat red"), and of
two or three instructions in one; the other edit types share the rest evenly."""
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
        return format_line(self.intents)

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
        text, command, intents = _draw_instruction(slots, random)
        if random.random() < MISSPELT:
            text, intents = misspell(text, intents, random)
        pair = Pair(typeset(dress(text, command, random), random), intents)
        if normalize(pair.instruction) not in reserved_instructions():
            yield pair


@cache
def reserved_instructions() -> frozenset[str]:
    """The instructions of the hand-written sets, as the parser reads them; none may be learnt by heart."""
    lines = (line for path in HAND_WRITTEN for line in path.read_text(encoding="utf-8").splitlines())
    return frozenset(normalize(json.loads(line)["instruction"]) for line in lines)


def _draw_instruction(slots: Slots, random: Random) -> tuple[str, bool, Intents]:
    """An instruction, whether it is a command, and its intents."""
    chance = random.random()
    if chance < SHARES["other"]:
        template = random.choice(templates("other"))
    elif chance < SHARES["other"] + SHARES["shared"]:
        template = random.choice(templates("compound"))
    elif chance < sum(SHARES.values()):
        template = join_templates(random)
    else:
        template = random.choice(templates(random.choice(EDITS)))
    text, intents = template.fill(slots)
    return text, template.command, intents


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
