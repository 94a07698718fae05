"""The report: whole, self-contained, and safe to open whatever the instruction holds."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from editjudge import draw, flags
from editjudge.judged import Candidate, Judged, Part, parts, printable
from editjudge.mask import mask_png, union_mask
from editjudge.report import report_html
from editjudge.types import (
    EditIntent,
    EditScore,
    Evidence,
    FoundBox,
    Ran,
    RegionScore,
    SemanticScore,
)

HOSTILE = "Make it <script>alert(1)</script> \"onload='x' {{ 7 * 7 }} {% raw %} &lt; \x1b[31m\x00 \u202egnp.exe"


@pytest.fixture
def score() -> EditScore:
    """A square that turns from red to blue at the left, while a spot at the right changes that should not."""
    original = np.full((40, 60, 3), 200, np.uint8)
    mask = np.zeros((40, 60), bool)
    mask[10:30, 5:25] = True
    original[mask] = 220, 30, 30
    edited = original.copy()
    edited[mask] = 30, 30, 220
    edited[20:25, 50:56] = 0
    change = np.sqrt((((original.astype(np.float32) - edited) / 255) ** 2).mean(axis=2)).astype(np.float32)
    return EditScore(
        bpm=0.7 * 1.4 + 0.3 * 2.0,
        semantic=SemanticScore(1.4, 0.5, 0.9, 0.21, 0.985),
        region=RegionScore(2.0, 1.0, 1.0),
        confidence=0.9,
        flags=("resized",),
        explanation="The square turned blue.",
        intent=EditIntent("color", "square", "blue square"),
        regions={
            "original": (FoundBox("square", (10.0, 20.0, 50.0, 60.0), 0.9),),
            "edited": (FoundBox("blue square", (10.0, 20.0, 50.0, 60.0), 0.8),),
        },
        timings_ms={"parse": 0.0, "detect": 20.0, "segment": 10.0, "embed": 5.0, "judge": 1.0, "total": 36.5},
        bundle="studio 1",
        version="0.1.0",
        evidence=Evidence(original, edited, mask, mask, change, (80, 120)),
    )


class Elements(HTMLParser):
    """Every element with its attributes; raises where an element is closed that was not open."""

    VOID = ("meta", "img", "input", "path")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self._open.pop() == tag


def page(score: EditScore, instruction: str = "Make the square blue.") -> str:
    return report_html([Judged(instruction, (Candidate("edited.png", score),))])


def test_needs_nothing_from_outside(score: EditScore) -> None:
    html = page(score)
    elements = Elements(html).seen
    for tag, attributes in elements:
        assert tag not in {"script", "link", "iframe", "object"}
        for name in ("src", "href"):
            if name in attributes:
                assert re.match("data:image/webp;base64,|#", attributes[name] or "")
        assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in html
    assert "@import" not in html
    assert "://" not in html
    assert "default-src 'none'" in html


def test_every_picture_says_what_it_shows(score: EditScore) -> None:
    pictures = [attributes for tag, attributes in Elements(page(score)).seen if tag == "img"]
    assert len(pictures) == 3
    assert all(picture["alt"] for picture in pictures)
    assert pictures[0]["alt"] == "The original picture; found: square."


@pytest.mark.parametrize("where", ["instruction", "name", "quality", "error", "phrase", "explanation", "title"])
def test_hostile_text_stays_text(score: EditScore, where: str) -> None:
    instruction, title = "Make it blue", "Report"
    candidate = Candidate("edited.png", score, "well done")
    if where == "instruction":
        instruction = HOSTILE
    elif where == "title":
        title = HOSTILE
    elif where == "phrase":
        found = (FoundBox(HOSTILE, (1.0, 2.0, 3.0, 4.0), 0.5),)
        intent = EditIntent("color", HOSTILE, HOSTILE, HOSTILE)
        candidate = replace(
            candidate, score=replace(score, regions={"original": found, "edited": found}, intent=intent)
        )
    elif where == "explanation":
        candidate = replace(candidate, score=replace(score, explanation=HOSTILE))
    elif where == "error":
        candidate = Candidate("edited.png", None, error=HOSTILE)
    else:
        candidate = replace(candidate, **{where: HOSTILE})
    html = report_html([Judged(instruction, (candidate,))], title)
    assert "script" not in {tag for tag, _ in Elements(html).seen}
    assert "&lt;script&gt;alert(1)" in html
    assert "{{ 7 * 7 }}" in html
    assert not set("\x1b\x00\u202e") & set(html)


def test_where_the_models_ran_is_in_the_footer(score: EditScore) -> None:
    assert "The models ran on" not in page(score)
    models = {"detector": Ran("cuda", "CUDAExecutionProvider"), "parser": Ran("cpu", "llama.cpp", reason="/home/me")}
    html = page(replace(score, models={"clip_text": models["detector"], **models}))
    assert "The models ran on cuda; parser on cpu." in html
    assert "/home/me" not in html  # a report is handed on


def test_printable_marks_what_hides() -> None:
    assert printable("a\nb\x1b[1m\u202ec\ud800 é 漢") == "a\ufffdb\ufffd[1m\ufffdc\ufffd é 漢"


def test_numbers_flags_and_times_are_shown(score: EditScore) -> None:
    html = page(score)
    for text in (
        "1.58",
        "0.50",
        "raw 0.210",
        "raw 0.985",
        flags.meaning("resized"),
        "detect 20",
        "36 ms",
        "blue square",
    ):
        assert text in html


def test_candidates_come_in_order_with_an_overview(score: EditScore) -> None:
    html = report_html(
        [
            Judged(
                "One", (Candidate("a.png", score, "well done"), Candidate("b.png", None, error="b.png is empty")), "one"
            ),
            Judged("Two", (Candidate("c.png", score),), "two"),
        ]
    )
    elements = Elements(html).seen
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert ids == ["overlays", "one", "one-1", "one-2", "two", "two-1"]
    targets = {attributes["href"] for tag, attributes in elements if tag == "a"}
    assert targets == {"#one", "#two", "#one-1", "#one-2"}
    assert html.count("b.png is empty") == 2


def test_what_does_not_apply_is_said(score: EditScore) -> None:
    everything = replace(
        score,
        bpm=1.2,
        semantic=SemanticScore(1.2, 0.6, None, 0.2, None),
        region=RegionScore(None, None, None),
        intent=EditIntent("style", "all", "night"),
        regions={"original": (), "edited": ()},
        flags=("global",),
    )
    html = page(everything)
    assert html.count('<span class="none">n/a</span>') == 3
    assert "Change everywhere" in html
    assert "<path" not in html


def test_boxes_are_placed_in_per_cent_of_the_original(score: EditScore) -> None:
    # 10 of 120 pixels from the left, 20 of 80 from the top.
    assert "left:8.33%;top:25.00%;width:33.33%;height:50.00%" in page(score)


def test_parts_add_up_to_the_score(score: EditScore) -> None:
    assert [part.weight for part in parts(score)] == pytest.approx([0.7, 0.7, 0.3, 0.3])
    assert sum(part.gain for part in parts(score)) == pytest.approx(score.bpm)
    alone = replace(score, semantic=SemanticScore(1.0, 0.5, None, 0.1, None), region=RegionScore(None, None, None))
    assert parts(alone)[0] == Part("modify", 0.5, 0.1, 2.0)
    assert [part.gain for part in parts(alone)] == [1.0, 0.0, 0.0, 0.0]


def test_heat_map_glows_outside_and_is_hatched_inside(score: EditScore) -> None:
    heat = draw.heat_map(score.evidence, whole=False).astype(int)
    spot, quiet, inside = heat[22, 53], heat[5, 40], heat[10:30, 5:25]
    assert spot.max() - spot.min() > 80  # a hot colour
    assert quiet.max() - quiet.min() < 5  # gray
    assert (inside.max(axis=2) - inside.min(axis=2)).max() == 0
    everywhere = draw.heat_map(score.evidence, whole=True).astype(int)
    assert everywhere[20, 15].max() - everywhere[20, 15].min() > 80


def test_changed_share(score: EditScore) -> None:
    assert draw.changed_share(score.evidence, whole=False) == pytest.approx(30 / (40 * 60 - 400))
    assert draw.changed_share(score.evidence, whole=True) == pytest.approx(430 / 2400)
    full = replace(score.evidence, original_mask=np.ones((40, 60), bool))
    assert draw.changed_share(full, whole=False) is None
    assert "Change outside" in page(replace(score, evidence=full))


def test_outline_of_a_square_and_of_nothing(score: EditScore) -> None:
    assert draw.outline(score.evidence.original_mask) == "M5 10L5 29L24 29L24 10Z"
    assert draw.outline(np.zeros((4, 4), bool)) == ""


def test_data_uri_holds_the_picture(score: EditScore) -> None:
    kind, _, data = draw.data_uri(score.evidence.original, quality=100).partition(",")
    assert kind == "data:image/webp;base64"
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert np.abs(decoded.astype(int) - score.evidence.original)[15:25, 10:20].mean() < 8


def test_mask_has_the_size_of_the_original(score: EditScore) -> None:
    mask = union_mask(score)
    assert mask.shape == (80, 120)
    assert set(np.unique(mask)) == {0, 255}
    assert (mask > 0).sum() == pytest.approx(1600, rel=0.05)
    decoded = cv2.imdecode(np.frombuffer(mask_png(score), np.uint8), cv2.IMREAD_UNCHANGED)
    assert (decoded == mask).all()
    assert union_mask(replace(score, evidence=replace(score.evidence, original_size=None))).shape == (40, 60)
