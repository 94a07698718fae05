"""The scorer: runs the stages in turn. The one file that knows them all."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike

import numpy as np

import editjudge
from editjudge import overall
from editjudge.bundle import Bundle
from editjudge.case import Case, Compat, Framed, check_compat
from editjudge.detect import Detector
from editjudge.domain import Domain
from editjudge.embed import Embedder
from editjudge.errors import InputError
from editjudge.explain import explain
from editjudge.image import ImageSource, fit_frame, load, resize
from editjudge.judges import Feature, Features, Vector
from editjudge.language import placement
from editjudge.located import Located
from editjudge.metrics.baselines import Edit, measure
from editjudge.metrics.models import Models
from editjudge.metrics.registry import METRICS, chosen
from editjudge.parse import Parsed, Parser
from editjudge.providers import NVIDIA
from editjudge.segment import Segmenter
from editjudge.types import Boxes, Detections, EditIntent, EditScore, Evidence, Image, Masks, Ran, Region
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
    ) -> None:
        self.bundle = bundle
        self.detector = detector
        self.segmenter = segmenter
        self.embedder = embedder
        self.domain = Domain.load(bundle)
        self.version = editjudge.__version__
        self.compat = check_compat(compat)
        self._device = device
        self._threads = threads
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
    ) -> Scorer:
        """Opens a bundle, by its name or its folder, on cpu, cuda, tensorrt, rtx, openvino, or auto for the best.

        threads: the CPU threads each model may use. compat: "released" scores as the paper's released code does, faults
        included. The parser is loaded with the first instruction. Raises BundleError, DeviceError or InputError.
        """
        check_compat(compat)
        opened = Bundle.load(bundle)
        detector, segmenter = Detector(opened, device, threads), Segmenter(opened, device, threads)
        embedder = Embedder(opened, device, threads)
        return cls(opened, detector, segmenter, embedder, device=device, threads=threads, compat=compat)

    @property
    def models(self) -> dict[str, Ran]:
        """What each model runs on, by its role; the parser is among them once it has read an instruction."""
        models = {**self.detector.models, **self.segmenter.models, **self.embedder.models}
        parser = self._parser.ran if self._parser else None
        return models if parser is None else {**models, "parser": parser}

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
        InputError for what cannot be scored.
        """
        watch = Watch()
        case = self._case(original, instruction, compat, watch)
        return _run(self, case, None, [case.fit(load(edited))], watch)[1][0]

    def prepare(self, original: ImageSource, instruction: str | EditIntent, compat: Compat | None = None) -> Prepared:
        """Computes once what depends on the original and the instruction alone, to score many edits of it."""
        watch = Watch()
        case = self._case(original, instruction, compat, watch)
        return Prepared(self, case, _run(self, case, None, [], watch)[0])

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
        before, after = load(original), load(edited)
        reads = text is None or any(METRICS[name].reads_intent for name in wanted)
        texts = self._case(before, instruction, None, Watch()).texts if reads else {}
        frame = fit_frame(before)
        fitted = resize(after, frame.shape[1], frame.shape[0], "area")
        found = measure(Edit(frame, fitted, text, texts, self.embedder, self._metric_models), wanted)
        if "bpm" in wanted:
            found["bpm"] = self.score(before, after, instruction).bpm
        return {name: found[name] for name in wanted}

    def _case(self, original: ImageSource, instruction: str | EditIntent, compat: Compat | None, watch: Watch) -> Case:
        picture = load(original)
        compat = check_compat(compat) or self.compat
        if isinstance(instruction, EditIntent):
            return Case.of(picture, instruction, compat=compat)
        with watch.stage("parse"):
            parsed = self._read(instruction)
        return Case.of(picture, parsed.intent, instruction, parsed.confident, compat)

    def _read(self, instruction: str) -> Parsed:
        with self._loading:
            if self._parser is None:
                self._parser = Parser(self.bundle.file("parser"), self._threads, self._parser_device)
        return self._parser.parse(instruction)


@dataclass(frozen=True)
class Ranked:
    """A candidate: its index in the list that was given, and its score, or why it has none in one sentence."""

    index: int
    score: EditScore | None
    error: str | None = None


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
        return _run(self._scorer, self._case, self._known, [self._case.fit(load(edited))], watch)[1][0]

    def rank(self, edited: Iterable[ImageSource]) -> list[Ranked]:
        """Scores candidates and puts the best first, of equals the first given.

        A candidate that cannot be read comes last, with its error, and does not keep the others from being ranked.
        """
        ranked: list[Ranked] = []
        readable: list[tuple[int, Framed]] = []
        for index, source in enumerate(edited):
            try:
                readable.append((index, self._case.fit(load(source))))
            except InputError as error:
                ranked.append(Ranked(index, None, str(error)))
        for start in range(0, len(readable), BATCH):
            indices, batch = zip(*readable[start : start + BATCH], strict=True)
            scores = _run(self._scorer, self._case, self._known, batch, Watch())[1]
            ranked += [Ranked(index, score) for index, score in zip(indices, scores, strict=True)]
        return sorted(ranked, key=lambda one: (one.score is None, -one.score.bpm if one.score else 0.0, one.index))


