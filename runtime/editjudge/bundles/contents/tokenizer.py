"""tokenizer.json, looked through before the tokenizers library reads it: only the steps that our models' files have.

The library aborts the process where memory runs out, and a few steps that double a text are enough for that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from editjudge.bundles.contents.regular_file import read_regular
from editjudge.bundles.toml_schema import show_value

MOST_BYTES = 8 * 2**20
"""CLIP's has 2.2 MB, that of BERT 0.9 MB."""
MOST_BRACKETS = 250_000
"""Lists and tables: merges that are given as pairs take 49,000 in CLIP's."""
MOST_STEPS = 8
MOST_ADDED = 2048
LONGEST_TEXT = 100_000
"""Tokens that it may pad a text to, until it is told otherwise."""
LONGEST = 256
"""Characters of a token, or of a setting."""

MODELS = frozenset({"WordPiece", "BPE", "WordLevel"})
NORMALIZERS = frozenset(
    {"Sequence", "BertNormalizer", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Strip", "Replace"}
)
PRE_TOKENIZERS = frozenset(
    {"Sequence", "BertPreTokenizer", "Whitespace", "WhitespaceSplit", "ByteLevel", "Punctuation", "Digits", "Split"}
)
POST_PROCESSORS = frozenset({"TemplateProcessing", "BertProcessing", "RobertaProcessing", "ByteLevel"})
PATTERNS = frozenset(
    {
        r"\s+",
        r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
        r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    }
)
"""The regular expressions of CLIP's; any other might take for ever."""


def check_tokenizer(path: Path) -> None:
    """Raises ValueError for a tokenizer that no model of a bundle has, and OSError."""
    text = read_regular(path, MOST_BYTES)
    if text.count(b"[") + text.count(b"{") > MOST_BRACKETS:
        raise ValueError(f"it has more than {MOST_BRACKETS:,} lists and tables")
    try:
        content = json.loads(text)
    except RecursionError:
        raise ValueError("its tables lie too deep in each other") from None
    if not isinstance(content, dict):
        raise ValueError("it is no table")
    _check_model(content.get("model"))
    _check_added(content.get("added_tokens", []))
    _check_steps("normalizer", content.get("normalizer"), NORMALIZERS, "normalizers")
    _check_steps("pre_tokenizer", content.get("pre_tokenizer"), PRE_TOKENIZERS, "pretokenizers")
    _check_post_processor(content.get("post_processor"))
    if content.get("decoder") is not None:
        _check_settings("decoder", content["decoder"])
    for name in ("padding", "truncation"):
        if any(abs(value) > LONGEST_TEXT for value in _numbers(content.get(name))):
            raise ValueError(f"a number of its {name} is over {LONGEST_TEXT:,}")


def _check_model(model: Any) -> None:
    kind = model.get("type", "BPE") if isinstance(model, dict) else None
    if kind not in MODELS:
        raise ValueError(f"its model is {show_value(kind)}; it must be one of {', '.join(sorted(MODELS))}")
    vocabulary = model.get("vocab")
    if not isinstance(vocabulary, dict):
        raise ValueError("its vocabulary is no table")
    for token, number in vocabulary.items():
        if type(number) is not int or not 0 <= number < 2**31:
            raise ValueError(f"its token {show_value(token)} has the number {show_value(number)}")
    _check_settings("model", {key: value for key, value in model.items() if key not in {"vocab", "merges"}})
    if model.get("dropout"):
        raise ValueError("it drops tokens by chance")


def _check_added(tokens: Any) -> None:
    if not isinstance(tokens, list) or len(tokens) > MOST_ADDED:
        raise ValueError(f"its added tokens must be a list of at most {MOST_ADDED}")
    for token in tokens:
        _check_settings("added token", token)


def _check_steps(what: str, step: Any, known: frozenset[str], key: str) -> None:
    if step is None:
        return
    steps = list(_flatten(step, key))
    if len(steps) > MOST_STEPS or sum(isinstance(part, dict) and part.get("type") == "ByteLevel" for part in steps) > 1:
        raise ValueError(f"its {what} has more than {MOST_STEPS} steps, or doubles a text more than once")
    for part in steps:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in known:
            raise ValueError(
                f"its {what} has the step {show_value(kind)}; it must be one of {', '.join(sorted(known))}"
            )
        pattern = part.get("pattern") or {}
        expression = pattern.get("Regex") if isinstance(pattern, dict) else None
        if expression is not None and expression not in PATTERNS:
            raise ValueError(f"its {what} has the regular expression {show_value(expression)}, which is none of CLIP's")
        if kind in {"Replace", "Split"} and pattern.get("String") == "":
            raise ValueError(f"its {what} looks for an empty text")
        if kind == "Replace" and len(str(part.get("content", ""))) > 1:
            raise ValueError(
                f"its {what} puts {show_value(part['content'])} in the place of other text, which may grow so"
            )
        _check_settings(what, {key: value for key, value in part.items() if key != "pattern"})
        _check_settings(what, pattern)


def _flatten(step: Any, key: str, depth: int = 0) -> Iterator[Any]:
    if isinstance(step, dict) and step.get("type") == "Sequence" and isinstance(step.get(key), list) and depth < 4:
        for inner in step[key][: MOST_STEPS + 1]:
            yield from _flatten(inner, key, depth + 1)
    elif isinstance(step, dict) and step.get("type") == "Sequence":
        raise ValueError("its steps lie too deep in each other")
    else:
        yield step


def _check_post_processor(step: Any) -> None:
    if step is None:
        return
    kind = step.get("type") if isinstance(step, dict) else None
    if kind not in POST_PROCESSORS:
        raise ValueError(
            f"its post-processor is {show_value(kind)}; it must be one of {', '.join(sorted(POST_PROCESSORS))}"
        )
    pieces = sum(1 for _ in _walk(step))
    if pieces > 200:
        raise ValueError("its post-processor puts in more tokens than any model reads")
    for value in _numbers(step):
        _check_number("post-processor", value)


def _check_settings(what: str, settings: Any) -> None:
    """Short texts, numbers and switches, and nothing else."""
    if not isinstance(settings, Mapping):
        raise ValueError(f"its {what} is no table")
    for key, value in settings.items():
        if isinstance(value, str) and len(value) > LONGEST:
            raise ValueError(f"{show_value(key)} of its {what} has {len(value):,} characters; {LONGEST} are allowed")
        if isinstance(value, int | float) and not isinstance(value, bool):
            _check_number(what, value)
        if isinstance(value, list | dict) and sum(1 for _ in _walk(value)) > 64:
            raise ValueError(f"{show_value(key)} of its {what} is larger than any that is used")


def _check_number(what: str, value: float) -> None:
    if not -1e6 <= value <= 1e6:
        raise ValueError(f"a number of its {what} is {show_value(value)}; it must be from -1,000,000 to 1,000,000")


def _numbers(value: Any) -> Iterator[float]:
    return (inner for inner in _walk(value) if isinstance(inner, int | float) and not isinstance(inner, bool))


def _walk(value: Any) -> Iterator[Any]:
    """A value and all that is in it; the library that read it has bounded how deep."""
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _walk(inner)
