"""What the parser's adapter is trained on, the line it writes, and the instructions it is measured on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import combinations, islice
from pathlib import Path
from random import Random

import pytest

from benchmarks.parsing.instructions import FIELDS, SPLITS, LabelledInstruction, load_instructions
from editjudge.parser.grammar import PARTS
from editjudge.parser.intent_syntax import PLACES, Intents, format_line, parse_line
from editjudge.parser.normalize import normalize
from editjudge.parser.prompts import EXAMPLES
from editjudge.parser.words import split_words
from editjudge.types import EDIT_TYPES, EditIntent
from parser.generate import EDITS, FAMILIES, Pair, pairs
from parser.lexicon import WORDS, head, listed, nouns
from parser.manner import misspell
from parser.names import LISTED
from parser.slots import Slots
from parser.templates import FOLDER, families, templates
from parser.thing import Thing, plural
from support.grammar_check import can_be_written

COUNT = 4000
PUNCTUATED = (
    "pairs",
    "pair_foods",
    "pair_stuff",
    "duos",
    "bicolours",
    "clock_times",
    "exclaims",
    "figures",
    "prices",
    "extractings",
)
"""Lists of what has marks in an instruction, which its phrase has not, and of what is in no phrase."""
LISTS = sorted(path.stem for path in WORDS.glob("*.txt"))


@pytest.fixture(scope="module")
def drawn() -> dict[bool, list[Pair]]:
    """Pairs with nouns that are not held out, and with those that are."""
    return {held_out: list(islice(pairs(0, held_out), COUNT)) for held_out in (False, True)}


def spoken(instruction: str) -> list[str]:
    """The words of an instruction as a parser reads them, each possessive also without its ending."""
    return [word.removesuffix("'s") for word in split_words(normalize(instruction))]


def stands_in(phrase: str, instruction: str) -> bool:
    """Whether a phrase is one stretch of an instruction's words."""
    text = f" {' '.join(spoken(instruction))} "
    return f" {' '.join(spoken(phrase))} " in text


def is_copied(intent: EditIntent, instruction: str) -> bool:
    """Whether each phrase is one stretch of the instruction's words, and a painted target the source with one in it."""
    source, target = str(intent.source), str(intent.target)
    if intent.edit_type == "action":
        target = target.removeprefix(f"{source} ")
    elif intent.edit_type in ("color", "texture"):
        target = next((words for words in inserted(source, target) if stands_in(words, instruction)), "nothing")
    copied = (intent.source and source, intent.target and target, intent.anchor, intent.keep)
    return all(phrase in (None, "all") or stands_in(phrase, instruction) for phrase in copied)


def inserted(source: str, target: str) -> Iterator[str]:
    """The stretches of a target before and after which it is the beginning and the end of the source."""
    old, new = [] if source == "all" else source.split(), target.split()
    for first, last in combinations(range(len(new) + 1), 2):
        before, after = new[:first], new[last:]
        kept = len(before) + len(after)
        if kept <= len(old) and before == old[:first] and after == old[len(old) - len(after) :]:
            yield " ".join(new[first:last])


def phrases(intents: Intents) -> list[str]:
    fields = [phrase for intent in intents for phrase in (intent.source, intent.target, intent.anchor)]
    return [phrase for phrase in fields if phrase not in (None, "all")]


def test_what_counts_as_copied() -> None:
    instruction = "paint the man's old red hat blue"
    assert is_copied(EditIntent("color", "man's old red hat", "man's old blue hat"), instruction)
    assert is_copied(EditIntent("color", "old hat", "blue old hat"), "paint the old hat blue")
    assert not is_copied(EditIntent("color", "man's old red hat", "man's old green hat"), instruction)
    assert not is_copied(EditIntent("color", "man's hat", "blue hat"), instruction)
    assert not is_copied(EditIntent("remove", "old hat", None), instruction)


