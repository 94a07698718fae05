"""What each tool does: the command line's JSON of the same name, and a few lines of text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Any

from editjudge.errors import ImageError, InputError
from editjudge.image.decoding.read import LoadedPicture
from editjudge.ranking import Prepared, RankedCandidate, best_first
from editjudge.reports.candidates import name_candidates, ranking_to_dict
from editjudge.reports.differences import pair_to_dict
from editjudge.reports.metrics_table import list_left_out
from editjudge.scorer import Scorer
from editjudge.server.mcp.calls import PictureArgument, ToolCall, ToolName, read_call
from editjudge.server.mcp.folders import AllowedFolders
from editjudge.server.mcp.pictures import PictureReader
from editjudge.server.mcp.summaries import summarise_differences, summarise_ranking, summarise_score
from editjudge.server.options import RequestLimits
from editjudge.utils.json_safe import to_json
from editjudge.utils.oom import lacks_memory
from editjudge.utils.text import shorten


@dataclass(frozen=True)
class ToolAnswer:
    """What a tool says: as an object of JSON, and in words."""

    content: dict[str, Any]
    text: str


class ToolBox:
    """The tools, with one Scorer, which is opened with the first call that needs it. For one thread at a time.

    Args:
        open_scorer: Opens it. What it raises is raised by the call, and the next call tries again.
        folders: Where pictures may be read.
        limits: How large pictures may be, and how many may be ranked.
    """

    def __init__(self, open_scorer: Callable[[], Scorer], folders: AllowedFolders, limits: RequestLimits) -> None:
        self._open_scorer = open_scorer
        self._pictures = PictureReader(folders, limits)
        self._limits = limits

    def call(self, tool: ToolName, arguments: Mapping[str, Any], check: Callable[[], object]) -> ToolAnswer:
        """Calls a tool.

        Args:
            tool: Its name.
            arguments: What the client sent.
            check: Is called between the candidates of a ranking; what it raises ends the call.

        Raises EditJudgeError.
        """
        call = read_call(tool, arguments, self._limits)
        match tool:
            case "score":
                return self._score(call)
            case "rank":
                return self._rank(call, check)
            case "differences":
                return self._differences(call)

    @cached_property
    def _scorer(self) -> Scorer:
        return self._open_scorer()

    def _read(self, picture: PictureArgument) -> LoadedPicture:
        with _named(picture):
            return self._pictures.read(picture)

    def _score(self, call: ToolCall) -> ToolAnswer:
        original, edited = (self._read(one) for one in (call.original, *call.edited))
        metrics = "all" if call.metrics is None else call.metrics
        score = self._scorer.score(original, edited, call.instruction or "", metrics=metrics)
        left_out = {} if metrics == () else {"metrics_left_out": list_left_out(score, call.metrics)}
        return _answer(score.to_dict() | left_out, summarise_score(score))

    def _rank(self, call: ToolCall, check: Callable[[], object]) -> ToolAnswer:
        for picture in call.edited:
            with _named(picture):  # before the models: what may not be read is no candidate
                self._pictures.check(picture)
        original, instruction = self._read(call.original), call.instruction or ""
        prepared = self._scorer.prepare(original, instruction)
        ranked = []
        for index, picture in enumerate(call.edited):
            check()
            ranked.append(self._score_candidate(prepared, index, picture))
        ranked = best_first(ranked)
        words = summarise_ranking(name_candidates(ranked, list(map(_name, call.edited))))
        return _answer(ranking_to_dict(instruction, ranked, [picture.path for picture in call.edited]), words)

    def _score_candidate(self, prepared: Prepared, index: int, picture: PictureArgument) -> RankedCandidate:
        try:
            return RankedCandidate(index, prepared.score(self._pictures.read(picture)).without_evidence())
        except InputError as error:
            if lacks_memory(error):  # which says nothing of the candidate
                raise
            return RankedCandidate(index, None, str(error))

    def _differences(self, call: ToolCall) -> ToolAnswer:
        original, edited = (self._read(one) for one in (call.original, *call.edited))
        found = self._scorer.differences(original, edited, call.instruction)
        told = pair_to_dict(found, call.original.path, call.edited[0].path, call.instruction)
        return _answer(told, summarise_differences(found))


@contextmanager
def _named(picture: PictureArgument) -> Iterator[None]:
    """In the block, errors say which picture they are about."""
    try:
        yield
    except InputError as error:
        if lacks_memory(error):
            raise
        raise ImageError(f"{picture.name}: {error}") from error


def _answer(content: dict[str, Any], text: str) -> ToolAnswer:
    """As the command line prints it: no number that JSON has not, nothing of NumPy."""
    return ToolAnswer(json.loads(to_json(content)), text)


def _name(picture: PictureArgument) -> str:
    """What to call a candidate in words."""
    return picture.name if picture.path is None else f"{picture.name}, {shorten(PurePath(picture.path).name)}"
