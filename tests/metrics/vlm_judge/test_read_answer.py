"""Answers of models: their form, and how strictly they are read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from editjudge.backends.llama_library import load_llama_cpp
from editjudge.errors import JudgeError
from editjudge.metrics.vlm_judge.answer_schema import build_schema, describe_answer
from editjudge.metrics.vlm_judge.prompts.catalog import PROMPT_SETS
from editjudge.metrics.vlm_judge.prompts.prompt_set import JudgeQuestion
from editjudge.metrics.vlm_judge.prompts.three_sides import THREE_SIDES
from editjudge.metrics.vlm_judge.read_answer import read_answer

QUESTION = THREE_SIDES.questions[0]
GOOD = {"reasoning": "It is blue.", "pass": "yes", "score": 4, "feedback": "None"}
QUESTIONS = [question for prompts in PROMPT_SETS.values() for question in prompts.questions]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_the_form_of_every_answer(question: JudgeQuestion) -> None:
    schema = build_schema(question)
    fields = schema["properties"]
    assert next(iter(fields)) == "reasoning"  # a number that comes first would not rest on it
    assert schema["required"] == list(fields)
    assert schema["additionalProperties"] is False
    for name, one in fields.items():
        assert ("enum" in one) != ("maxLength" in one)
        assert f'"{name}"' in describe_answer(question)
    load_llama_cpp().LlamaGrammar.from_json_schema(
        json.dumps(schema)
    )  # which raises for what it cannot turn into a grammar


def test_a_good_answer() -> None:
    read = {**GOOD, "pass": True}
    assert read_answer(json.dumps(GOOD), QUESTION) == read
    for fence in ("```json\n%s\n```", "```\n%s\n```", "\n```JSON\n%s\n```\n", "  %s\n"):
        assert read_answer(fence % json.dumps(GOOD, indent=2), QUESTION) == read
    longer = GOOD | {"feedback": "The sky was not painted. " * 20}
    assert read_answer(json.dumps(longer), QUESTION)["feedback"].endswith("painted.")
    for reasoning in (
        "I cannot see any dog in the edited picture.",
        "A sign says sorry.",
        "",
        "The word SORRY is kept.",
        "I cannot see any images artefacts; I cannot view the picture's seam. Clean.",
    ):
        assert read_answer(json.dumps(GOOD | {"reasoning": reasoning}), QUESTION)["score"] == 4


def test_line_breaks_and_controls_in_texts() -> None:
    text = json.dumps(GOOD | {"feedback": "The hat|is \x1b[2J red."}).replace("|", "\n")
    assert read_answer(text, QUESTION)["feedback"] == "The hat is \N{REPLACEMENT CHARACTER}[2J red."


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"score": 15}, "with '15' for score, which must be a whole number from 0 to 5"),
        ({"score": 6}, "a whole number from 0 to 5"),
        ({"score": -1}, "a whole number from 0 to 5"),
        ({"score": "5"}, "with '\"5\"' for score"),
        ({"score": 4.5}, "with '4.5' for score"),
        ({"score": 4.0}, "with '4.0' for score"),
        ({"score": True}, "with 'true' for score"),
        ({"score": None}, "with 'null' for score"),
        ({"score": [4]}, "with '[4]' for score"),
        ({"score": float("nan")}, "for score"),
        ({"pass": "Yes"}, "for pass, which must be yes or no"),
        ({"pass": True}, "for pass, which must be yes or no"),
        ({"feedback": " "}, "for feedback, which must be a sentence"),
        ({"feedback": 5}, "for feedback, which must be a sentence"),
        ({"reasoning": 5}, "with a reasoning that is no text"),
        ({"rating": 5}, "with 'rating', which was not asked for"),
    ],
)
def test_answers_out_of_form(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(JudgeError) as caught:
        read_answer(json.dumps(GOOD | fields), QUESTION)
    assert said in str(caught.value)
    assert "asked for following" in str(caught.value)


@pytest.mark.parametrize("missing", GOOD)
def test_a_field_that_is_missing(missing: str) -> None:
    with pytest.raises(JudgeError, match=f"without {missing}"):
        read_answer(json.dumps({name: value for name, value in GOOD.items() if name != missing}), QUESTION)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "I would give it 4 of 5.",
        f"Sure! {json.dumps(GOOD)}",
        f"{json.dumps(GOOD)} I hope this helps.",
        f"```json\n{json.dumps(GOOD)}",
        f"{json.dumps(GOOD)}{json.dumps(GOOD)}",
        json.dumps([GOOD]),
        json.dumps(GOOD)[:-1],
        json.dumps(GOOD)[:-1] + ', "score": 5}',
        "[" * 100_000,
        "null",
    ],
)
def test_what_is_no_single_object(text: str) -> None:
    with pytest.raises(JudgeError, match="with no JSON object when asked for following") as caught:
        read_answer(text, QUESTION)
    assert len(str(caught.value)) < 300
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't assist with that.",
        "I\N{RIGHT SINGLE QUOTATION MARK}m sorry, I can\N{RIGHT SINGLE QUOTATION MARK}t help with judging people.",
        "Sorry, I am unable to do this.",
        "I cannot evaluate these pictures.",
        "I am unable to view the images you attached.",
        "I can't see any images.",
    ],
)
def test_refusals_are_no_scores(text: str) -> None:
    both = {"reasoning": text, "feedback": text}
    for answer in (text, json.dumps(GOOD | {"reasoning": text}), json.dumps(GOOD | both)):
        with pytest.raises(JudgeError, match="the judge refused to tell of following"):
            read_answer(answer, QUESTION)


def test_a_refusal_beside_what_was_judged_is_a_remark() -> None:
    said = GOOD | {"reasoning": "I cannot evaluate the hand. The sky is blue.", "feedback": "Paint the sky darker."}
    assert read_answer(json.dumps(said), QUESTION)["score"] == 4


def test_a_thought_before_the_answer_is_left_aside() -> None:
    for text in ("<think>score: 2</think>\n%s", "\n<think>\n</think>```json\n%s\n```"):
        assert read_answer(text % json.dumps(GOOD), QUESTION)["score"] == 4
    for text in ("<think>a</think><think>b</think>%s", "<think>%s", "%s<think>a</think>"):
        with pytest.raises(JudgeError, match="with no JSON object"):
            read_answer(text % json.dumps(GOOD), QUESTION)


def test_a_judgement_that_contradicts_itself_stays_as_it_is_said() -> None:
    for passed, score in (("yes", 0), ("no", 5)):
        read = read_answer(json.dumps(GOOD | {"pass": passed, "score": score}), QUESTION)
        assert (read["pass"], read["score"]) == (passed == "yes", score)


def test_what_a_terminal_would_obey_is_not_repeated() -> None:
    with pytest.raises(JudgeError) as caught:
        read_answer("\x1b[2Jgone\x9b \ud800", QUESTION)
    assert "\x1b" not in str(caught.value)
