"""Intents in words, as the embedding of edits is trained on them."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from editjudge.types import EditIntent
from pair.tokenizer import CONTEXT, instruction_words, pair_tokenizer
from pair.wording import can_mirror, meaning, mirror, word

INTENTS = {
    "remove": EditIntent("remove", "red apple", None),
    "add": EditIntent("add", None, "blue car", "dog", position="left"),
    "replace": EditIntent("replace", "taco", "striped zebra"),
    "color": EditIntent("color", "ship", "green ship"),
    "texture": EditIntent("texture", "ship", "wooden ship"),
    "larger": EditIntent("size", "ship", "ship", size="larger"),
    "move": EditIntent("move", "ship", "ship", position="right"),
    "style": EditIntent("style", "all", "pixel art"),
}
NAMED = {
    "remove": ["red apple"],
    "add": ["blue car", "dog", "left"],
    "replace": ["taco", "striped zebra"],
    "color": ["ship", "green"],
    "texture": ["ship", "wooden"],
    "larger": ["ship"],
    "move": ["ship", "right"],
    "style": ["pixel art"],
}


@pytest.mark.parametrize("kind", INTENTS)
def test_every_wording_names_all_that_the_intent_does(kind: str) -> None:
    rng = np.random.default_rng(1)
    worded = {word(rng, asdict(INTENTS[kind])) for _ in range(200)}
    assert len(worded) > 20
    for text in worded:
        assert all(name in text.lower() for name in NAMED[kind]), text
        assert "{" not in text


def test_half_of_the_wordings_are_those_that_people_use() -> None:
    from studio.edits.instructions import REMOVE  # noqa: PLC0415

    own = {template.format(source="red apple").lower().rstrip(".") for template in REMOVE}
    rng = np.random.default_rng(2)
    worded = [word(rng, asdict(INTENTS["remove"])).lower().rstrip(".") for _ in range(400)]
    assert 0.4 < np.mean([text in own for text in worded]) < 0.75


def test_the_tokenizer_knows_the_words_of_nearly_all_wordings() -> None:
    tokenizer, rng = pair_tokenizer(), np.random.default_rng(3)
    texts = [word(rng, asdict(intent)) for intent in INTENTS.values() for _ in range(100)]
    tokens = [token for text in texts for token in tokenizer.encode(text).tokens]
    assert tokens.count("[UNK]") < 0.01 * len([token for token in tokens if token != "[PAD]"])
    assert all(len(tokenizer.encode(text).ids) == CONTEXT for text in texts)
    assert tokenizer.encode("Remove the APPLE, please!").tokens[:6] == [
        "[BOS]",
        "remove",
        "the",
        "apple",
        "please",
        "[EOS]",
    ]


def test_words_are_sorted_and_once_each() -> None:
    words = instruction_words()
    assert list(words) == sorted(set(words))
    assert {"left", "right", "larger", "smaller", "remove", "add"} <= set(words)


def test_in_the_mirror_left_is_right() -> None:
    asked = asdict(INTENTS["move"])
    assert mirror(asked)["position"] == "left"
    assert mirror(mirror(asked)) == asked
    assert mirror(asdict(INTENTS["remove"])) == asdict(INTENTS["remove"])
    assert not can_mirror("put it to the Left, please")
    assert not can_mirror("turn it clockwise")
    assert not can_mirror("write “open” on the door")
    assert can_mirror("make it snow")
    assert can_mirror(asked)


def test_the_meaning_is_that_of_the_intent() -> None:
    assert meaning(asdict(INTENTS["move"])) != meaning(mirror(asdict(INTENTS["move"])))
    assert meaning(json.loads(json.dumps(asdict(INTENTS["add"])))) == meaning(asdict(INTENTS["add"]))
    assert meaning(" Make it  snow. ") == meaning("make it snow") != meaning("make it rain")
