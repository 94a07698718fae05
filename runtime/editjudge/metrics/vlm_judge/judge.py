"""A judge: a model with eyes, the questions that it is asked of an edit, and how often."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from numbers import Real

import numpy as np

from editjudge.backends.vision_language import VisionAnswer, VisionLanguageModel, VisionQuestion
from editjudge.errors import InputError, InstructionError, JudgeError
from editjudge.metrics.rewards.reward_score import JudgeRecord
from editjudge.metrics.vlm_judge.answer_store import AnswerStore, hash_question
from editjudge.metrics.vlm_judge.judged_edit import (
    JudgedDifference,
    JudgedEdit,
    JudgeUsage,
    count_votes,
    sum_up_side,
)
from editjudge.metrics.vlm_judge.prompts.prompt_set import JudgeQuestion, PromptSet, Shown
from editjudge.metrics.vlm_judge.read_answer import ReadAnswer, read_answer
from editjudge.metrics.vlm_judge.request_pool import RequestPool
from editjudge.metrics.vlm_judge.sent_picture import LONGEST, PICTURE, encode_picture
from editjudge.metrics.vlm_judge.vision_question import build_question, label_prompts
from editjudge.types import LONGEST_PHRASE, Image
from editjudge.utils.arguments import Accepted, number, whole_number
from editjudge.utils.forks import new_lock, renew_after_fork

REQUESTS = 4
"""Questions at once, where nothing else is said."""
DRAWN = 0.7
"""The temperature of several passes: at 0 all of them would say the same."""
SEEDS = 2**31 - 1
"""Servers keep a seed in 32 bits."""

PASSES = whole_number(1, 100)
SEED = whole_number(0, SEEDS - 100)
TEMPERATURE = number(0, 2).or_none("0, and 0.7 for several passes")
SIZE = whole_number(28, 8192)
MOST_REQUESTS = whole_number(1, 1024)
WORDS = Accepted(
    lambda value: isinstance(value, str) and len(value.strip()) > 0 and len(value) <= LONGEST_PHRASE,
    f"what was asked for, in 1 to {LONGEST_PHRASE:,} characters",
    InstructionError,
)


def _is_box(value: object) -> bool:
    numbers = list(value) if isinstance(value, list | tuple | np.ndarray) else []
    if len(numbers) != 4 or not all(isinstance(one, Real) and math.isfinite(one) for one in numbers):
        return False
    return bool(numbers[0] < numbers[2] and numbers[1] < numbers[3])


BOX = Accepted(_is_box, "x0, y0, x1, y1 in pixels of the original")


@dataclass(frozen=True)
class _Told:
    """An answer that was read, and what it took."""

    answer: ReadAnswer
    raw: VisionAnswer
    is_kept: bool


class VlmJudge:
    """Asks a model the questions of a prompt set. May be shared by threads.

    An answer that cannot be read, a refusal, or a server that does not answer is a JudgeError of that edit; no pass is
    left out of a mean. Answers that could be read are kept, so that the same edit is judged alike, without a call.

    Attributes:
        prompts: What is asked.
        record: Who judges.
        tokens: How many were read and written so far, also for answers that could not be read; as far as it is told.
    """

    def __init__(
        self,
        model: VisionLanguageModel,
        prompts: PromptSet,
        *,
        passes: int = 1,
        temperature: float | None = None,
        seed: int = 0,
        store: AnswerStore | None = None,
        requests: int = REQUESTS,
        longest_side: int = LONGEST,
        pool: RequestPool | None = None,
    ) -> None:
        """Asks nothing yet.

        Args:
            passes: How often each question is asked; the pass i, from 0 on, has the seed `seed + i`.
            temperature: None: 0 for one pass, 0.7 for several, which at 0 would say the same.
            store: Keeps answers; None: they are not kept.
            requests: How many questions may be under way at once.
            longest_side: Pixels of the longest side of the pictures that are sent; they are scaled down, never up.
            pool: Bounds the questions under way in the place of `requests`, for judges that share a model.

        Raises InputError.
        """
        PASSES.check(passes=passes)
        SEED.check(seed=seed)
        TEMPERATURE.check(temperature=temperature)
        MOST_REQUESTS.check(requests=requests)
        SIZE.check(longest_side=longest_side)
        if passes > 1 and temperature == 0:
            raise InputError("temperature is 0, at which every pass says the same; give one over 0, or one pass")
        self.prompts = prompts
        self._model = model
        self._passes = passes
        self._temperature = (DRAWN if passes > 1 else 0.0) if temperature is None else float(temperature)
        self._seed = seed
        self._store = store
        self._longest_side = longest_side
        self._pool = pool or RequestPool(requests)
        self._lock = new_lock()
        self.tokens = 0
        self.renew()
        renew_after_fork(self)
        self.record = JudgeRecord(model.backend, model.model, label_prompts(prompts), seed)

    def judge(self, original: Image, edited: Image, instruction: str) -> JudgedEdit:
        """Judges an edit; all its questions and passes go out together.

        Args:
            original: uint8[H, W, 3], as it was handed in.
            edited: uint8[H', W', 3], likewise: it is not brought into the original's place.
            instruction: What was asked for.

        Raises JudgeError, InputError, DeviceError or OutOfMemoryError.
        """
        if self.prompts.highest is None:
            raise InputError(f"{self.prompts.name} judges a difference, not an edit; ask judge_difference, or others")
        PICTURE.check(original=original, edited=edited)
        sent = {"original": original, "edited": edited}
        shown = {name for question in self.prompts.questions for name in question.pictures}
        told = self._ask({name: encode_picture(sent[name], self._longest_side) for name in shown}, instruction)
        sides = {
            question.name: sum_up_side(question, [one.answer for one in answers])
            for question, answers in zip(self.prompts.questions, told, strict=True)
        }
        overall = self.prompts.add_up({name: side.value for name, side in sides.items()})
        return JudgedEdit(sides, overall, self.record, _add_usage(told))

    def judge_difference(
        self, original: Image, edited: Image, instruction: str, box: Sequence[float]
    ) -> JudgedDifference:
        """Judges whether one difference was asked for; it is framed in both pictures.

        Args:
            box: x0, y0, x1, y1 in pixels of the original; where the edited picture has another size, it is scaled.

        The other arguments and errors are those of `judge`.
        """
        if self.prompts.highest is not None:
            raise InputError(f"{self.prompts.name} judges an edit, not a difference; ask judge, or take coherence")
        PICTURE.check(original=original, edited=edited)
        BOX.check(box=box)
        across, down = edited.shape[1] / original.shape[1], edited.shape[0] / original.shape[0]
        x0, y0, x1, y1 = (float(value) for value in box)
        there = x0 * across, y0 * down, x1 * across, y1 * down
        pictures: dict[Shown, bytes] = {
            "original": encode_picture(original, self._longest_side, box),
            "edited": encode_picture(edited, self._longest_side, there),
        }
        told = self._ask(pictures, instruction)
        question, (answers,) = self.prompts.questions[0], told
        coherent = count_votes(question, [one.answer for one in answers])
        reasons = [str(one.answer["reason"]) for one in answers if coherent in (None, one.answer["coherent"])]
        return JudgedDifference(coherent, reasons[0], self.record, _add_usage(told))

    def close(self) -> None:
        """Frees the model, and ends the threads that ask it."""
        self._pool.close()
        self._model.close()

    def abandon(self) -> None:
        """Whoever waits for an answer of its model gets an InputError at once: the program is to end."""
        self._pool.abandon()

    def _ask(self, pictures: Mapping[Shown, bytes], instruction: str) -> list[list[_Told]]:
        """The answers of all passes to each question."""
        WORDS.check(instruction=instruction)
        calls = [
            partial(self._ask_once, index, pictures, instruction, self._seed + number)
            for index in range(len(self.prompts.questions))
            for number in range(self._passes)
        ]
        told = self._pool.run(calls)
        return [told[start : start + self._passes] for start in range(0, len(told), self._passes)]

    def _ask_once(self, index: int, pictures: Mapping[Shown, bytes], instruction: str, seed: int) -> _Told:
        asked = self.prompts.questions[index]
        question = build_question(self.prompts, asked, pictures, instruction, temperature=self._temperature, seed=seed)
        if self._store is None:
            return self._call(asked, question)
        # Of equal questions at once, as of an edit that is in a data set twice, one is asked.
        key = hash_question(self._model.identity, question)
        with self._lock:
            running = self._running.get(key)
            mine: Future[_Told] = running or self._running.setdefault(key, Future())
        if running is not None:
            return replace(running.result(), is_kept=True)
        try:
            mine.set_result(self._look_up(asked, question))
        except BaseException as error:
            mine.set_exception(error)
        finally:
            with self._lock:
                self._running.pop(key, None)
        return mine.result()

    def _look_up(self, asked: JudgeQuestion, question: VisionQuestion) -> _Told:
        """From the store, or else from the model; only what can be read is kept, so that anything else is asked again
        next time."""
        assert self._store is not None
        identity = self._model.identity
        kept = self._store.get(identity, question)
        if kept is not None:
            with suppress(JudgeError):  # what was damaged on the disk
                return _Told(read_answer(kept.text, asked), kept, is_kept=True)
        told = self._call(asked, question)
        self._store.put(identity, question, told.raw)
        return told

    def _call(self, asked: JudgeQuestion, question: VisionQuestion) -> _Told:
        raw = self._model.answer(question)
        with self._lock:
            self.tokens += (raw.read_tokens or 0) + (raw.written_tokens or 0)
        return _Told(read_answer(raw.text, asked), raw, is_kept=False)

    def renew(self) -> None:
        """What other threads ask is not answered in a process that was forked."""
        self._running: dict[str, Future[_Told]] = {}


def _add_usage(told: Sequence[Sequence[_Told]]) -> JudgeUsage:
    flat = [one for answers in told for one in answers]
    fresh = [one.raw for one in flat if not one.is_kept]
    read, written = (sum(one.read_tokens or 0 for one in fresh), sum(one.written_tokens or 0 for one in fresh))
    return JudgeUsage(read, written, len(flat) - len(fresh), len(fresh))
