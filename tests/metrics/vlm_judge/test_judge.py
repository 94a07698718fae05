"""Judges over a real connection: what is sent, what is made of the answers, what is kept, and no more."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import pytest

from editjudge.backends.openai_api import OpenAiModel, Patience
from editjudge.errors import InputError, InstructionError, JudgeError
from editjudge.metrics.vlm_judge.answer_store import AnswerStore
from editjudge.metrics.vlm_judge.judge import VlmJudge
from editjudge.metrics.vlm_judge.judged_edit import JudgeUsage, as_reward
from editjudge.metrics.vlm_judge.open_judge import open_judge
from editjudge.metrics.vlm_judge.prompts.catalog import find_prompts
from editjudge.metrics.vlm_judge.vision_question import label_prompts
from support.judge_faults import FAULTS, KEY, SIDES, answer_right, draw_edit, now_and_then, right_score
from support.judge_server import JudgeServer, Reply, Request, complete, fill_schema, list_shown, serve_judge

QUICK = Patience(tries=4, seconds=10.0, pause=0.005)
ROWS = 4
CHOSEN = {
    "prose",
    "half the JSON",
    "15 instead of 5",
    "refusal",
    "refusal, as the API tells",
    "nothing",
    "400 with the key",
}
"""Of the faults that do not pass. Reading answers has a test of its own; benchmarks/rewards/faults.py has all."""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("EDITJUDGE_HOME", str(tmp_path / "home"))


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with serve_judge(answer_right) as served:
        yield served


def make_judge(server: JudgeServer, prompts: str = "three_sides", model: str = "m", **settings: object) -> VlmJudge:
    return VlmJudge(OpenAiModel(model, server.url, QUICK), find_prompts(prompts), **settings)


def test_what_each_question_shows(server: JudgeServer) -> None:
    rng = np.random.default_rng(0)
    original = rng.integers(0, 255, (300, 2048, 3), np.uint8)
    edited = rng.integers(0, 255, (50, 40, 3), np.uint8)
    server.behave = lambda request, number: Reply(body=complete(json.dumps(fill_schema(request))))
    make_judge(server).judge(original, edited, 'write "Zebra"')
    by_name = {request["response_format"]["json_schema"]["name"]: list_shown(request) for request in server.requests}
    assert set(by_name) == {"three_sides_following", "three_sides_preserving", "three_sides_quality"}
    for side in ("following", "preserving"):
        first, before, second, after, text = by_name[f"three_sides_{side}"]
        assert (first, second) == ("The original picture:", "The edited picture:")
        assert before.shape == (150, 1024, 3)  # brought down to what is sent
        assert np.array_equal(after[..., ::-1], edited)  # as it was handed in, in its colours
        assert text.startswith('The instruction: "write \\"Zebra\\""\n')
    first, alone, text = by_name["three_sides_quality"]
    assert first == "The picture:"
    assert np.array_equal(alone[..., ::-1], edited)
    assert "Zebra" not in text
    assert {request["temperature"] for request in server.requests} == {0.0}


def test_three_sides_as_a_reward(server: JudgeServer) -> None:
    def answer(request: Request, number: int) -> Reply:
        side = request["response_format"]["json_schema"]["name"].removeprefix("three_sides_")
        score, feedback = {"following": (4, "The hat is red."), "preserving": (2, "A face."), "quality": (5, "none.")}[
            side
        ]
        fields = {"score": score, "pass": "yes" if score > 3 else "no", "feedback": feedback}
        return Reply(body=complete(json.dumps(fill_schema(request) | fields)))

    server.behave = answer
    judge = make_judge(server, seed=11)
    reward = as_reward(judge.judge(*draw_edit(1)))
    assert reward.to_dict() == {
        "following": {"score": 4.0, "pass": True, "feedback": "The hat is red."},
        "preserving": {"score": 2.0, "pass": False, "feedback": "A face."},
        "quality": {"score": 5.0, "pass": True, "feedback": "None"},
        "judge": {"name": "openai", "model": "m", "prompts": label_prompts(judge.prompts), "seed": 11},
    }
    assert reward.overall == pytest.approx(10**0.5)
    server.behave = lambda request, number: Reply(body=complete(json.dumps(fill_schema(request))))
    other = make_judge(server, "sc_pq").judge(*draw_edit(1))
    with pytest.raises(InputError, match="does not judge three sides"):
        as_reward(other)


def test_the_other_sets_add_up_as_their_papers_do(server: JudgeServer) -> None:
    numbers = {"success": 9, "restraint": 4, "naturalness": 8, "cleanness": 9}

    def answer(request: Request, number: int) -> Reply:
        filled = fill_schema(request)
        alone = len(list_shown(request)) == 3
        fields = {name: numbers.get(name, 30 if alone else 90) for name in filled if name != "reasoning"}
        return Reply(body=complete(json.dumps(filled | fields)))

    server.behave = answer
    judged = make_judge(server, "sc_pq").judge(*draw_edit(1))
    assert {name: side.value for name, side in judged.sides.items()} == {"sc": 4.0, "pq": 8.0}
    assert judged.sides["sc"].numbers == {"success": 9.0, "restraint": 4.0}
    assert judged.overall == pytest.approx((4 * 8) ** 0.5)
    assert judged.sides["sc"].feedback == "The reasoning of it"
    judged = make_judge(server, "alignment_coherence").judge(*draw_edit(1))
    assert {name: side.value for name, side in judged.sides.items()} == {"alignment": 90.0, "coherence": 30.0}
    assert judged.overall == 60.0


def test_passes_have_a_mean_and_a_spread(server: JudgeServer) -> None:
    scores = {20: 1, 21: 4, 22: 5}

    def answer(request: Request, number: int) -> Reply:
        score = scores[request["seed"]]
        fields = {"score": score, "pass": "yes" if score > 2 else "no", "feedback": f"Pass {request['seed']}"}
        return Reply(body=complete(json.dumps(fill_schema(request) | fields)))

    server.behave = answer
    side = make_judge(server, passes=3, seed=20).judge(*draw_edit(1)).sides["quality"]
    assert side.value == pytest.approx(fmean(scores.values()))
    assert side.spread == pytest.approx(stdev(scores.values()))
    assert (side.passed, side.feedback) == (True, "Pass 21")  # whose 4 is nearest to 3.33
    assert len(server.requests) == 3 * SIDES
    assert {request["temperature"] for request in server.requests} == {0.7}
    assert make_judge(server, passes=2, seed=20).judge(*draw_edit(1)).sides["quality"].passed is None  # a draw
    assert make_judge(server, seed=20).judge(*draw_edit(1)).sides["quality"].spread is None
    with pytest.raises(InputError, match="temperature is 0, at which every pass says the same"):
        make_judge(server, passes=2, temperature=0)


def test_one_pass_that_fails_is_not_left_out_of_a_mean(server: JudgeServer) -> None:
    server.behave = lambda request, number: (
        FAULTS["prose"].behave(request, number) if request["seed"] == 2 else answer_right(request, number)
    )
    with pytest.raises(JudgeError, match="no JSON object"):
        make_judge(server, passes=3).judge(*draw_edit(4))


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.passes or name in CHOSEN])
def test_no_row_is_lost_or_made_up(name: str, server: JudgeServer) -> None:
    fault = FAULTS[name]
    server.behave = now_and_then(fault)
    judge = make_judge(server, store=AnswerStore())
    first = judge_all(judge)
    assert not any(isinstance(value, float) and value != right_score(index) for index, value in enumerate(first))
    if fault.passes:
        assert all(isinstance(value, float) for value in first)
    else:
        assert sum(isinstance(value, str) for value in first) > 0
    server.behave = fault.behave
    again = [judge_row(make_judge(server, seed=9), ROWS)]
    assert all(isinstance(value, str) and KEY not in value and "; " in value for value in again)
    # Those that failed are asked again, and no others.
    server.behave, asked = answer_right, len(server.requests)
    assert judge_all(judge) == [right_score(index) for index in range(ROWS)]
    missing = sum(isinstance(value, str) for value in first)
    assert missing <= len(server.requests) - asked <= missing * SIDES


def judge_all(judge: VlmJudge) -> list[float | str]:
    """The overall number of each row, or its error."""
    return [judge_row(judge, index) for index in range(ROWS)]


def judge_row(judge: VlmJudge, index: int) -> float | str:
    try:
        return round(judge.judge(*draw_edit(index)).overall, 9)
    except JudgeError as error:
        return str(error)


def test_the_same_twice_is_answered_from_disk(server: JudgeServer, tmp_path: Path) -> None:
    first = make_judge(server, store=AnswerStore()).judge(*draw_edit(5))
    assert first.usage == JudgeUsage(300, 60, 0, SIDES)
    second = make_judge(server, store=AnswerStore()).judge(*draw_edit(5))
    assert second == first
    assert json.dumps(as_reward(second).to_dict()) == json.dumps(as_reward(first).to_dict())
    assert second.usage == JudgeUsage(0, 0, SIDES, 0)
    assert len(server.requests) == SIDES
    kept = list((tmp_path / "home" / "judgements").rglob("*.json"))
    assert len(kept) == SIDES
    assert not any(text in file.read_text() for file in kept for text in (KEY, "number 5", server.url))
    # Whatever else is asked is another question.
    original, edited, instruction = draw_edit(5)
    spot = edited.copy()
    spot[20, 20] += 1
    others = [
        (make_judge(server, store=AnswerStore()), (original, spot, instruction), SIDES),
        (make_judge(server, store=AnswerStore()), (original, edited, f"{instruction}!"), SIDES - 1),  # not of quality
        (make_judge(server, store=AnswerStore(), seed=1), (original, edited, instruction), SIDES),
        (make_judge(server, store=AnswerStore(), temperature=0.3), (original, edited, instruction), SIDES),
        (make_judge(server, store=AnswerStore(), model="n"), draw_edit(5), SIDES),
    ]
    for judge, edit, questions in others:
        assert judge.judge(*edit).usage.new_answers == questions


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"text": "{}"}', b"\xff\xfe", b"[" * 70_000, None])
def test_damaged_answers_are_asked_anew(damage: bytes | None, server: JudgeServer, tmp_path: Path) -> None:
    judge = make_judge(server, store=AnswerStore(tmp_path / "kept"))
    first = judge.judge(*draw_edit(5))
    files = sorted((tmp_path / "kept").rglob("*.json"))
    foreign = files[1].read_bytes()
    for file in files:
        file.write_bytes(foreign if damage is None else damage)
    assert judge.judge(*draw_edit(5)) == first
    assert len(server.requests) == 2 * SIDES - (damage is None)  # of which one is its own still
    assert judge.judge(*draw_edit(5)).usage.new_answers == 0


def test_a_kept_answer_that_cannot_be_read_is_asked_anew(server: JudgeServer, tmp_path: Path) -> None:
    judge = make_judge(server, store=AnswerStore(tmp_path / "kept"))
    first = judge.judge(*draw_edit(5))
    for file in (tmp_path / "kept").rglob("*.json"):
        file.write_text(json.dumps(json.loads(file.read_text()) | {"text": "five"}))
    assert judge.judge(*draw_edit(5)) == first
    assert len(server.requests) == 2 * SIDES


def test_where_nothing_can_be_kept(server: JudgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("editjudge.bundles.cache._warnings", [])
    (tmp_path / "file").write_bytes(b"")
    judge = make_judge(server, store=AnswerStore(tmp_path / "file" / "kept"))
    with pytest.warns(UserWarning, match="nothing is kept"):
        assert judge.judge(*draw_edit(5)).overall == 5
    assert judge.judge(*draw_edit(5)).usage.new_answers == SIDES


def test_no_more_at_once_than_allowed(server: JudgeServer) -> None:
    server.behave = lambda request, number: Reply(body=answer_right(request, number).body, wait=0.02)
    judge = make_judge(server, requests=3)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda index: judge_row(judge, index), range(12))) == [
            right_score(index) for index in range(12)
        ]
    assert server.most_at_once == 3
    assert len(server.requests) == 12 * SIDES
    server.most_at_once = 0
    judge = make_judge(server, requests=1)
    judge.judge(*draw_edit(1))
    assert server.most_at_once == 1


def test_what_has_not_begun_when_one_fails_is_not_asked(server: JudgeServer) -> None:
    def fail_first(request: Request, number: int) -> Reply:
        fails = number == 0
        return FAULTS["prose"].behave(request, number) if fails else Reply(
            body=answer_right(request, number).body, wait=0.05
        )  # fmt: skip

    server.behave = fail_first
    with pytest.raises(JudgeError):
        make_judge(server, requests=1, passes=10).judge(*draw_edit(1))
    assert len(server.requests) <= 3


def test_a_judge_that_is_closed_gives_no_half_of_a_mean(server: JudgeServer) -> None:
    server.behave = lambda request, number: Reply(body=answer_right(request, number).body, wait=0.1)
    judge = make_judge(server, requests=1, passes=5)
    with ThreadPoolExecutor(1) as pool:
        judging = pool.submit(judge.judge, *draw_edit(1))
        while not server.requests:
            time.sleep(0.01)
        judge.close()
        with pytest.raises((InputError, JudgeError)):
            judging.result()


def test_a_difference_is_framed_in_both_pictures(server: JudgeServer) -> None:
    def answer(request: Request, number: int) -> Reply:
        fields = {"coherent": "yes" if request["seed"] else "no", "reason": f"Because {request['seed']}."}
        return Reply(body=complete(json.dumps(fill_schema(request) | fields)))

    server.behave = answer
    original, edited = np.full((100, 200, 3), 90, np.uint8), np.full((50, 100, 3), 60, np.uint8)
    judge = make_judge(server, "coherence")
    judged = judge.judge_difference(original, edited, "remove the cat", (40, 20, 80, 60))
    assert (judged.coherent, judged.reason) == (False, "Because 0.")
    _, before, _, after, text = list_shown(server.requests[0])
    assert "remove the cat" in text
    for shown, plain, (x0, y0, x1, y1) in ((before, 90, (40, 20, 80, 60)), (after, 60, (20, 10, 40, 30))):
        framed = np.argwhere((shown != plain).any(axis=2))
        assert np.abs(framed.min(axis=0) - (y0, x0)).max() <= 3
        assert np.abs(framed.max(axis=0) - (y1, x1)).max() <= 3
        assert (shown[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1] == plain).all()  # what it frames is to be seen
    assert (original == 90).all()
    assert make_judge(server, "coherence", passes=3).judge_difference(
        original, edited, "remove it", (40, 20, 80, 60)
    ).coherent is True  # fmt: skip
    assert make_judge(server, "coherence", passes=2).judge_difference(
        original, edited, "remove it", (40, 20, 80, 60)
    ).coherent is None  # fmt: skip


def test_what_makes_no_sense_is_refused_before_a_call(server: JudgeServer) -> None:
    judge, of_differences = make_judge(server), make_judge(server, "coherence")
    original, edited, _ = draw_edit(1)
    for words in ("", "  ", 5, "x" * 4001):
        with pytest.raises(InstructionError, match="give what was asked for"):
            judge.judge(original, edited, words)
    for picture in (None, original.astype(float), original[..., 0], original[:0]):
        with pytest.raises(InputError, match=r"edited is .*; give a picture as uint8"):
            judge.judge(original, picture, "make it red")
    for box in ((0, 0, 0, 5), (1, 2, 3), None, "abcd", (0, 0, float("nan"), 5)):
        with pytest.raises(InputError, match=r"box is .*; give x0, y0, x1, y1"):
            of_differences.judge_difference(original, edited, "make it red", box)
    with pytest.raises(InputError, match="judges a difference, not an edit"):
        of_differences.judge(original, edited, "make it red")
    with pytest.raises(InputError, match="judges an edit, not a difference"):
        judge.judge_difference(original, edited, "make it red", (0, 0, 5, 5))
    for settings in ({"passes": 0}, {"seed": -1}, {"temperature": 3}, {"requests": 0}, {"longest_side": 4}):
        with pytest.raises(InputError, match=f"{next(iter(settings))} is "):
            make_judge(server, **settings)
    assert not server.requests


def test_a_changed_word_changes_the_label(server: JudgeServer) -> None:
    prompts = find_prompts("three_sides")
    first, *rest = prompts.questions
    changed = [
        replace(prompts, system=f"{prompts.system} "),
        replace(prompts, questions=(replace(first, task=f"{first.task}!"), *rest)),
        replace(prompts, questions=(replace(first, pictures=("edited", "original")), *rest)),
        replace(prompts, questions=(replace(first, fields=first.fields[:2]), *rest)),
        replace(prompts, number=2),
    ]
    assert len({label_prompts(one) for one in (prompts, *changed)}) == len(changed) + 1
    assert label_prompts(prompts).startswith("three_sides@1-")


def test_judges_are_opened_once(server: JudgeServer) -> None:
    judge = open_judge("three_sides", "openai", "m", base_url=server.url)
    assert open_judge("three_sides", "openai", "m", base_url=server.url) is judge
    assert open_judge("three_sides", "openai", "m", base_url=server.url, seed=1) is not judge
    # Judges of one model share it, and how much may be asked of it at once.
    server.behave = lambda request, number: Reply(body=complete(json.dumps(fill_schema(request))), wait=0.02)
    judges = [open_judge(name, "openai", "m", base_url=server.url, requests=2) for name in ("three_sides", "sc_pq")]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda index: judges[index % 2].judge(*draw_edit(index)), range(8)))
    assert server.most_at_once == 2
    with pytest.raises(InputError, match="there is no judge 'gemini'; choose llama or openai"):
        open_judge("three_sides", "gemini", "m")
    with pytest.raises(InputError, match="mmproj means nothing to the judge openai"):
        open_judge("three_sides", "openai", "m", mmproj="mmproj.gguf")
    with pytest.raises(InputError, match="there is no prompt set 'four_sides'"):
        open_judge("four_sides", "openai", "m")
