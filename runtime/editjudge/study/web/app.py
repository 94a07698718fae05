"""The web application of a study: who rates, what is shown, and what is kept."""

from __future__ import annotations

import logging
import secrets
from functools import partial
from importlib.resources import files

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from editjudge.errors import InputError
from editjudge.server.http.access import check_origin, is_same_host
from editjudge.server.http.refusals import OriginError
from editjudge.server.http.static_files import serve_file
from editjudge.study.database import AnsweredError, StudyDatabase
from editjudge.study.pages import StudyPage
from editjudge.study.schema import StudyWriteError
from editjudge.study.web.forms import FormFields, read_answers, read_form, read_seconds
from editjudge.study.web.pictures import SHOWN, ZOOMED, StudyPictures
from editjudge.study.web.views import StudyViews
from editjudge.utils.text import shorten

LOG = logging.getLogger("editjudge.study")
COOKIE = "editjudge_study"
NOT_KEPT = "This could not be kept just now; send it again in a moment. What was kept before is safe."
SHOWN_AGAIN = "The pictures of this page can be shown now; answer its questions."
A_YEAR = 365 * 86_400
MOST_DIGITS = 9
"""Of the number of a page; Python refuses to read some thousands."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with none, browsers hide the origin of a form, by which it is told from others
    "Cache-Control": "no-store",
}
"""Nothing but the study's own files is loaded or run. No page is kept, as the next may differ."""
FILE_HEADERS = {**HEADERS, "Cache-Control": "no-cache"}


def build_study(database: StudyDatabase, pictures: StudyPictures, title: str | None = None) -> Starlette:
    """The application. title: what its pages are headed with."""
    site = StudySite(database, pictures, StudyViews(database.design, title, has_codes=database.has_codes))
    routes = [
        Route("/", site.show_start),
        Route("/enter", site.enter, methods=["POST"]),
        Route("/leave", site.leave, methods=["POST"]),
        Route("/instructions", site.show_instructions),
        Route("/next", site.go_on),
        Route("/end", site.show_end),
        Route("/pages/{number}", site.show_page),
        Route("/pages/{number}", site.answer_page, methods=["POST"]),
        Route("/pictures/{token}", site.send_picture),
        Route("/health", tell_health),
        *[
            Route(f"/static/{name}", serve_file(name, content, FILE_HEADERS))
            for name, content in _read_static().items()
        ],
    ]
    handlers = {InputError: site.refuse, OriginError: site.refuse, HTTPException: site.refuse}
    return Starlette(routes=routes, exception_handlers=handlers)