@dataclass(frozen=True)
class Known:
    """What depends on the original and the instruction alone; None: nothing of the kind was looked for."""

    source: Region | None
    anchor: Detections | None
    features: Mapping[Feature, Vector]
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """What the models say of an edited picture."""

    framed: Framed
    where: Located
    features: Features


def _run(
    scorer: Scorer, case: Case, known: Known | None, edited: Sequence[Framed], watch: Watch
) -> tuple[Known, list[EditScore]]:
    """Sends edited pictures through every stage together, and the original with them where it is not known yet."""
    pictures = [framed.picture for framed in edited]
    source, anchor, targets = _locate(scorer, case, known, pictures, watch)
    places = [Located(source, target, anchor, *case.picture.shape[:2]) for target in targets]
    with watch.stage("embed"):
        views = [case.views(picture, where) for picture, where in zip(pictures, places, strict=True)]
        if known is None:
            own_views = case.original_views(source, whole=scorer.domain.probe is not None)
            *features, own = _embed(scorer.embedder, [*views, own_views])
            texts = dict(zip(case.texts, scorer.embedder.texts(list(case.texts.values())), strict=True))
            flags = scorer.domain.doubts(case.intent, own.get("original_picture"))
            known = Known(source, anchor, {**own, **texts}, (*flags, *case.flags))
        else:
            features = _embed(scorer.embedder, views)
    with watch.stage("judge"):
        scores = [_judge(scorer, case, known, Seen(*each)) for each in zip(edited, places, features, strict=True)]
    timings = watch.read(max(1, len(scores)))
    return known, [replace(score, timings_ms=timings) for score in scores]


def _locate(
    scorer: Scorer, case: Case, known: Known | None, pictures: list[Image], watch: Watch
) -> tuple[Region | None, Detections | None, list[Region | None]]:
    """The source's region and the anchor in the original, and per edited picture the target's region."""
    shown = [case.picture] if known is None else []
    with watch.stage("detect"):
        phrases = [case.phrases] * len(shown) + [[case.target] if case.target else []] * len(pictures)
        found = [
            {each.phrase: each for each in detections}
            for detections in scorer.detector.find([*shown, *pictures], phrases)
        ]
    named = found[0] if known is None else {}
    anchor = known.anchor if known else named.get(case.anchor or "")
    source = known.source.detections if known and known.source else named.get(case.source or "")
    targets = [named.get(case.target or "") for named in found[len(shown) :]]
    with watch.stage("segment"):
        boxes = [_boxes(source)] * len(shown) + [_boxes(case.boxes_to_segment(source, target)) for target in targets]
        masks = scorer.segmenter.segment([*shown, *pictures], boxes)
    region = known.source if known else _region(source, masks[0])
    return region, anchor, [_region(*each) for each in zip(targets, masks[len(shown) :], strict=True)]


def _boxes(detections: Detections | None) -> Boxes:
    return np.zeros((0, 4), np.float32) if detections is None else detections.boxes


def _region(detections: Detections | None, masks: Masks) -> Region | None:
    """A region; masks that were not made from its own boxes, as the released code does it, are given to each box."""
    if detections is None:
        return None
    if len(masks) != len(detections):
        masks = np.broadcast_to(masks.any(axis=0), (len(detections), *masks.shape[1:]))
    return Region(detections, masks)


def _embed(embedder: Embedder, views: Sequence[Mapping[Feature, Image]]) -> list[dict[Feature, Vector]]:
    """The features of all views, in one batch."""
    flat = [image for view in views for image in view.values()]
    vectors = iter(embedder.images(flat) if flat else ())
    return [{name: next(vectors) for name in view} for view in views]


def _judge(scorer: Scorer, case: Case, known: Known, seen: Seen) -> EditScore:
    """The score of one edited picture, its timings still to be filled in."""
    where, edited = seen.where, seen.framed
    judged = overall.assess(
        case.intent,
        where,
        {**known.features, **seen.features},
        original=case.picture,
        edited=edited.picture,
        ranges=scorer.bundle.norm,
        raised=(*known.flags, *edited.flags),
        compat=case.compat,
    )
    score = EditScore(
        bpm=judged.bpm,
        semantic=judged.semantic,
        region=judged.region,
        confidence=judged.confidence,
        flags=judged.flags,
        explanation="",
        intent=case.intent,
        regions={
            "original": case.reported(where.source, where.anchor),
            "edited": case.reported(where.target),
        },
        timings_ms={},
        bundle=scorer.bundle.name,
        version=scorer.version,
        evidence=Evidence(case.picture, edited.picture, *where.masks, judged.change, case.size),
        models=scorer.models,
    )
    return replace(score, explanation=explain(score))
