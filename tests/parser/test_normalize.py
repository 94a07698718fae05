"""The words of an instruction, and what is refused."""

from __future__ import annotations

import pytest

from editjudge.errors import InstructionError
from editjudge.parser.normalize import LONGEST, normalize
from editjudge.parser.words import LONGEST_WORD, split_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Make the Car blue!", ["make", "the", "car", "blue"]),
        ("don't touch the t-shirt", ["don't", "touch", "the", "t-shirt"]),
        ("the man\u2019s hat", ["the", "man's", "hat"]),
        ('say "hello" \\ world', ["say", "hello", "world"]),
        ("fais la Voiture ÉTÉ", ["fais", "la", "voiture", "été"]),
        ("把 汽车 变成 蓝色", ["把", "汽车", "变成", "蓝色"]),
        ("कार को नीला करो", ["कार", "को", "नीला", "करो"]),
        ("🚗🚗 ✂\ufe0f _ ?", []),
        ("x" * (LONGEST_WORD + 1) + " ok", ["ok"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert split_words(text) == expected


def test_clean() -> None:
    assert normalize("  Make\tthe man\u2019s\x01 HAT \u202e blue?! ") == "make the man's hat blue"


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("make the car blue\r\nremove the tree", "make the car blue ; remove the tree"),
        ("make the car blue.\n\nRemove the tree.", "make the car blue. remove the tree"),
        ("Please:\n1. make the car blue\n2) remove the tree", "please: make the car blue ; remove the tree"),
        ("- make the car blue,\n- remove the tree", "make the car blue, remove the tree"),
        ("\u2022 car blue\u2028\u2022 no tree", "car blue ; no tree"),
        ("a) car blue\n(b) no tree", "car blue ; no tree"),
        ("\n\nremove the tree\n", "remove the tree"),
        ("3.5 times as large", "3.5 times as large"),
        ("2 dogs\n3 cats", "2 dogs ; 3 cats"),
        ("make the \u200ftree\u200e blue, so\u00adfa red", "make the tree blue, sofa red"),
        ("make\u200bthe car blue", "make the car blue"),
        ("remove the tree;", "remove the tree"),
    ],
)
def test_lines_and_lists(instruction: str, expected: str) -> None:
    assert normalize(instruction) == expected


@pytest.mark.parametrize("instruction", [None, 5, b"make the car blue", ["make the car blue"]])
def test_what_is_no_text_is_refused(instruction: object) -> None:
    with pytest.raises(InstructionError, match=f"no text but of type {type(instruction).__name__}"):
        normalize(instruction)  # type: ignore[arg-type]


def test_a_nul_is_refused() -> None:
    with pytest.raises(InstructionError, match=r"^the instruction holds a NUL character, .* hand in what was typed$"):
        normalize("make the car\0 blue")


@pytest.mark.parametrize("instruction", ["", "   \n", "\x02\x01", "...", "\u200b", "\u200f", "- ;"])
def test_an_empty_instruction(instruction: str) -> None:
    with pytest.raises(InstructionError, match="empty"):
        normalize(instruction)


def test_a_long_instruction() -> None:
    assert normalize("x" * LONGEST)
    with pytest.raises(InstructionError, match=r"10,000 characters.*4,000"):
        normalize("x" * 10_000)


@pytest.mark.parametrize(
    "quoted",
    [
        '"Make the car blue."',
        "'Make the car blue'",
        "\u201cMake the car blue\u201d.",
        "\u00ab Make the car blue \u00bb",
        '" Make the car blue! "',
    ],
)
def test_quotes_around_an_instruction_are_not_part_of_it(quoted: str) -> None:
    assert normalize(quoted) == "make the car blue"


@pytest.mark.parametrize("text", ['make the "stop" sign red', '"a" becomes "b"', "the dogs' bowl"])
def test_quotes_inside_stay(text: str) -> None:
    assert normalize(text) == text


def test_nothing_but_quotes_is_empty() -> None:
    with pytest.raises(InstructionError, match="empty"):
        normalize('""')
