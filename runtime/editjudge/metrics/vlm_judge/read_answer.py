"""The answer of a model, read strictly: what does not keep to the form is an error, never a number."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from editjudge.errors import UNSHOWN, JudgeError
from editjudge.metrics.vlm_judge.answer_schema import CHOICES
from editjudge.metrics.vlm_judge.prompts.prompt_set import (
    REASONING,
    AnswerField,
    ChoiceField,
    JudgeQuestion,
    ScoreField,
)

LONGEST_QUOTE = 120
"""Characters of an answer that an error repeats."""
FENCE = re.compile(r"\A```(?:json)?[ \t]*\n(.*)\n[ \t]*```\Z", re.DOTALL | re.IGNORECASE)
THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
"""What some models write before they answer."""
NOTHING = {"", "none", "n/a"}
_CANNOT = r"(?:can't|cannot|can not|won't|unable to|not able to)"
REFUSAL = re.compile(
    rf"(?:\A|[.!?]\s)\W*(?:i'm |i am )?(?:very |so )?(?:sorry|i apologi[sz]e)\b[^.]{{0,60}}\b{_CANNOT}"
    rf"|\bi(?:'m| am)? {_CANNOT}"
    r" (?:assist|help|comply|fulfil|judge|rate|evaluate|assess|analy[sz]e|process|provide|continue"
    r"|(?:see|view|open|access) (?:the |any |these |your |either )?(?:images?|pictures?|photos?|attachments?)"
    r"(?=\W*(?:\Z|[.,;!?])|\s+(?:you|that|which|and|or|so|attached|provided|shared|sent|uploaded|here|directly)\b))",
    re.IGNORECASE,
)
"""How services say that they do not judge, or see nothing; a number beside which nothing else is said is none. What
cannot be seen in a picture is no refusal."""

ReadAnswer = Mapping[str, Any]
"""int by the name of a score, bool of a choice, str of a sentence and of the reasoning."""


def read_answer(text: str, question: JudgeQuestion) -> ReadAnswer:
    """What a model answered to a question: one JSON object of the form that was asked for, a code fence around it and a
    thought before it left aside. Line breaks within a text, which JSON does not allow and some grammars do, become
    spaces.

    A text that is longer than was asked for is taken: the bound is there to end it, and says nothing of what it tells.
    Raises JudgeError, with what came, for anything else.
    """
    content = _read_object(text, question)
    names = [REASONING, *(one.name for one in question.fields)]
    if missing := [name for name in names if name not in content]:
        raise _explain(question, f"without {missing[0]}", text)
    if foreign := [name for name in content if name not in names]:
        raise _explain(question, f"with {_quote(foreign[0])}, which was not asked for", text)
    if not isinstance(content[REASONING], str):
        raise _explain(question, f"with a {REASONING} that is no text", text)
    answer = {one.name: _read_field(one, content[one.name], question, text) for one in question.fields}
    told = [one for one in (content[REASONING], *answer.values()) if isinstance(one, str)]
    said = [one for one in told if one.strip(" .").lower() not in NOTHING]
    if said and all(map(_is_refusal, said)):
        raise JudgeError(f"the judge refused to tell of {question.name} ({_quote(said[0])}); ask another model")
    return {REASONING: _clean(content[REASONING]), **answer}


def _read_object(text: str, question: JudgeQuestion) -> dict[str, Any]:
    stripped = THOUGHT.sub("", text).strip()
    fenced = FENCE.match(stripped)
    try:
        content = json.loads(fenced[1] if fenced else stripped, object_pairs_hook=_without_doubles, strict=False)
    except (ValueError, RecursionError):
        if _is_refusal(text):
            refused = f"the judge refused to tell of {question.name} ({_quote(text)}); ask another model"
            raise JudgeError(refused) from None
        raise _explain(question, "with no JSON object", text) from None
    if not isinstance(content, dict):
        raise _explain(question, "with no JSON object", text)
    return content


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a field that is there twice")
    return dict(pairs)


def _read_field(one: AnswerField, value: Any, question: JudgeQuestion, text: str) -> int | bool | str:
    match one:
        case ScoreField():
            if type(value) is int and 0 <= value <= one.highest:
                return value
            wanted = f"a whole number from 0 to {one.highest}"
        case ChoiceField():
            if isinstance(value, str) and value in CHOICES:
                return value == CHOICES[0]
            wanted = f"{CHOICES[0]} or {CHOICES[1]}"
        case _:
            if isinstance(value, str) and value.strip():
                return _clean(value)
            wanted = "a sentence"
    raise _explain(question, f"with {_quote(json.dumps(value))} for {one.name}, which must be {wanted}", text)


def _explain(question: JudgeQuestion, problem: str, text: str) -> JudgeError:
    came = "" if "must be" in problem else f": {_quote(text)}"
    advice = "ask again, or ask a model that keeps to a form"
    return JudgeError(f"the judge answered {problem} when asked for {question.name}{came}; {advice}")


def _is_refusal(text: str) -> bool:
    return REFUSAL.search(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")) is not None


def _quote(text: str) -> str:
    """Not long."""
    line = _clean(text)
    return repr(line if len(line) <= LONGEST_QUOTE else f"{line[:LONGEST_QUOTE]}...")


def _clean(text: str) -> str:
    """In one line, and printable."""
    return " ".join(UNSHOWN.sub("\N{REPLACEMENT CHARACTER}", text).split())