@pytest.mark.parametrize("held_out", [False, True])
def test_every_phrase_is_made_of_the_instructions_words(drawn: dict[bool, list[Pair]], held_out: bool) -> None:
    for pair in drawn[held_out]:
        allowed = set(spoken(pair.instruction))
        for phrase in phrases(pair.intents):
            assert set(spoken(phrase)) <= allowed, pair


@pytest.mark.parametrize("held_out", [False, True])
def test_phrases_are_copied_in_one_piece(drawn: dict[bool, list[Pair]], held_out: bool) -> None:
    for pair in drawn[held_out]:
        for intent in pair.intents:
            assert is_copied(intent, pair.instruction), pair


@pytest.mark.parametrize("name", [*sorted(path.stem for path in FOLDER.glob("*.txt")), *families()])
def test_every_templates_line_can_be_written(name: str) -> None:
    slots = Slots(Random(0), False)
    for template in families().get(name) or templates(name):
        instruction, intents = template.fill(slots)
        assert can_be_written(Pair(instruction, intents).line, normalize(instruction)), (template, instruction)


def test_every_family_is_drawn() -> None:
    assert sorted(FAMILIES) == sorted(families())


def test_a_family_has_what_looks_like_it_and_means_something_else() -> None:
    for name, found in families().items():
        assert len({template.kind for template in found}) > 3, name


def test_long_lists_are_drawn_and_more_than_eight_parts_end_with_a_plus(drawn: dict[bool, list[Pair]]) -> None:
    parts = Counter(len(pair.intents) for pair in drawn[False])
    assert set(range(1, 9)) <= set(parts)
    longest = next(pair for pair in pairs(3) if len(pair.intents) > PARTS)
    assert longest.line == f"{format_line(longest.intents[:PARTS])} +"


def test_what_is_kept_and_what_is_on_lines_is_drawn(drawn: dict[bool, list[Pair]]) -> None:
    assert sum(any(intent.keep for intent in pair.intents) for pair in drawn[False]) > 0.02 * COUNT
    assert sum(" ; " in normalize(pair.instruction) for pair in drawn[False]) > 0.03 * COUNT


@pytest.mark.parametrize("held_out", [False, True])
def test_every_edit_type_has_its_share(drawn: dict[bool, list[Pair]], held_out: bool) -> None:
    kinds = Counter(
        "foreign" if pair.foreign else "compound" if len(pair.intents) > 1 else pair.intents[0].edit_type
        for pair in drawn[held_out]
    )
    shares = {kind: count / COUNT for kind, count in kinds.items()}
    assert set(shares) == {*EDIT_TYPES, "compound", "foreign"}
    assert all(0.05 < shares[kind] < 0.13 for kind in EDITS), shares
    assert 0.05 < shares["other"] < 0.13, shares
    assert 0.14 < shares["compound"] < 0.25, shares
    assert 0.02 < shares["foreign"] < 0.07, shares


def test_positions_and_sizes_all_occur(drawn: dict[bool, list[Pair]]) -> None:
    intents = [intent for pair in drawn[False] for intent in pair.intents]
    positions = Counter((intent.edit_type, intent.position) for intent in intents)
    assert all(positions[kind, place] > 15 for kind in ("add", "move") for place in PLACES), positions
    sizes = Counter(intent.size for intent in intents if intent.edit_type == "size")
    assert abs(sizes["larger"] - sizes["smaller"]) < 0.2 * sizes.total()


def test_the_same_seed_gives_the_same_pairs(drawn: dict[bool, list[Pair]]) -> None:
    assert list(islice(pairs(0), 200)) == drawn[False][:200]
    assert list(islice(pairs(1), 200)) != drawn[False][:200]


def test_pairs_seldom_repeat(drawn: dict[bool, list[Pair]]) -> None:
    assert len({pair.instruction for pair in drawn[False]}) > 0.97 * COUNT


def test_held_out_nouns_are_never_the_others() -> None:
    lists = [name for name in LISTS if name.startswith("wordnet_") or name in ("animals", "foods", "things", "people")]
    heads = {held_out: {head(noun) for name in lists for noun in nouns(name, held_out)} for held_out in (False, True)}
    assert not heads[True] & heads[False]
    assert len(heads[True]) > 250
    assert sum(len(nouns(name, False)) for name in lists) > 4000


