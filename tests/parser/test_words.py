"""The words of an instruction: which sentence and which quote each is in, and in which script."""

from __future__ import annotations

import pytest

from editjudge.parser.words import Word, find_quotes, find_words, is_foreign_script


def by_sentence(text: str) -> list[str]:
    words = find_words(text)
    return [
        " ".join(word.text for word in words if word.sentence == number)
        for number in sorted({word.sentence for word in words})
    ]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("make the car blue", ["make the car blue"]),
        ("make it blue. remove the tree", ["make it blue", "remove the tree"]),
        ("blue! no tree? yes", ["blue", "no tree", "yes"]),
        ("car blue ; no tree;more sky", ["car blue", "no tree", "more sky"]),
        ("a sign of st. mary and mr. x. no tree", ["a sign of st mary and mr x no tree"]),
        ("set it to 3.5, please", ["set it to 3 5 please"]),
        ('write "stop. go; now" on it. then leave', ["write stop go now on it", "then leave"]),
        ("less cold, more cheerful", ["less cold more cheerful"]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert by_sentence(text) == sentences


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ('change "open" to "closed now"', ["open", "closed now"]),
        ("change 'open' to \u201cclosed now\u201d", ["open", "closed now"]),
        ("write \u00abbon voyage\u00bb and \u201ehallo\u201c", ["bon voyage", "hallo"]),
        ("the dogs' bowl and the cats' toys", []),
        ("don't touch the man's hat", []),
        ("rock 'n' roll", ["n"]),
        ("the '90s and the '80s", []),
        ('a 5" nail', []),
    ],
)
def test_quotes(text: str, quoted: list[str]) -> None:
    words = find_words(text)
    numbers = dict.fromkeys(word.quote for word in words if word.quote is not None)
    assert [" ".join(word.text for word in words if word.quote == number) for number in numbers] == quoted


def test_a_quote_is_found_as_it_was_typed() -> None:
    assert find_quotes("Replace the text with \u201cClosed: Back at 5!\u201d\nand write 'BOSS'") == [
        "Closed: Back at 5!",
        "BOSS",
    ]


def test_quotes_that_never_end_are_read_in_time() -> None:
    assert len(find_words("'a " * 1300)) == 1300
    assert len(find_words('"' * 4000 + "a")) == 1


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("make the car blue", False),
        ("make the caf\u00e9 bigger", False),
        (
            "\u0441\u0434\u0435\u043b\u0430\u0439 \u043c\u0430\u0448\u0438\u043d\u0443 \u0441\u0438\u043d\u0435\u0439",
            True,
        ),
        ("\u628a\u732b\u6362\u6210\u72d7", True),
        ('write "\u4f60\u597d\u4f60\u597d\u4f60\u597d\u4f60\u597d" on it', False),
        ("change the text to \u4f60\u597d", False),
        ("1 2 3", False),
    ],
)
def test_scripts(text: str, foreign: bool) -> None:
    assert is_foreign_script(text) == foreign


def test_a_word_knows_where_it_is() -> None:
    assert find_words("no hat. write 'a b'") == [
        Word("no", 0),
        Word("hat", 0),
        Word("write", 1),
        Word("a", 1, 0),
        Word("b", 1, 0),
    ]
