"""Works on what a thread took: one original and one instruction, and edited pictures of one request or of several."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

from editjudge.errors import InputError, InstructionError, quote_value
from editjudge.image.decode import load_picture, start_decoding
from editjudge.image.decoding.limits import ImageLimits
from editjudge.image.decoding.read import LoadedPicture
from editjudge.metrics.dice.difference import DifferenceEvidence, PictureDifferences
from editjudge.metrics.vlm_judge.names import is_judge
from editjudge.parser.result import Request
from editjudge.ranking import Prepared, RankedCandidate, best_first
from editjudge.scorer import Scorer
from editjudge.server.engine.edited_pictures import EditedPictures, GivenUpError
from editjudge.server.engine.job import Job, JobPiece
from editjudge.server.engine.meter import WorkMeter
from editjudge.server.engine.prepared_cache import PreparedCache, SizedPrepared
from editjudge.server.engine.refusal import RefusedError
from editjudge.server.engine.request import ScoringRequest
from editjudge.utils.oom import convert_memory_errors

OVERDUE = 5.0
"""Seconds until it may be worth asking again for what waited too long."""
LEAST_BUDGET = 1.0
"""Milliseconds that are left of a budget at least, though decoding took all of it."""

PictureOutcome = RankedCandidate | BaseException
"""What was found of one edited picture, or why its request fails."""


class Answerer:
    """Scores with one Scorer, within the limits of a service. May be shared by threads.

    Args:
        scorer: Scores.
        limits: Of each picture.
        meter: Is told how long it takes.
    """

    def __init__(self, scorer: Scorer, limits: ImageLimits, meter: WorkMeter) -> None:
        self._scorer, self._limits, self._meter = scorer, limits, meter
        self._cache = PreparedCache()

    def answer(self, pieces: Sequence[JobPiece]) -> None:
        """Looks at the edited pictures of these pieces, and tells each job. All of them are of one original.

        What it raises concerns all of these jobs, and is to be told to them.
        """
        wanted = [piece for piece in pieces if self._is_wanted(piece.job)]
        if not wanted:
            return
        start = time.perf_counter()
        job = wanted[0].job
        if any(map(is_judge, job.request.metrics)):
            raise InputError(f"metrics is {quote_value(', '.join(job.request.metrics))}; a service asks no other judge")
        if job.request.kind == "differences":
            self._meter.note_start(job, shares=False)
            job.answer(self._list_differences(job.request))
        elif job.is_whole:
            self._answer_whole(job)
        else:
            self._answer_together(wanted)
        self._meter.note_turn(time.perf_counter() - start, sum(len(piece.indices) for piece in wanted))

    def _is_wanted(self, job: Job) -> bool:
        if job.is_overdue:
            job.fail(RefusedError("this waited for longer than it may; try again later", OVERDUE))
        return not job.is_over

    def _answer_together(self, pieces: Sequence[JobPiece]) -> None:
        prepared, shares = self._prepare(pieces[0].job)
        for piece in pieces:
            if piece.is_first:
                self._meter.note_start(piece.job, shares=shares)
            shares = True
        places = [(piece.job, index) for piece in pieces for index in piece.indices]
        files = dict.fromkeys(job.request.edited[index] for job, index in places)  # the same file goes through once
        found = dict(zip(files, self._score_files(prepared, list(files)), strict=True))
        for job, index in places:
            self._tell(job, index, found[job.request.edited[index]])

    def _score_files(self, prepared: Prepared, files: Sequence[bytes]) -> list[PictureOutcome]:
        """What is found of each; one that cannot be read, or that the models fail at, takes no other along."""
        decoded = [_read(future) for future in start_decoding(files, self._limits)]
        pictures = [one for one in decoded if isinstance(one, LoadedPicture)]
        scored = iter(_score_pictures(prepared, pictures))
        return [next(scored) if isinstance(one, LoadedPicture) else one for one in decoded]

    def _answer_whole(self, job: Job) -> None:
        """Of a request whose candidates are not looked at apart from each other."""
        request = job.request
        prepared, shares = self._cache.find(job.key), True
        if prepared is None and len(request.edited) == 1 and request.kind == "score":
            self._meter.note_start(job, shares=False)
            self._tell(job, 0, self._score_in_time(request))
            return
        if prepared is None:
            prepared, shares = self._prepare(job)
        self._meter.note_start(job, shares=shares)
        try:
            ranked = _rank_whole(prepared, job, EditedPictures(job, self._limits))
        except GivenUpError:
            return
        for candidate in ranked:
            self._note(candidate)
        if not request.keeps_evidence:
            ranked = [replace(one, score=one.score and one.score.without_evidence()) for one in ranked]
        job.answer(tuple(ranked if request.kind == "rank" else sorted(ranked, key=lambda one: one.index)))

    def _score_in_time(self, request: ScoringRequest) -> PictureOutcome:
        """Of an original that is new; decoding counts."""
        start = time.perf_counter()
        before, after = start_decoding([request.original, request.edited[0]], self._limits)
        original, edited = before.result(), _read(after)
        if not isinstance(edited, LoadedPicture):
            return edited
        spent = 1000 * (time.perf_counter() - start)
        budget = None if request.budget_ms is None else max(LEAST_BUDGET, request.budget_ms - spent)
        score = self._scorer.score(
            original, edited, _instruction(request), request.compat, metrics=_names(request), budget_ms=budget
        )
        return RankedCandidate(0, score)

    def _list_differences(self, request: ScoringRequest) -> PictureDifferences:
        before, after = start_decoding([request.original, request.edited[0]], self._limits)
        found = self._scorer.differences(before.result(), after.result(), request.instruction)
        if request.keeps_evidence:
            return found
        return replace(found, evidence=replace(DifferenceEvidence.none(), content=found.evidence.content))

    def _prepare(self, job: Job) -> tuple[Prepared, bool]:
        """An original that is ready, and whether another request had made it so."""
        return self._cache.get(job.key, partial(self._make_ready, job.request))

    def _make_ready(self, request: ScoringRequest) -> SizedPrepared:
        with convert_memory_errors():
            original = load_picture(request.original, self._limits)
        prepared = self._scorer.prepare(original, _instruction(request), request.compat, metrics=_names(request))
        return SizedPrepared(prepared, original.pixels.nbytes)

    def _tell(self, job: Job, index: int, found: PictureOutcome) -> None:
        if isinstance(found, BaseException):
            job.fail(found)
            return
        self._note(found)
        job.add(replace(found, index=index))

    def _note(self, candidate: RankedCandidate) -> None:
        if candidate.score is not None:
            self._meter.note_score(candidate.score)


def _instruction(request: ScoringRequest) -> Request:
    """What was asked for. Raises InstructionError where nobody said."""
    if request.instruction is None:
        raise InstructionError("there is no instruction; say what was asked for, in English")
    return request.instruction


def _names(request: ScoringRequest) -> str | tuple[str, ...]:
    """The further metrics as `Scorer.score` has them."""
    return "all" if request.metrics == ("all",) else request.metrics


def _read(decoded: Future[LoadedPicture]) -> LoadedPicture | PictureOutcome:
    """A picture, why it cannot be read, or what else went wrong."""
    try:
        with convert_memory_errors():
            return decoded.result()
    except InputError as error:
        return RankedCandidate(0, None, str(error))
    except Exception as error:
        return error


def _score_pictures(prepared: Prepared, pictures: Sequence[LoadedPicture]) -> list[PictureOutcome]:
    """Together, as far as the models take them so; one by one where that fails, so that there is memory for each."""
    if not pictures:
        return []
    try:
        return list(prepared.scores(pictures))
    except Exception as error:
        return [error] if len(pictures) == 1 else [_score_alone(prepared, picture) for picture in pictures]


def _score_alone(prepared: Prepared, picture: LoadedPicture) -> PictureOutcome:
    try:
        return next(prepared.scores([picture]))
    except Exception as error:
        return error


def _rank_whole(prepared: Prepared, job: Job, pictures: EditedPictures) -> list[RankedCandidate]:
    """The candidates of a ranking, the best first."""
    request = job.request
    try:
        ranked = prepared.rank(pictures.read(), best=request.best, budget_ms=request.budget_ms)
    except InputError:
        if pictures.indices or not pictures.unread:
            raise
        ranked = []  # none can be read
    ranked = [replace(one, index=pictures.indices[one.index]) for one in ranked]
    if request.best is None:
        return best_first([*ranked, *pictures.unread])
    return [*ranked, *pictures.unread]
