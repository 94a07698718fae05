"""The scorer: opens the models of all stages, and scores edits with them, one by one or ranked."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from os import PathLike

from editjudge import decoding
from editjudge.bundle import Bundle
from editjudge.case import Case, Compat, Framed, check_compat
from editjudge.detect import Detector
from editjudge.domain import Domain
from editjudge.embed import Embedder
from editjudge.errors import InputError
from editjudge.image import ImageSource, fit_frame, load, resize
from editjudge.memory import enough_memory
from editjudge.metrics.baselines import Edit, measure
from editjudge.metrics.models import Models
from editjudge.metrics.registry import METRICS, chosen
from editjudge.parse import Parsed, Parser
from editjudge.parsing.language import placement
from editjudge.providers import NVIDIA
from editjudge.ranking import Ranked, batches, best_first
from editjudge.segment import Segmenter
from editjudge.stages import Known, Stages, run
from editjudge.types import EditIntent, EditScore, Image, Ran
from editjudge.watch import Watch

BATCH = 4  # candidates that `rank` sends through the models together; more would not fit small GPUs


class Scorer:
    """Scores edits with one bundle on one device. May be shared by threads."""

    def __init__(
        self,
        bundle: Bundle,
        detector: Detector,
        segmenter: Segmenter,
        embedder: Embedder,
        *,
        device: str = "auto",
        threads: int | None = None,
        compat: Compat | None = None,
        keep_answers: bool = True,
    ) -> None:
        self.bundle = bundle
        self.stages = Stages(bundle, detector, segmenter, embedder, Domain.load(bundle))
        self.compat = check_compat(compat)
        self._device = device
        self._threads = threads
        self._keep_answers = keep_answers
        self._metric_models = Models(bundle, device, threads)
        self._parser: Parser | None = None
        self._loading = threading.Lock()

    @classmethod
    def load(
        cls,
        bundle: str | PathLike[str] = "studio",
        device: str = "auto",
        threads: int | None = None,
        compat: Compat | None = None,
        keep_answers: bool = True,
    ) -> Scorer:
        """Opens a bundle, by its name or its folder, on cpu, cuda, tensorrt, rtx, openvino, or auto for the best.

        threads: the CPU threads each model may use. compat: "released" scores as the paper's released code does, faults
        included. keep_answers: whether what the parser says of an instruction is kept on disk; it is loaded with the
        first one that was not. Raises BundleError, DeviceError or InputError.
        """
        check_compat(compat)
        opened = Bundle.load(bundle)
        detector, segmenter = Detector(opened, device, threads), Segmenter(opened, device, threads)
        embedder = Embedder(opened, device, threads)
        return cls(
            opened,
            detector,
            segmenter,
            embedder,
            device=device,
            threads=threads,
            compat=compat,
            keep_answers=keep_answers,
        )

    @property
    def models(self) -> dict[str, Ran]:
        """What each model runs on, by its role; the parser is among them once it has read an instruction."""
        parser = self._parser.ran if self._parser else None
        return self.stages.models if parser is None else {**self.stages.models, "parser": parser}

    def plan(self) -> dict[str, Ran]:
        """As `models`, and where the parser would go, which is not loaded for it."""
        parser = {"parser": placement(self._parser_device)} if self.bundle.has("parser") else {}
        return {**parser, **self.models}

    @property
    def _parser_device(self) -> str:
        """The NVIDIA device that auto found for the other models: llama.cpp is to use it too, or to say why not."""
        used = [ran.device for ran in self.models.values() if ran.device in NVIDIA]
        return used[0] if used and self._device == "auto" else self._device

    def parse(self, instruction: str) -> EditIntent:
        """What an instruction asks for. Raises InstructionError."""
        return self._read(instruction).intent

    def score(
        self,
        original: ImageSource,
        edited: ImageSource,
        instruction: str | EditIntent,
        compat: Compat | None = None,
    ) -> EditScore:
        """Scores one edit; both pictures go through each model together.

        instruction: a text, or the intent where it is known. compat: as in `load`, for this edit alone. Raises
        InputError for what cannot be scored, and OutOfMemoryError.
        """
        watch = Watch()
        with enough_memory():
            before, after = decoding.start([original, edited])
            case = self._case(before, instruction, compat, watch)
            return self._run(case, None, [case.fit(after.result())], watch)[1][0]

    def prepare(self, original: ImageSource, instruction: str | EditIntent, compat: Compat | None = None) -> Prepared:
        """Computes once what depends on the original and the instruction alone, to score many edits of it."""
        watch = Watch()
        with enough_memory():
            (before,) = decoding.start([original])
            case = self._case(before, instruction, compat, watch)
            return Prepared(self, case, self._run(case, None, [], watch)[0])

    def metrics(
        self,
        original: ImageSource,
        edited: ImageSource,
        instruction: str | EditIntent,
        names: Sequence[str] | None = None,
    ) -> dict[str, float]:
        """The metrics of these names (`editjudge.metrics.METRICS`) of one edit; by default all that can be told.

        The pictures are compared in the frame that BPM works in: at most 512 pixels a side, the edited one scaled to
        the original. What cannot be told is NaN. Raises InputError for a name that is no metric's, and BundleError for
        a metric whose model the bundle lacks.
        """
        text = None if isinstance(instruction, EditIntent) else instruction
        wanted = chosen(names, self.bundle, parsed=text is None)
        pictures = decoding.start([original, edited])
        reads = text is None or any(METRICS[name].reads_intent for name in wanted)
        texts = self._case(pictures[0], instruction, None, Watch()).texts if reads else {}
        before, after = (picture.result() for picture in pictures)
        frame = fit_frame(before)
        fitted = resize(after, frame.shape[1], frame.shape[0], "area")
        found = measure(Edit(frame, fitted, text, texts, self.stages.embedder, self._metric_models), wanted)
        if "bpm" in wanted:
            found["bpm"] = self.score(before, after, instruction).bpm
        return {name: found[name] for name in wanted}

    def _case(
        self, original: Future[Image], instruction: str | EditIntent, compat: Compat | None, watch: Watch
    ) -> Case:
        compat = check_compat(compat) or self.compat
        if isinstance(instruction, EditIntent):
            return Case.of(original.result(), instruction, compat=compat)
        with watch.stage("parse"):
            parsed = self._read(instruction)
        return Case.of(original.result(), parsed.intent, instruction, parsed.flags, compat)

    def _run(
        self, case: Case, known: Known | None, framed: Sequence[Framed], watch: Watch
    ) -> tuple[Known, list[EditScore]]:
        known, scores = run(self.stages, case, known, framed, watch)
        models = self.models
        return known, [replace(score, models=models) for score in scores]

    def _read(self, instruction: str) -> Parsed:
        with self._loading:
            if self._parser is None:
                self._parser = Parser.of(self.bundle, self._parser_device, self._threads, self._keep_answers)
        return self._parser.parse(instruction)


class Prepared:
    """An original and an instruction, ready for edited pictures. May be shared by threads."""

    def __init__(self, scorer: Scorer, case: Case, known: Known) -> None:
        self.intent = case.intent
        self._scorer = scorer
        self._case = case
        self._known = known

    def score(self, edited: ImageSource) -> EditScore:
        """As `Scorer.score`, in less time: only the edited picture goes through the models."""
        watch = Watch()
        with enough_memory():
            return self._run([self._case.fit(load(edited))], watch)[0]

    def rank(self, edited: Iterable[ImageSource]) -> list[Ranked]:
        """Scores candidates and puts the best first, of equals the first given.

        A candidate that cannot be read comes last, with its error, and does not keep the others from being ranked.
        Raises InputError when there is none. Each score keeps its evidence, some megabytes: of thousands of candidates,
        use `scores`.
        """
        return best_first(self.scores(edited))

    def scores(self, edited: Iterable[ImageSource]) -> Iterator[Ranked]:
        """Scores candidates in the order in which they arrive, and hands each out once its batch is scored.

        A batch is asked for when those before it have been taken, so that however many there are, few are in memory.
        Errors are as in `rank`. What the candidates themselves raise goes through, and the next call works as ever.
        """
        index = 0
        for sources in batches(edited, BATCH):
            with enough_memory():
                scored = self._scored(index, sources)
            yield from scored
            index += len(sources)
        if not index:
            raise InputError("there are no candidates to rank; hand in at least one edited picture")

    def _scored(self, start: int, sources: Sequence[ImageSource]) -> list[Ranked]:
        watch = Watch()
        ranked: list[Ranked] = []
        readable: list[tuple[int, Framed]] = []
        for index, decoded in enumerate(decoding.start(sources), start):
            try:
                readable.append((index, self._case.fit(decoded.result())))
            except InputError as error:
                ranked.append(Ranked(index, None, str(error)))
        if readable:
            indices, framed = zip(*readable, strict=True)
            ranked += map(Ranked, indices, self._run(framed, watch))
        return sorted(ranked, key=lambda one: one.index)

    def _run(self, framed: Sequence[Framed], watch: Watch) -> list[EditScore]:
        return self._scorer._run(self._case, self._known, framed, watch)[1]
