"""The pages of a study as HTML."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from editjudge.study.design import StudyDesign, StudyKind
from editjudge.study.pages import StudyPage
from editjudge.study.web.forms import name_field

TITLES: dict[StudyKind, str] = {"rate": "Rate edits", "prefer": "Compare edits", "masks": "Rate masks"}
LABELS = {
    "rate": {1.0: "1", 2.0: "2", 3.0: "3", 4.0: "4", 5.0: "5"},
    "masks": {1.0: "1", 2.0: "2", 3.0: "3", 4.0: "4", 5.0: "5"},
    "prefer": {1.0: "Left", 0.0: "Equal", -1.0: "Right"},
}
"""What may be chosen, in the order in which it stands and in which the digits choose it."""
POINTS = ("very poor", "poor", "average", "good", "very good")


class StudyViews:
    """Fills the templates. May be shared by threads."""

    def __init__(self, design: StudyDesign, title: str | None, *, has_codes: bool) -> None:
        """title: what the pages are headed with; has_codes: whether a list says who may rate."""
        self._templates = Environment(
            loader=PackageLoader("editjudge.study.web", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {
            "title": title or TITLES[design.kind],
            "design": design,
            "has_codes": has_codes,
            "labels": LABELS[design.kind],
            "points": POINTS,
        }

    def show(self, template: str, **values: Any) -> str:
        """The page that a template makes."""
        return self._templates.get_template(f"{template}.html.j2").render(**values)

    def show_page(
        self,
        page: StudyPage,
        answered: int,
        chosen: Mapping[int, Mapping[str, float]],
        *,
        revises: bool,
        is_skipped: bool = False,
        message: str | None = None,
    ) -> str:
        """A page with its questions.

        Args:
            answered: Pages that the rater has answered.
            chosen: What is chosen already, by position and side.
            revises: Whether the page was answered before, and sending it replaces that.
            is_skipped: Whether that was without ratings, as the page could not be shown.
            message: What is wrong with what was sent.
        """
        return self.show(
            "page",
            page=page,
            answered=answered,
            chosen=chosen,
            revises=revises,
            is_skipped=is_skipped,
            message=message,
            field=name_field,
            opened=f"{time.time():.3f}",
        )
