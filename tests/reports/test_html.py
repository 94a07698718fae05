"""The report: whole, self-contained, and safe to open whatever the instruction holds."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from editjudge.image.canvas import Content
from editjudge.metrics import EditScore, MetricResult
from editjudge.metrics.bpm.score import PartScore, RegionScore, SemanticScore, SubScoreRow, Verdict
from editjudge.metrics.flags import explain_flag
from editjudge.reports.candidates import Candidate, RankedEdit
from editjudge.reports.html import render_html
from editjudge.types import Drift, EditIntent, FoundBox, Placement
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


@pytest.mark.parametrize(
    "where", ["instruction", "name", "quality", "error", "phrase", "explanation", "headline", "title"]
)
def test_hostile_text_stays_text(score: EditScore, where: str) -> None:
    instruction, title = "Make it blue", "Report"
    candidate = Candidate("edited.png", score, "well done")
    if where == "instruction":
        instruction = HOSTILE
    elif where == "title":
        title = HOSTILE
    elif where == "phrase":
        boxes = (FoundBox(HOSTILE, (1.0, 2.0, 3.0, 4.0), 0.5),)
        phrase = HOSTILE.replace("\x1b", "").replace("\x00", "")  # which an intent does not take
        intent = EditIntent("color", phrase, phrase, phrase)
        parts = (replace(score.parts[0], intent=intent),)
        regions = {"original": boxes, "edited": boxes}
        candidate = replace(candidate, score=replace(score, regions=regions, intent=intent, parts=parts))
    elif where in ("explanation", "headline"):
        candidate = replace(candidate, score=replace(score, **{where: HOSTILE}))
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
    semantic, region = SemanticScore(1.2, 0.6, None, 0.2, None), RegionScore(None, None, None)
    intent, nothing = EditIntent("style", "all", "night"), np.zeros((40, 60), bool)
    everything = replace(
        score,
        bpm=1.2,
        semantic=semantic,
        region=region,
        intent=intent,
        parts=(PartScore(intent, semantic, region),),
        regions={"original": (), "edited": ()},
        flags=("global",),
        evidence=replace(score.evidence, original_mask=nothing, edited_mask=nothing),
    )
    html = page(everything)
    assert html.count('<span class="none">n/a</span>') == 3
    assert "Change everywhere" in html
    assert "<path" not in html
    assert "found by this bundle" not in html


def test_the_headline_comes_first_and_is_not_said_twice(score: EditScore) -> None:
    html = page(score)
    card = html[html.index("<article") :]
    assert card.index("Accept: the square turned blue.") < card.index('<div class="pictures">')
    assert html.casefold().count("the square turned blue") == 1
    assert "Take this with care: the edited picture" in html


def test_the_verdict_and_what_the_pictures_show(score: EditScore) -> None:
    html = page(score)
    assert re.search(r'<span class="decision accept"[^>]*>accept</span>', html)
    assert "well done with a probability of 93 %; the pictures show an edit" in html
    drifted = replace(
        score,
        kind="unchanged",
        flags=("no_op", "shifted", "tone_changed"),
        alignment=Drift((2.0, -1.0), 1.0, (1.05,) * 3, (0.0,) * 3),
        verdict=Verdict("reject", 0.0),
        regions={**score.regions, "edited": ()},
    )
    html = page(drifted)
    assert "the pictures show no change" in html
    assert "shifted by 2.0 px right and 1.0 px up; 5 % brighter" in html
    assert "no object was looked for" in html
    assert html.count("<path") == 1  # nothing is drawn in a picture that the models did not look at
    assert "Put back before comparing" not in page(score)


@pytest.mark.parametrize("released", [False, True])
def test_no_bar_and_no_number_without_confidence(score: EditScore, unjudged: EditScore, released: bool) -> None:
    """As where the released code puts numbers in the place of what it did not measure."""
    html = page(replace(score, confidence=0.0) if released else unjudged)
    card = html[html.index("<article") :]
    assert 'class="bar' not in card
    assert 'class="slots' not in card
    assert "not measured" in card
    assert not re.search(
        r"\b[01]\.\d\d\b(?! of 2)", re.sub(r"<style.*?</style>|blue square 0.80|square 0.90", "", card)
    )
    if not released:
        assert "square: not found by this bundle" in card
        assert "Change everywhere" in card


def test_an_overview_of_what_was_judged_and_what_was_not(score: EditScore, unjudged: EditScore) -> None:
    candidates = (
        Candidate("a.png", score),
        Candidate("b.png", unjudged),
        Candidate("c.png", None, error="c.png is empty"),
    )
    html = render_html([RankedEdit("One", candidates, "one")])
    Elements(html)
    overview = html[html.index('<table class="overview">') : html.index("</table>")]
    rows = re.findall(r"<tr>.*?</tr>", overview, re.DOTALL)
    assert "Confidence" in rows[0]
    assert "Verdict" in rows[0]
    assert re.search(r'data-name="confidence">0.90.*accept</span> <small>0.93', rows[1], re.DOTALL)
    assert "not measured" in rows[2]
    assert "bar" not in rows[2]
    assert "Ordered by what the pictures themselves show, for want of a score: 2." in html
    assert html.index("<b>a.png:</b> Accept: the square turned blue.") < html.index('<table class="overview">')


def test_parts_of_a_compound_have_their_own_numbers(score: EditScore, compound: EditScore) -> None:
    html = page(compound)
    assert html.count('class="asked"') == 2
    first, second = html.split('class="asked"')[1:]
    assert "modify 0.50" in first
    assert "modify 0.00" in second
    assert "contrary" in second
    assert 'class="asked"' not in page(score)
    assert html.count('aria-label="Parsed intent"') == 2


def test_boxes_are_placed_in_per_cent_of_the_original(score: EditScore) -> None:
    # 10 of 120 pixels from the left, 20 of 80 from the top.
    assert "left:8.33%;top:25.00%;width:33.33%;height:50.00%" in page(score)


def test_boxes_are_placed_in_what_is_shown_of_the_original(score: EditScore) -> None:
    """Of an original with a border of 5 pixels on either side and 10 above and below, its inside is shown."""
    inside = replace(score, evidence=replace(score.evidence, content=Content((5, 10, 115, 70), 80, 120)))
    assert "left:4.55%;top:16.67%;width:36.36%;height:66.67%" in page(inside)


def test_what_each_part_adds_is_shown_where_it_adds_up(score: EditScore) -> None:
    assert [row.weight for row in score.sub_scores] == pytest.approx([0.7, 0.7, 0.3, 0.3])
    assert sum(row.gain for row in score.sub_scores) == pytest.approx(score.bpm)
    assert "What each part adds to the score" in page(score)
    assert "What each part adds to the score" not in page(replace(score, bpm=0.2))
    alone = replace(score, semantic=SemanticScore(1.0, 0.5, None, 0.1, None), region=RegionScore(None, None, None))
    assert alone.sub_scores[0] == SubScoreRow("modify", 0.5, 0.1, 2.0)
    assert [row.gain for row in alone.sub_scores] == [1.0, 0.0, 0.0, 0.0]


def test_changed_share(score: EditScore) -> None:
    assert score.evidence.changed_share(whole=False) == pytest.approx(30 / (40 * 60 - 400))
    assert score.evidence.changed_share(whole=True) == pytest.approx(430 / 2400)
    full = replace(score.evidence, original_mask=np.ones((40, 60), bool))
    assert full.changed_share(whole=False) is None
    assert "Change outside" in page(replace(score, evidence=full))
