"""Does a real judge with eyes answer so that it can be read, or fail as told, and what does a call cost?

    python -m benchmarks.rewards.real_judge [--calls 50] [--model FILE.gguf --mmproj FILE.gguf]
    python -m benchmarks.rewards.real_judge --url http://localhost:8000/v1 --model NAME

Asks the questions of `three_sides` about the demo's edits, from end to end: pictures in, llama.cpp with libmtmd, the
grammar, JSON out, read strictly. Without a model it is Gemma 3 270M, which comes with the package, with a projector of
random weights: it shows that the machinery works, and nothing about judging. With an address it is the model of that
name at a server of OpenAI's form, such as llama-cpp-python's own, which tests/backends/test_llama_server.py starts. An
answer is a guess where a number of the judgement is not the one that the model wrote.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.common.reporting import Figure, show
from editjudge.backends.llama_vision import LlamaVisionModel
from editjudge.backends.openai_api import OpenAiModel
from editjudge.backends.vision_language import VisionAnswer, VisionLanguageModel, VisionQuestion
from editjudge.benchmarking.inputs import demo_edits
from editjudge.bundles.bundle import Bundle
from editjudge.errors import EditJudgeError
from editjudge.image.decode import load_image
from editjudge.metrics.vlm_judge.judge import VlmJudge
from editjudge.metrics.vlm_judge.judged_edit import JudgedEdit
from editjudge.metrics.vlm_judge.prompts.three_sides import THREE_SIDES
from vision.random_projector import write_random_projector

CONTEXT = 4096


class WatchedModel:
    """A model that is asked, with the time that each call took, and what was answered to the question of each name."""

    def __init__(self, model: VisionLanguageModel) -> None:
        self._model = model
        self.backend, self.model, self.identity = model.backend, model.model, model.identity
        self.seconds: list[float] = []
        self.answers: dict[str, VisionAnswer] = {}
        self.tokens: list[tuple[int, int]] = []

    def answer(self, question: VisionQuestion) -> VisionAnswer:
        start = time.perf_counter()
        try:
            answer = self._model.answer(question)
        finally:
            self.seconds.append(time.perf_counter() - start)
        self.answers[question.name] = answer
        self.tokens.append((answer.read_tokens or 0, answer.written_tokens or 0))
        return answer

    def close(self) -> None:
        self._model.close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--calls", type=int, default=50, help="questions at least; an edit has three")
    options.add_argument("--url", help="of a server, up to /v1")
    options.add_argument("--model", help="GGUF of a model with eyes, or its name at the server")
    options.add_argument("--mmproj", type=Path, help="GGUF of its projector")
    options.add_argument("--threads", type=int, default=None)
    options.add_argument("--temperature", type=float, default=0.0, help="over 0, answers of all sorts are drawn")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = WatchedModel(OpenAiModel(asked.model, asked.url) if asked.url else open_local(asked, Path(folder)))
        try:
            measure(model, asked.calls, asked.temperature)
        finally:
            model.close()


def open_local(asked: argparse.Namespace, folder: Path) -> LlamaVisionModel:
    path, mmproj = asked.model, asked.mmproj
    if path is None:
        path, mmproj = Bundle.load("studio").file("parser"), folder / "mmproj.gguf"
        write_random_projector(mmproj)
    return LlamaVisionModel(path, mmproj, context=CONTEXT, threads=asked.threads)


def measure(model: WatchedModel, calls: int, temperature: float) -> None:
    judge = VlmJudge(model, THREE_SIDES, requests=1, temperature=temperature)
    judged, failures, guesses = 0, [], 0
    for sample in demo_edits():
        if len(model.seconds) >= calls:
            break
        original, edited, instruction = sample.edit()
        model.answers.clear()
        try:
            said = judge.judge(load_image(original), load_image(edited), instruction)
        except EditJudgeError as error:
            failures.append(str(error))
            print(f"{sample.id}: {error}", flush=True)
        else:
            judged += 1
            guesses += count_guesses(said, model)
            numbers = {name: side.value for name, side in said.sides.items()}
            print(f"{sample.id}: {numbers}, {sum(model.seconds[-3:]):.1f} s", flush=True)
    made = len(model.seconds)
    read, written = (median(tokens[index] for tokens in model.tokens) for index in (0, 1))
    show(
        "a real judge, from end to end",
        [
            Figure("calls", "calls", made, calls),
            Figure("read", "of these, read to a number or failed in one sentence", made - guesses, made),
            Figure("failed", "of these, failed", len(failures)),
            Figure("guesses", "numbers that the model did not write", guesses, 0, at_least=False),
            Figure("edits", "edits that have all their numbers", judged),
            Figure("seconds", "a call, median", median(model.seconds), unit=" s"),
            Figure("longest", "a call, longest", max(model.seconds), unit=" s"),
            Figure("read_tokens", "tokens of a question with its pictures, median", read),
            Figure("written_tokens", "tokens of an answer, median", written),
        ],
        model=model.model,
        prompts=judge.record.prompts,
        failures=failures,
    )


def count_guesses(said: JudgedEdit, model: WatchedModel) -> int:
    """How many numbers and verdicts of a judgement are not those in the text that the model wrote."""
    wrong = 0
    for name, side in said.sides.items():
        wrote = json.loads(model.answers[f"{THREE_SIDES.name}_{name}"].text, strict=False)
        wrong += wrote["score"] != side.value
        wrong += (wrote["pass"] == "yes") != side.passed
    return wrong


if __name__ == "__main__":
    main()
