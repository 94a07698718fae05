"""The report: whole, self-contained, and safe to open whatever the instruction holds."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from editjudge.guidance import encode_png, union_mask
from editjudge.metrics import EditScore, MetricResult
from editjudge.metrics.bpm.score import Part, RegionScore, SemanticScore
from editjudge.metrics.flags import explain_flag
from editjudge.reports.candidates import Candidate, RankedEdit
from editjudge.reports.html import render_html
from editjudge.types import EditIntent, FoundBox, Placement
from support import toy_world

HOSTILE = "Make it <script>alert(1)</script> \"onload='x' {{ 7 * 7 }} {% raw %} &lt; \x1b[31m\x00 \u202egnp.exe"


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
    return render_html([RankedEdit(instruction, (Candidate("edited.png", score),))])


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
        boxes = (FoundBox(HOSTILE, (1.0, 2.0, 3.0, 4.0), 0.5),)
        intent = EditIntent("color", HOSTILE, HOSTILE, HOSTILE)
        candidate = replace(
            candidate, score=replace(score, regions={"original": boxes, "edited": boxes}, intent=intent)
        )
    elif where == "explanation":
        candidate = replace(candidate, score=replace(score, explanation=HOSTILE))
    elif where == "error":
        candidate = Candidate("edited.png", None, error=HOSTILE)
    else:
        candidate = replace(candidate, **{where: HOSTILE})
    html = render_html([RankedEdit(instruction, (candidate,))], title)
    assert "script" not in {tag for tag, _ in Elements(html).seen}
    assert "&lt;script&gt;alert(1)" in html
    assert "{{ 7 * 7 }}" in html
    assert not set("\x1b\x00\u202e") & set(html)


def test_where_the_models_ran_is_in_the_footer(score: EditScore) -> None:
    assert "The models ran on" not in page(score)
    models = {
        "detector": Placement("cuda", "CUDAExecutionProvider"),
        "parser": Placement("cpu", "llama.cpp", reason="/home/me"),
    }
    html = page(replace(score, models={"clip_text": models["detector"], **models}))
    assert "The models ran on cuda; parser on cpu." in html
    assert "/home/me" not in html  # a report is handed on


def test_numbers_flags_and_times_are_shown(score: EditScore) -> None:
    html = page(score)
    for text in (
        "1.58",
        "0.50",
        "raw 0.210",
        "raw 0.985",
        explain_flag("resized"),
        "detect 20",
        "36 ms",
        "blue square",
    ):
        assert text in html


def metric_rows(html: str) -> list[list[str]]:
    """The cells of each line of the other metrics."""
    table = re.search(r'<table class="metrics">(.*?)</table>', html, re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", table[1], re.DOTALL) if table else []
    return [re.findall(r"<t[hd][^>]*>(?:<span[^>]*>)?([^<]*)", row) for row in rows]


def test_the_other_metrics_that_were_asked_for_are_listed(score: EditScore) -> None:
    values = {"psnr": math.inf, "l2": 0.0625, "clip_t": None}
    html = page(replace(score, metrics={name: MetricResult(value) for name, value in values.items()}))
    assert Elements(html)
    assert html.count("Other metrics") == 1
    assert sorted(metric_rows(html)) == [
        ["CLIPScore (CLIP-T)", "n/a", "higher is better"],
        ["L2", "0.062", "lower is better"],
        ["PSNR", "inf", "higher is better"],
    ]
    assert "0 to 1: how far the pixels lie apart, on average" in html  # what it means


def test_without_other_metrics_none_is_listed(score: EditScore) -> None:
    html = page(score)
    assert "Other metrics" not in html
    assert metric_rows(html) == []


def test_metrics_of_a_scorer_reach_the_report() -> None:
    edited = toy_world.draw(("blue", "car", 60, 60))
    scored = toy_world.scorer().score(
        toy_world.draw(("red", "car", 60, 60)), edited, toy_world.COLOR, metrics=["clip_i", "l2"]
    )
    cells = {title: value for title, value, _ in metric_rows(page(scored))}
    assert cells == {
        "CLIP-I": f"{scored.metrics['clip_i'].value:.3f}",
        "L2": f"{scored.metrics['l2'].value:.3f}",
    }


def test_candidates_come_in_order_with_an_overview(score: EditScore) -> None:
    html = render_html(
        [
            RankedEdit(
                "One", (Candidate("a.png", score, "well done"), Candidate("b.png", None, error="b.png is empty")), "one"
            ),
            RankedEdit("Two", (Candidate("c.png", score),), "two"),
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
    assert [part.weight for part in score.parts] == pytest.approx([0.7, 0.7, 0.3, 0.3])
    assert sum(part.gain for part in score.parts) == pytest.approx(score.bpm)
    alone = replace(score, semantic=SemanticScore(1.0, 0.5, None, 0.1, None), region=RegionScore(None, None, None))
    assert alone.parts[0] == Part("modify", 0.5, 0.1, 2.0)
    assert [part.gain for part in alone.parts] == [1.0, 0.0, 0.0, 0.0]


def test_changed_share(score: EditScore) -> None:
    assert score.evidence.changed_share(whole=False) == pytest.approx(30 / (40 * 60 - 400))
    assert score.evidence.changed_share(whole=True) == pytest.approx(430 / 2400)
    full = replace(score.evidence, original_mask=np.ones((40, 60), bool))
    assert full.changed_share(whole=False) is None
    assert "Change outside" in page(replace(score, evidence=full))


def test_mask_has_the_size_of_the_original(score: EditScore) -> None:
    mask = union_mask(score)
    assert mask.shape == (80, 120)
    assert set(np.unique(mask)) == {0, 255}
    assert (mask > 0).sum() == pytest.approx(1600, rel=0.05)
    decoded = cv2.imdecode(np.frombuffer(encode_png(mask), np.uint8), cv2.IMREAD_UNCHANGED)
    assert (decoded == mask).all()
    assert union_mask(replace(score, evidence=replace(score.evidence, original_size=None))).shape == (40, 60)