class StudySite:
    """What the routes of a study share."""

    def __init__(self, database: StudyDatabase, pictures: StudyPictures, views: StudyViews) -> None:
        self._database = database
        self._pictures = pictures
        self._views = views

    async def show_start(self, request: Request) -> Response:
        return self._page("start", is_entered=await self._find_rater(request) is not None, message=None, code="")

    async def enter(self, request: Request) -> Response:
        """A rater says who he is, and gets a cookie by which he is known from then on."""
        self._check_origin(request)
        code = (await read_form(request)).get("code", "").strip()
        token = secrets.token_urlsafe(32)
        try:
            rater = await to_thread.run_sync(self._database.join, code)
        except StudyWriteError:
            raise
        except InputError as error:
            return self._page("start", 400, is_entered=False, message=str(error), code=code)
        await to_thread.run_sync(self._database.keep_session, token, rater)
        answer = _redirect("/instructions")
        answer.set_cookie(COOKIE, token, max_age=A_YEAR, httponly=True, samesite="strict")
        return answer

    async def leave(self, request: Request) -> Response:
        self._check_origin(request)
        answer = _redirect("/")
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    async def show_instructions(self, request: Request) -> Response:
        rater = await self._find_rater(request)
        if rater is None:
            return _redirect("/")
        answered, total = await to_thread.run_sync(self._database.progress, rater)
        return self._page("instructions", answered=answered, total=total)

    async def go_on(self, request: Request) -> Response:
        """To the first page that is not answered."""
        rater = await self._find_rater(request)
        if rater is None:
            return _redirect("/")
        number = await to_thread.run_sync(self._database.next_page, rater)
        return _redirect("/end" if number is None else f"/pages/{number}")

    async def show_end(self, request: Request) -> Response:
        rater = await self._find_rater(request)
        if rater is None:
            return _redirect("/")
        answered, total = await to_thread.run_sync(self._database.progress, rater)
        following = await to_thread.run_sync(self._database.next_page, rater)
        last = total if following is None else following - 1  # that is known to be answered
        return self._page("end", answered=answered, total=total, is_done=following is None, last=last)

    async def show_page(self, request: Request) -> Response:
        rater = await self._find_rater(request)
        if rater is None:
            return _redirect("/")
        number = self._number(request)
        return await to_thread.run_sync(partial(self._show_page, rater, number))

    async def answer_page(self, request: Request) -> Response:
        """Keeps what was answered, and goes on once it is on the disk."""
        self._check_origin(request)
        rater = await self._find_rater(request)
        if rater is None:
            raise HTTPException(401, "you are not known here any more; enter your code again, nothing was lost")
        number, form = self._number(request), await read_form(request)
        return await to_thread.run_sync(partial(self._answer_page, rater, number, form))

    async def send_picture(self, request: Request) -> Response:
        if await self._find_rater(request) is None:
            raise HTTPException(401, "pictures are shown to who rates; enter your code")
        longest = ZOOMED if request.query_params.get("zoom") == "1" else SHOWN
        content = await to_thread.run_sync(self._pictures.encode, request.path_params["token"], longest)
        return Response(content, media_type="image/webp", headers={**HEADERS, "Cache-Control": "private, max-age=3600"})

    async def refuse(self, request: Request, error: Exception) -> Response:
        """One sentence, on a page."""
        if isinstance(error, HTTPException):
            status, message = error.status_code, str(error.detail)
        elif isinstance(error, OriginError):
            status, message = 403, str(error)
        elif isinstance(error, StudyWriteError):
            LOG.warning("%s", error)  # it names a file of this machine, which is nothing for raters
            status, message = 503, NOT_KEPT
        else:
            status, message = (404 if "/pictures/" in request.url.path else 400), str(error)
        return self._page("refusal", status, message=message)

    def _show_page(self, rater: int, number: int) -> Response:
        page = self._database.page(rater, number)
        if self._pictures.has_damaged(page.tokens):
            return self._show_damaged(rater, page)
        before = self._database.answered(rater, number)
        answered, _ = self._database.progress(rater)
        shown = self._views.show_page(page, answered, before or {}, revises=before is not None, is_skipped=before == {})
        return self._html(shown)

    def _answer_page(self, rater: int, number: int, form: FormFields) -> Response:
        database = self._database
        page, revises, skips = database.page(rater, number), form.get("revise") == "1", form.get("skip") == "1"
        is_damaged = self._pictures.has_damaged(page.tokens, reads_all=True)
        if is_damaged and not skips:
            return self._show_damaged(rater, page, 409)
        chosen = {} if skips else read_answers(form, database.design, page)
        try:
            if is_damaged:
                database.answer(rater, number, None)
            elif skips:
                raise InputError(SHOWN_AGAIN)
            else:
                database.answer(rater, number, chosen, read_seconds(form), revise=revises)
        except AnsweredError:
            message = "This page was answered before, as in another tab; that answer stays. Go on with the next one."
            return self._page("refusal", 409, message=message)
        except InputError as error:
            status, message = 400, str(error)
            if isinstance(error, StudyWriteError):
                LOG.warning("%s", error)
                status, message = 503, NOT_KEPT
            if is_damaged:
                return self._page("refusal", status, message=message)
            answered, _ = database.progress(rater)
            shown = self._views.show_page(page, answered, chosen, revises=revises, message=message)
            return self._html(shown, status)
        return _redirect("/next")

    def _show_damaged(self, rater: int, page: StudyPage, status: int = 200) -> Response:
        """In place of the questions on a page with a picture that cannot be read."""
        before = self._database.answered(rater, page.number)
        answered, _ = self._database.progress(rater)
        return self._page("damaged", status, page=page, answered=answered, before=before)

    async def _find_rater(self, request: Request) -> int | None:
        token = request.cookies.get(COOKIE)
        return None if token is None else await to_thread.run_sync(self._database.session_rater, token)

    def _number(self, request: Request) -> int:
        text: str = request.path_params["number"]
        is_number = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
        if not is_number or not 1 <= int(text) <= self._database.page_count:
            raise HTTPException(404, f"there is no page {shorten(text)}; they are 1 to {self._database.page_count}")
        return int(text)

    def _check_origin(self, request: Request) -> None:
        """Raises OriginError for a form of another site; where nobody is asked for a code of a list, also for a name
        that leads others to this machine."""
        if not self._database.has_codes:
            check_origin(request.headers)
            return
        origin = request.headers.get("origin")
        if origin is not None and not is_same_host(origin, request.headers.get("host", "")):
            raise OriginError("a page of another site sends this; open the study itself")

    def _page(self, template: str, status: int = 200, **values: object) -> Response:
        return self._html(self._views.show(template, **values), status)

    @staticmethod
    def _html(text: str, status: int = 200) -> Response:
        return HTMLResponse(text, status, headers=HEADERS)


async def tell_health(request: Request) -> Response:
    return Response("ok\n", media_type="text/plain", headers=HEADERS)


def _read_static() -> dict[str, bytes]:
    """Style, script and icon by name; the colours are those of the reports, the icon that of the service."""
    shared = files("editjudge.reports") / "templates" / "report.css", files("editjudge.server") / "page" / "icon.svg"
    return {entry.name: entry.read_bytes() for entry in (*(files("editjudge.study.web") / "static").iterdir(), *shared)}


def _redirect(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303, headers=HEADERS)
