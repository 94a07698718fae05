"""`Reward`: a callable on batches of edits, for who trains, filters or ranks editing models."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike, fspath
from typing import Any, Literal, Self, get_args

from editjudge.errors import InputError, quote_value
from editjudge.image.decode import ImageSource
from editjudge.metrics.vlm_judge.judge import MOST_REQUESTS, PASSES, REQUESTS, SEED
from editjudge.metrics.vlm_judge.open_judge import open_judge
from editjudge.metrics.vlm_judge.prompts.three_sides import THREE_SIDES
from editjudge.rewards.edit_triple import EditTriple
from editjudge.rewards.judgement import BatchJudge, RewardRow, write_row
from editjudge.rewards.local_judge import LocalJudge
from editjudge.rewards.vision_judge import VisionJudge
from editjudge.utils.arguments import PATH, SEVERAL, TEXT

RewardBackend = Literal["local", "llama", "openai"]
"""The local reward of a bundle, a model with eyes in llama.cpp, or one behind an endpoint of OpenAI's form."""
REWARD_BACKENDS: tuple[RewardBackend, ...] = get_args(RewardBackend)


class Reward:
    """Gives each edit of a batch a number from 0 to 5 and a sentence for each of three sides.

    >>> reward = Reward()
    >>> reward(originals, edited, ["paint the car blue"] * len(edited))[0]["overall"]

    May be shared by threads, sent to processes and used as a context manager.

    Args:
        judge: local, llama or openai.
        bundle: Of the local reward: its name or folder.
        device: Of the local reward: cpu, cuda and others (`doctor` lists them), or auto for the best.
        threads: Of the local reward: the CPU threads each model may use.
        model: Of the others: a GGUF file, or the name that the endpoint knows the model by.
        mmproj: Of llama: the file of the model's eyes; None: the one beside the model.
        base_url: Of openai: the endpoint's address; None: that of OPENAI_BASE_URL, or the provider's own.
        passes: How often each question is asked; the score is the mean, and its spread is told.
        seed: Of the first pass.
        requests: How many edits, and questions of the same model, are under way at once.

    Raises InputError for options that do not go together, BundleError, DeviceError, JudgeError or OutOfMemoryError.
    """

    def __init__(
        self,
        judge: RewardBackend = "local",
        *,
        bundle: str | PathLike[str] = "studio",
        device: str = "auto",
        threads: int | None = None,
        model: str | PathLike[str] | None = None,
        mmproj: str | PathLike[str] | None = None,
        base_url: str | None = None,
        passes: int = 1,
        seed: int = 0,
        requests: int = REQUESTS,
    ) -> None:
        PASSES.check(passes=passes)
        MOST_REQUESTS.check(requests=requests)
        PATH.or_none("none").check(model=model, mmproj=mmproj)
        SEED.check(seed=seed)
        self._options: dict[str, Any] = {"bundle": bundle, "device": device, "threads": threads, "model": model}
        self._options |= {"mmproj": mmproj, "base_url": base_url, "passes": passes, "seed": seed, "requests": requests}
        self._name = check_backend(judge)
        self._judge = self._open()
        self._closed = False

    def __call__(
        self, originals: Iterable[ImageSource], edited: Iterable[ImageSource], instructions: Iterable[str]
    ) -> list[RewardRow]:
        """Judges a batch.

        Args:
            originals: The pictures before the edits. Of edits of one original and one instruction, whose originals are
                equal paths or hold equal pixels, the local reward reads the original once.
            edited: The pictures after them.
            instructions: What was asked for.

        Returns a row for each edit, in their order: `{"following": {"score", "pass", "feedback"}, "preserving": {...},
        "quality": {...}, "judge": {...}, "overall": 0 to 5 or None, "error": None}`. Of an edit that cannot be judged,
        the sides and the overall are None and `error` is a sentence; the others are judged all the same. Raises
        InputError for lists of different lengths, and what is the machine's fault, as the constructor.
        """
        if self._closed:
            raise InputError("this Reward is closed; open another one")
        SEVERAL.check(originals=originals, edited=edited, instructions=instructions)
        columns = [*originals], [*edited], [*instructions]
        lengths = [len(column) for column in columns]
        if len(set(lengths)) > 1:
            said = "{} originals, {} edited pictures and {} instructions".format(*lengths)
            raise InputError(f"there are {said}; hand in as many of each")
        edits = [EditTriple(*edit) for edit in zip(*columns, strict=True)]
        return [write_row(judged, self._judge.record) for judged in self._judge.judge(edits)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (type(self), self._name, self._options)

    def close(self) -> None:
        """Frees the models of the local reward, once the calls of other threads have ended; a later call is refused."""
        self._closed = True
        self._judge.close()

    def _open(self) -> BatchJudge:
        options = self._options
        if self._name == "local":
            if options["model"] is not None:
                raise InputError("the local reward has no model to choose; name a bundle, or judge by llama or openai")
            if options["passes"] > 1:
                raise InputError("the local reward says the same each time; leave passes at 1")
            return LocalJudge(options["bundle"], options["device"], options["threads"])
        if options["model"] is None:
            raise InputError(f"no model is named for {self._name} to judge by; give one with model=")
        passed = {name: options[name] for name in ("base_url", "passes", "seed", "requests")}
        mmproj = None if options["mmproj"] is None else fspath(options["mmproj"])
        judge = open_judge(THREE_SIDES.name, self._name, fspath(options["model"]), mmproj=mmproj, **passed)
        return VisionJudge(judge, options["requests"])


def check_backend(judge: object) -> RewardBackend:
    """The judge of that name. Raises InputError where there is none."""
    TEXT.check(judge=judge)
    for name in REWARD_BACKENDS:
        if judge == name:
            return name
    raise InputError(f"there is no judge {quote_value(judge)}; choose {', '.join(REWARD_BACKENDS)}")


def _reopen(kind: type[Reward], name: RewardBackend, options: dict[str, Any]) -> Reward:
    return kind(name, **options)