def test_a_generated_file(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    command = [sys.executable, "-m", "parser.generate", "50", str(path), "--held-out"]
    run = subprocess.run(command, cwd=FOLDER.parents[1], capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert rows == [pair.to_dict() for pair in islice(pairs(0, held_out=True), 50)]
    assert sum(int(line.split()[1]) for line in run.stdout.splitlines()) == 50


@pytest.mark.parametrize(
    ("count", "place", "reason"), [("0", "x.jsonl", "at least one"), ("5", "no/x.jsonl", "folder")]
)
def test_what_cannot_be_generated(tmp_path: Path, count: str, place: str, reason: str) -> None:
    command = [sys.executable, "-m", "parser.generate", count, str(tmp_path / place)]
    run = subprocess.run(command, cwd=FOLDER.parents[1], capture_output=True, text=True, check=False)
    assert (run.returncode, list(tmp_path.iterdir())) == (2, [])
    assert reason in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.txt")))
def test_every_template_can_be_filled(name: str) -> None:
    slots = Slots(Random(5), held_out=False)
    for template in templates(name):
        text, intents = template.fill(slots)
        assert "{" not in text
        assert parse_line(format_line(intents)) == intents
        if name not in ("compound", "other"):
            assert {intent.edit_type for intent in intents} == {name}


@pytest.mark.parametrize("name", LISTS)
def test_word_lists_are_words_as_the_parser_reads_them(name: str) -> None:
    assert len(set(listed(name))) == len(listed(name)) > 1
    for phrase in listed(name):
        assert split_words(phrase)
        assert name in PUNCTUATED or phrase == " ".join(split_words(phrase))


def test_every_word_list_is_used() -> None:
    source = "".join(path.read_text() for path in FOLDER.parent.glob("*.py"))
    assert [name for name in LISTS if f'"{name}"' not in source and name not in LISTED.values()] == []


def test_a_typing_error_is_in_the_phrases_as_well() -> None:
    for seed in range(200):
        text, (intent,) = misspell(
            "paint the wooden fence green", parse_line("color wooden fence > green wooden fence"), Random(seed)
        )
        assert stands_in(str(intent.source), text)
        assert set(str(intent.target).split()) <= set(text.split())


@pytest.mark.parametrize(
    ("thing", "phrase"),
    [
        (Thing("fence", attributes=(("look", "old"),)), "blue old fence"),
        (Thing("fence", attributes=(("look", "old"), ("colour", "red"))), "old blue fence"),
        (Thing("hat", attributes=(("owner", "man's"), ("look", "old"))), "man's blue old hat"),
        (Thing("cats", "many", (("number", "two"),)), "two blue cats"),
        (Thing("car", clause="on the left"), "blue car"),
    ],
)
def test_a_new_colour_takes_the_place_of_the_old(thing: Thing, phrase: str) -> None:
    assert thing.having("colour", "blue") == phrase


@pytest.mark.parametrize(
    ("one", "many"),
    [("fire truck", "fire trucks"), ("cup of tea", "cups of tea"), ("lady", "ladies"), ("old man", "old men"),
     ("sheep", "sheep"), ("toothbrush", "toothbrushes"), ("monkey", "monkeys"), ("policeman", "policemen"),
     ("knife", "knives"), ("bookshelf", "bookshelves")],
)  # fmt: skip
def test_plurals(one: str, many: str) -> None:
    assert plural(one) == many


@pytest.mark.parametrize(
    ("noun", "phrase"),
    [("owl", "an owl"), ("unicorn", "a unicorn"), ("umbrella", "an umbrella"), ("hourglass", "an hourglass"),
     ("horse", "a horse"), ("8-bit game", "an 8-bit game"), ("ufo", "a ufo"), ("ukulele", "a ukulele")],
)  # fmt: skip
def test_articles(noun: str, phrase: str) -> None:
    assert Thing(noun).a == phrase


@pytest.mark.parametrize(
    ("split", "singles", "fewest"), [("dev", 200, 8), ("test", 300, 15), ("second", 298, 15), ("third", 298, 14)]
)
def test_the_sets_are_balanced(split: str, singles: int, fewest: int) -> None:
    cases = load_instructions(split)
    kinds = Counter(case.preferred[0]["edit_type"] for case in cases if not case.is_compound)
    assert kinds.total() == singles
    assert sum(case.is_compound for case in cases) == 15
    assert set(kinds) == set(EDIT_TYPES)
    assert kinds.pop("other") == fewest
    assert max(kinds.values()) - min(kinds.values()) <= 3


@pytest.mark.parametrize("split", ["dev", "test", "second", "third"])
def test_the_preferred_answers_are_copied_and_can_be_written(split: str) -> None:
    for case in load_instructions(split):
        preferred = tuple(EditIntent(**answer) for answer in case.preferred)
        assert parse_line(format_line(preferred)) == preferred
        assert all(is_copied(intent, case.instruction) for intent in preferred), case
        assert all(case.compare(answer) == dict.fromkeys(FIELDS, True) for answer in case.preferred)


def test_the_fourth_set_is_balanced_and_most_of_what_it_prefers_can_be_written() -> None:
    cases = load_instructions("fourth")
    kinds = Counter(case.preferred[0]["edit_type"] for case in cases if not case.is_compound)
    assert kinds.total() == 300
    assert sum(case.is_compound for case in cases) == 60
    assert min(kinds[kind] for kind in EDITS) >= 27
    assert all(case.compare(answer) == dict.fromkeys(FIELDS, True) for case in cases for answer in case.preferred)
    # Its writer knew no grammar: "tip the wheelbarrow over" is "tip over" to a person, and no stretch.
    assert sum(not is_writable(case) for case in cases) <= 7


def is_writable(case: LabelledInstruction) -> bool:
    try:
        line = format_line([EditIntent(**answer) for answer in case.preferred])
    except ValueError:
        return False
    return can_be_written(line, normalize(case.instruction))


def test_what_is_kept_is_compared_where_a_case_says_it() -> None:
    answer = {**EditIntent("remove", "all", None).to_dict(), "keep": ["sofa", "old sofa"]}
    case = LabelledInstruction("keep only the old sofa", ((answer,),))
    right = EditIntent("remove", "all", None, keep="old sofa").to_dict()
    assert case.accepts([right])
    assert not case.accepts([{**right, "keep": None}])
    assert case.compare({**right, "keep": "chair"})["keep"] is False
    del answer["keep"]
    assert LabelledInstruction("keep only the old sofa", ((answer,),)).accepts([right])


def test_a_case_accepts_what_it_lists() -> None:
    red, dyed = ({"edit_type": "color", "source": source, "target": "red car", "anchor": None, "size": "unchanged",
                  "position": "unchanged"} for source in (["car", "old car"], "paint"))  # fmt: skip
    case = LabelledInstruction("paint the old car red", ((red,), (dyed,)))
    got = EditIntent("color", "old car", "red car").to_dict()
    assert all(case.compare(got).values())
    assert case.compare({**got, "source": "paint"})["source"]
    assert [name for name, right in case.compare({**got, "source": "red"}).items() if not right] == ["source"]


def test_no_instruction_stands_in_two_sets(drawn: dict[bool, list[Pair]]) -> None:
    sets = {split: [normalize(case.instruction) for case in load_instructions(split)] for split in SPLITS}
    sets["prompt"] = [normalize(instruction) for instruction in EXAMPLES]
    for name, texts in sets.items():
        assert len(texts) == len(set(texts)), name
    sets["generated"] = [normalize(pair.instruction) for group in drawn.values() for pair in group]
    # Compared before it is asserted: a failure must not print the set for testing, which is to be looked at once.
    shared = [pair for pair in combinations(sets, 2) if not set(sets[pair[0]]).isdisjoint(sets[pair[1]])]
    assert shared == []
