"""Answers: JSON as the command line prints it, or the HTML report, as the client prefers."""

from __future__ import annotations

from starlette.responses import Response

from editjudge.errors import ImageError
from editjudge.metrics.dice.difference import PictureDifferences
from editjudge.metrics.registry import EditScore, parse_names
from editjudge.ranking import RankedCandidate
from editjudge.reports.candidates import Candidate, RankedEdit, name_candidates, ranking_to_dict
from editjudge.reports.differences import pair_to_dict
from editjudge.reports.html import render_differences_page, render_html
from editjudge.reports.metrics_table import list_left_out
from editjudge.rewards.local_judge import read_reward
from editjudge.server.engine.request import Answer
from editjudge.server.http.bodies.pictures import SentPicture
from editjudge.server.http.bodies.requested_edit import RequestedEdit, RouteTask
from editjudge.utils.json_safe import to_json

REPORT_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""A report is opened in a browser and holds what a client sent: nothing of it runs or is fetched."""
HTML, JSON = "text/html", "application/json"


def wants_html(accept: str | None) -> bool:
    """Whether a client names HTML, and prefers it to JSON."""
    weights = dict(map(_read_weight, (accept or "").split(",")))
    html = weights.get(HTML, 0.0)
    return html > 0 and html >= weights.get(JSON, 0.0)


def render_answer(task: RouteTask, asked: RequestedEdit, answer: Answer, as_html: bool) -> Response:
    """The answer to what was asked. Takes a moment: not for the thread of the event loop.

    Raises ImageError where the one edited picture cannot be read, InputError where none of several can.
    """
    if isinstance(answer, PictureDifferences):
        return _render_differences(asked, answer, as_html)
    if task == "rank":
        return _render_ranking(asked, answer, as_html)
    score = read_score(answer[0])
    if task == "reward":
        return json_response(read_reward(score).to_dict())
    if as_html:
        candidate = Candidate(_name(asked.edited[0]), score)
        return html_response(render_html([RankedEdit(asked.instruction or "", (candidate,))]))
    left_out = {}
    if asked.metrics is not None:
        left_out = {"metrics_left_out": list_left_out(score, parse_names(asked.metrics))}
    return json_response(score.to_dict() | left_out)


def read_score(candidate: RankedCandidate) -> EditScore:
    """The score of an edited picture. Raises ImageError where that could not be read."""
    if candidate.score is None:
        raise ImageError(candidate.error or candidate.left_out or "the edited picture could not be scored")
    return candidate.score


def json_response(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer in JSON."""
    return Response(to_json(content), status, headers, JSON)


def html_response(content: str) -> Response:
    """A report that a browser may show."""
    return Response(content, headers=REPORT_HEADERS, media_type=HTML)


def _render_differences(asked: RequestedEdit, found: PictureDifferences, as_html: bool) -> Response:
    edited = asked.edited[0]
    if as_html:
        return html_response(render_differences_page(found, _name(edited), asked.instruction))
    return json_response(pair_to_dict(found, asked.original.name, edited.name, asked.instruction))


def _render_ranking(asked: RequestedEdit, ranked: tuple[RankedCandidate, ...], as_html: bool) -> Response:
    instruction = asked.instruction or ""
    names = [_name(picture, index) for index, picture in enumerate(asked.edited, 1)]
    candidates = name_candidates(ranked, names)
    if as_html:
        return html_response(render_html([RankedEdit(instruction, candidates)]))
    return json_response(ranking_to_dict(instruction, ranked, [picture.name for picture in asked.edited]))


def _name(picture: SentPicture, number: int | None = None) -> str:
    """What a report calls an edited picture."""
    return picture.shown_name or ("edited picture" if number is None else f"edited picture {number}")


def _read_weight(entry: str) -> tuple[str, float]:
    """A kind that a client takes, and how much it likes it, 0 to 1."""
    kind, _, parameters = entry.partition(";")
    weight = 1.0
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                weight = float(value)
            except ValueError:
                weight = 0.0
    return kind.strip().lower(), weight
