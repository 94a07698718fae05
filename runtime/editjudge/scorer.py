"""The scorer: opens the models that an edit needs, and scores edits with them, one by one or ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from os import PathLike
from typing import Any

import numpy as np

from editjudge.bundles.bundle import Bundle
from editjudge.image.decode import ImageSource, start_decoding
from editjudge.image.vectors import Vector
from editjudge.metrics.answers.open_models import open_models
from editjudge.metrics.answers.score_contexts import Judging, score_contexts
from editjudge.metrics.answers.task_reader import TaskReader
from editjudge.metrics.base import Metric
from editjudge.metrics.context import new_context
from editjudge.metrics.dice.difference import PictureDifferences
from editjudge.metrics.looking.choose import check_look, choose_look
from editjudge.metrics.pair.embed import embed_edits
from editjudge.metrics.pipeline import NEEDED_MODELS, observe
from editjudge.metrics.registry import (
    Compat,
    EditScore,
    ScoringMetric,
    check_accept_at,
    check_compat,
    check_names,
    parse_names,
    scoring_metric,
    select_metrics,
)
from editjudge.models.model_set import ModelSet
from editjudge.models.pair.encoder import EDIT_CLIP, open_pair_encoder
from editjudge.opened_bundle import OpenedBundle
from editjudge.parser.normalize import normalize
from editjudge.parser.result import INSTRUCTION, REQUEST, Request
from editjudge.ranking import Prepared
from editjudge.types import Look, Placement
from editjudge.utils.arguments import FLAG, PATH, TEXT, THREADS, instance
from editjudge.utils.deadlines.budget import Budget, Reserve, check_budget
from editjudge.utils.oom import ADVICE, convert_memory_errors
from editjudge.utils.timing import StageTimer

MODELS = instance(ModelSet, "the models of a bundle, or open one with Scorer.load(bundle)")


class Scorer(OpenedBundle):
    """Scores edits with one bundle on one device. May be shared by threads, and used as a context manager.

    A process that is forked, or is sent one, opens the models anew: its first call takes about a second longer.

    Args:
        models: The models of the bundle.
        compat: "paper" adds up as the paper does; "released" scores as its released code does, faults included.
        accept_at: The probability from which `verdict` accepts an edit; None: the bundle's.
        keep_answers: Whether what the parser says of an instruction is kept on disk.
        look: "changes" looks at an edited picture only where it changed, as far as that tells as much; "all" at all of
            it; None: as the bundle says.
    """

    def __init__(
        self,
        models: ModelSet,
        *,
        compat: Compat | None = None,
        accept_at: float | None = None,
        keep_answers: bool = True,
        look: Look | None = None,
    ) -> None:
        MODELS.check(models=models)
        FLAG.check(keep_answers=keep_answers)
        super().__init__(models, keep_answers=keep_answers)
        self.compat = check_compat(compat)
        self.accept_at = check_accept_at(accept_at)
        self.look = choose_look(look, models.bundle)
        self._reserve = Reserve()
        with models.in_use(), convert_memory_errors("open the models", ADVICE):
            for kind in NEEDED_MODELS:
                models.model(kind)

    @classmethod
    def load(
        cls,
        bundle: str | PathLike[str] = "studio",
        device: str = "auto",
        threads: int | None = None,
        compat: Compat | None = None,
        *,
        accept_at: float | None = None,
        keep_answers: bool = True,
        look: Look | None = None,
    ) -> Scorer:
        """Opens a bundle; the parser is loaded with the first instruction that was not read before.

        Args:
            bundle: Its name or its folder.
            device: cpu, cuda, tensorrt, rtx, openvino, webgpu, coreml, directml, or auto for the best.
            threads: The CPU threads each model may use.
            compat: "paper" adds up as the paper does; "released" scores as its released code does, faults included.
            accept_at: The probability from which `verdict` accepts an edit; None: the bundle's.
            keep_answers: Whether what the parser says of an instruction is kept on disk.
            look: How much of edited pictures is looked at, "changes" or "all"; None: as the bundle says.

        Raises BundleError, DeviceError, OutOfMemoryError or InputError.
        """
        PATH.check(bundle=bundle)
        TEXT.check(device=device)
        THREADS.check(threads=threads)
        FLAG.check(keep_answers=keep_answers)
        check_compat(compat)
        check_accept_at(accept_at)
        check_look(look)
        with convert_memory_errors("open the bundle", ADVICE):
            models = ModelSet(Bundle.load(bundle), device, None if threads is None else int(threads))
        return cls(models, compat=compat, accept_at=accept_at, keep_answers=keep_answers, look=look)

    def __reduce__(self) -> tuple[Any, ...]:
        opener = partial(
            type(self),
            compat=self.compat,
            accept_at=self.accept_at,
            keep_answers=self._keep_answers,
            look=self.look,
        )
        return opener, (self.models,)

    def score(
        self,
        original: ImageSource,
        edited: ImageSource,
        instruction: Request,
        compat: Compat | None = None,
        *,
        metrics: str | Sequence[str] = (),
        budget_ms: float | None = None,
    ) -> EditScore:
        """Scores one edit; both pictures go through each model together.

        Args:
            original: The picture before the edit.
            edited: The picture after it.
            instruction: What was asked for: a text; or what `parse` made of one, or the intent, where it is known.
            compat: As in `load`, for this edit alone.
            metrics: What to measure as well: names of `metrics.METRICS`, or "all" that the bundle has the models of.
            budget_ms: The milliseconds that it may take: what there is no time for is left out, and named in the
                score's `left_out`. The first calls may lack what comes of models that are still being opened: call
                `warm_up` once before. None: as long as it takes.

        Raises InputError for what cannot be scored, BundleError for a metric without its model, and OutOfMemoryError.
        """
        timer, budget = StageTimer(), Budget(check_budget(budget_ms), self._reserve)
        REQUEST.check(instruction=instruction)
        judging = self._judging(compat, self._select(metrics, instruction))
        with self.models.in_use(), convert_memory_errors(), budget.in_force():
            before, after = start_decoding([original, edited])
            reader = self._reader(compat)
            if budget.deadline is None:
                task = reader.task(before, instruction, timer)
                aligned = task.align_picture(after.result())
            else:
                task, aligned = reader.task_in_time((before, after), instruction, timer, budget.deadline)
            context = new_context(task, aligned, self.models)
            return score_contexts([context], judging, timer, budget)[0]

    def prepare(
        self,
        original: ImageSource,
        instruction: Request,
        compat: Compat | None = None,
        *,
        metrics: str | Sequence[str] = (),
    ) -> Prepared:
        """Computes once what depends on the original and the instruction alone, to score many edits of it.

        Arguments and errors are those of `score`.
        """
        timer = StageTimer()
        REQUEST.check(instruction=instruction)
        judging = self._judging(compat, self._select(metrics, instruction))
        with self.models.in_use(), convert_memory_errors():
            (before,) = start_decoding([original])
            task = self._reader(compat).task(before, instruction, timer)
            known = [observe(self.models, part, None, [], timer)[0] for part in (task, *task.more)]
            return Prepared(task, known, self.models, judging=judging, reserve=self._reserve)

    def warm_up(self, instruction: str) -> None:
        """Opens all models that a score may need, and the parser where the instruction takes one: a call with a budget
        of time need not wait for them then. Raises as `load`, and InstructionError.
        """
        super().warm_up(instruction)
        with self.models.in_use(), convert_memory_errors("open the models", ADVICE):
            open_models(self.models, self.look)

    def differences(
        self, original: ImageSource, edited: ImageSource, instruction: Request | None = None
    ) -> PictureDifferences:
        """What changed, where and how; and whether it was asked for, as in `score`. Raises likewise."""
        timer = StageTimer()
        if instruction is not None:
            REQUEST.check(instruction=instruction)
        with self.models.in_use(), convert_memory_errors():
            before, after = start_decoding([original, edited])
            task = self._reader(None).task(before, instruction, timer)
            context = new_context(task, task.align_picture(after.result()), self.models)
            return replace(context.differences, timings_ms=timer.read(1))

    def embed_edit(self, original: ImageSource, edited: ImageSource, *, encoder: str = EDIT_CLIP) -> Vector:
        """An edit as one vector of length 1, float32[D]: its products with those of instructions and of other edits
        are cosines.

        Args:
            original: The picture before the edit.
            edited: The picture after it, scaled to the original's size.
            encoder: "edit_clip" knows which picture comes first; "vifi_clip" does not.

        Raises InputError for what cannot be read, BundleError where the bundle has no such encoder, OutOfMemoryError.
        """
        with self.models.in_use(), convert_memory_errors():
            vectors, _ = embed_edits(self.models, [(original, edited)], encoder)
            return np.asarray(vectors[0])

    def embed_instruction(self, instruction: str, *, encoder: str = EDIT_CLIP) -> Vector:
        """An instruction as one vector of length 1, float32[D], in the space of the edits, cut as its encoder cuts.

        Raises InstructionError for what `parse` refuses, and else as `embed_edit`.
        """
        INSTRUCTION.check(instruction=instruction)
        normalize(instruction)  # which refuses it; what is embedded are the words as they stand
        with self.models.in_use(), convert_memory_errors():
            return np.asarray(open_pair_encoder(self.models, encoder).texts([instruction])[0])

    def _judging(self, compat: Compat | None, others: tuple[Metric, ...]) -> Judging:
        return Judging(self._metric(compat), others, self._placements)

    def _metric(self, compat: Compat | None) -> ScoringMetric:
        return scoring_metric(check_compat(compat) or self.compat, self.accept_at)

    def _reader(self, compat: Compat | None) -> TaskReader:
        return TaskReader(self._metric(compat).rules, self._read, self.bundle.manifest.frame, self.look)

    def _placements(self) -> dict[str, Placement]:
        return self.placements

    def _select(self, names: str | Sequence[str], instruction: Request) -> tuple[Metric, ...]:
        wanted = parse_names(names) if isinstance(names, str) else check_names(names)
        return select_metrics(wanted, self.bundle, parsed=not isinstance(instruction, str))
