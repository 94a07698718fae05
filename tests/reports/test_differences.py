"""Differences in words, in a terminal and on pages: what is said of them, and where they are drawn."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from rich.console import Console

from editjudge.image.canvas import Content
from editjudge.metrics import EditScore
from editjudge.metrics.dice.difference import Difference, DifferenceEvidence, PictureDifferences
from editjudge.reports.candidates import Candidate, RankedEdit
from editjudge.reports.differences import (
    describe_count,
    describe_place,
    describe_share,
    describe_unasked,
    explain_difference,
    summarise,
    worst_first,
)
from editjudge.reports.html import render_differences_page, render_html
from editjudge.reports.terminal import render_score
from editjudge.reports.terminal_differences import MOST, render_differences
from editjudge.reports.terminal_ranking import render_ranking
from editjudge.types import Drift
from support.scores import STILL

HOSTILE = "<script>alert(1)</script> \"onload='x' {{ 7 * 7 }} \x1b[31m\x00 \u202egnp.exe [bold]"
WIDTH, HEIGHT = 120, 80
"""Of the original, in pixels; it is shown at half of that."""


def difference(**fields: object) -> Difference:
    given: dict[str, object] = {
        "change": "EDIT", "element": None, "box": (0.0, 0.0, 30.0, 20.0), "share": 0.0625, "confidence": 0.9,
        "coherent": None, "coherence": None, "rationale": "",
    }  # fmt: skip
    return Difference(**{**given, **fields})  # type: ignore[arg-type]


@pytest.fixture
def found() -> PictureDifferences:
    """A dog that moved as was asked, a table that turned red as was not, and a spot of which that cannot be told."""
    differences = (
        difference(change="REMOVE", element="dog", coherent=True, coherence=0.93, partner=1, rationale="It left."),
        difference(change="ADD", element="dog", box=(90.0, 0.0, 120.0, 20.0), coherent=True, coherence=0.91, partner=0),
        difference(element="table", box=(50.0, 30.0, 70.0, 50.0), coherent=False, coherence=0.04, rationale="Far off."),
        difference(change="ADD", box=(0.0, 70.0, 6.0, 80.0), share=0.0004, confidence=0.31),
    )
    labels = np.zeros((HEIGHT // 2, WIDTH // 2), np.uint8)
    for label, one in enumerate(differences, 1):
        x0, y0, x1, y1 = (round(value / 2) for value in one.box)
        labels[y0:y1, x0:x1] = label
    picture = np.full((HEIGHT // 2, WIDTH // 2, 3), 90, np.uint8)
    evidence = DifferenceEvidence(picture, picture, labels, Content.whole(HEIGHT, WIDTH))
    return PictureDifferences(
        kind="edit", alignment=Drift((2.0, 0.0), 1.0, STILL.gain, STILL.offset), changed_share=0.17,
        differences=differences, left_out=168, unasked_share=0.34, flags=("shifted",), bundle="studio",
        version="0.1.0", timings_ms={"total": 21.4}, evidence=evidence,
    )  # fmt: skip


def nothing(found: PictureDifferences, kind: str) -> PictureDifferences:
    labels = np.zeros_like(found.evidence.labels)
    return replace(
        found,
        kind=kind,
        differences=(),
        left_out=0,
        unasked_share=None,
        evidence=replace(found.evidence, labels=labels),
    )


def with_differences(score: EditScore, found: PictureDifferences) -> EditScore:
    return replace(score, differences=found.differences, unasked_share=found.unasked_share)


def shown(found: PictureDifferences | EditScore | RankedEdit, columns: int = 120, instruction: str | None = "x") -> str:
    console = Console(width=columns, file=io.StringIO(), markup=False, highlight=False, emoji=False)
    if isinstance(found, PictureDifferences):
        console.print(render_differences(console, instruction, found))
    elif isinstance(found, EditScore):
        console.print(render_score(console, "x", found))
    else:
        console.print(render_ranking(console, found))
    printed = console.file.getvalue()
    assert max(map(len, printed.splitlines())) <= columns
    assert not {"\x1b", "\x00"} & set(printed)
    return printed


def words(printed: str) -> str:
    return " ".join(re.sub("[│╭╮╰╯─]", " ", printed).split())


class Page(HTMLParser):
    """The elements of a page with their attributes, and its text; raises where one is closed that was not open."""

    VOID = ("meta", "img", "input", "path")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
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

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text += f"{data} "

    def classes(self, name: str) -> list[set[str]]:
        """Those of all elements that have one of them."""
        every = [set((attributes.get("class") or "").split()) for _, attributes in self.seen]
        return [one for one in every if name in one]


@pytest.mark.parametrize(
    ("box", "place"),
    [
        ((0, 0, 30, 20), "top left"),
        ((50, 30, 70, 50), "middle"),
        ((50, 0, 70, 10), "top"),
        ((100, 35, 120, 45), "right"),
        ((0, 60, 120, 80), "across the bottom"),
        ((0, 30, 110, 50), "across the middle"),
        ((5, 2, 25, 78), "down the left"),
        ((2, 1, 118, 79), "whole picture"),
        ((30, 20, 90, 60), "middle"),
    ],
)
def test_a_place_in_words(box: tuple[int, ...], place: str) -> None:
    corners = tuple(map(float, box))
    assert describe_place(corners, Content.whole(HEIGHT, WIDTH)) == place  # type: ignore[arg-type]


def test_a_place_is_told_within_the_border_of_a_picture_and_not_where_its_size_is_unknown() -> None:
    """At the left of all that was handed in, and in the middle of what is inside its border."""
    box = (40.0, 35.0, 44.0, 45.0)
    assert describe_place(box, Content.whole(80, 120)) == "middle"
    assert describe_place(box, Content((38, 0, 120, 80), 80, 120)) == "left"
    assert describe_place(box, Content.whole(0, 0)) == ""


def test_a_share_in_words() -> None:
    assert [describe_share(share) for share in (0.0, 0.0004, 0.001, 0.17, 1.0)] == [
        "0.0 %", "<0.1 %", "0.1 %", "17.0 %", "100.0 %",
    ]  # fmt: skip


def test_what_happened_in_a_sentence(found: PictureDifferences) -> None:
    assert summarise(found) == "172 differences, of which the 4 strongest are listed: 17.0 % of the picture changed."
    alone = replace(found, differences=found.differences[:1], left_out=0)
    assert summarise(alone) == "1 difference: 17.0 % of the picture changed."
    assert summarise(replace(alone, kind="noise")) == "1 difference, besides noise: 17.0 % of the picture changed."
    told = [summarise(nothing(found, kind)) for kind in ("edit", "unchanged", "noise", "other_picture")]
    for sentence, word in zip(told, ("no place stands out", "the same", "Noise", "little in common"), strict=True):
        assert word in sentence
        assert sentence.endswith(".")


def test_what_was_not_asked_for_in_a_sentence(found: PictureDifferences) -> None:
    assert describe_unasked(found) == (
        "34 % of the change of which it can be told was not asked for; the worst is 3: EDIT of table (middle)."
    )
    assert describe_unasked(replace(found, unasked_share=None)) is None
    asked = replace(found, differences=found.differences[:2], unasked_share=0.0)
    assert describe_unasked(asked) == "All that changed was asked for."
    untold = replace(asked, differences=(asked.differences[0], found.differences[3]))
    assert (
        describe_unasked(untold) == "0 % of the change of which it can be told was not asked for."
    )  # of one it cannot be told
    assert describe_count(found) == "4, 34 % unasked"
    assert describe_count(replace(found, unasked_share=None)) == "4"
    assert describe_count(nothing(found, "unchanged")) == "0"


def test_a_move_is_told_of_both_halves(found: PictureDifferences) -> None:
    assert [explain_difference(one) for one in found.differences] == [
        "Moved to 2. It left.", "Moved from 1.", "Far off.", "",
    ]  # fmt: skip


def test_the_worst_comes_first_and_the_others_stay_in_order(found: PictureDifferences) -> None:
    assert [index for index, _ in worst_first(found.differences)] == [2, 0, 1, 3]
    assert [index for index, _ in worst_first(found.differences[:2])] == [0, 1]


def test_in_a_wide_terminal_a_line_each_under_their_names(found: PictureDifferences) -> None:
    lines = shown(found, 100).splitlines()
    assert lines[0].startswith("172 differences")
    assert lines[1].strip() == "put back before comparing: shifted by 2.0 px right"
    head = next(number for number, line in enumerate(lines) if "confidence" in line)
    assert lines[head].split() == ["change", "what", "where", "box", "share", "confidence", "asked", "for"]
    first, why, second = (lines[head + number] for number in (1, 2, 3))
    assert first.split() == ["1", "REMOVE", "dog", "top", "left", "0,0,30,20", "6.2", "%", "0.90", "yes", "0.93"]
    assert why.strip() == "Moved to 2. It left."
    assert lines[head].index("where") == first.index("top left") == second.index("top right")
    told = words("\n".join(lines))
    assert "EDIT table middle 50,30,70,50 6.2 % 0.90 no 0.04 Far off." in told
    assert "<0.1 % 0.31 cannot be told" in told
    assert told.endswith("and 168 weaker ones bundle studio, found by pixels · 21 ms")


@pytest.mark.parametrize("columns", [30, 40, 60])
def test_in_a_narrow_terminal_all_the_same(found: PictureDifferences, columns: int) -> None:
    told = words(shown(found, columns))
    assert "3 EDIT table middle 50,30,70,50 6.2 % confidence: 0.90 asked for: no 0.04 Far off." in told
    assert "and 168 weaker ones" in told


def test_without_an_instruction_nothing_is_said_to_be_asked_for(found: PictureDifferences) -> None:
    differences = tuple(replace(one, coherent=None, coherence=None, rationale="") for one in found.differences)
    silent = replace(found, differences=differences, unasked_share=None)
    told = words(shown(silent, instruction=None))
    assert "cannot be told" not in told
    assert "without an instruction it is not told whether they were asked for" in told
    page = Page(render_differences_page(silent, "edited.png"))
    assert "Without an instruction it is not told" in page.text
    assert "not known whether asked for" not in page.text
    assert "h2" not in {tag for tag, _ in page.seen}
    assert "not known whether asked for" in Page(render_differences_page(silent, "edited.png", "x")).text


def test_why_none_has_a_name_is_told(found: PictureDifferences) -> None:
    unnamed = replace(
        found,
        differences=tuple(replace(one, element=None) for one in found.differences),
        element_reason="this bundle knows no photographs",
    )
    assert "none is named: this bundle knows no photographs" in words(shown(unnamed))
    assert "  what  " not in shown(unnamed)
    assert "None is named: this bundle knows no photographs" in render_differences_page(unnamed, "edited.png", "x")


@pytest.mark.parametrize("kind", ["edit", "unchanged", "noise", "other_picture"])
def test_where_there_is_none_a_sentence_says_why(found: PictureDifferences, kind: str) -> None:
    empty = nothing(found, kind)
    assert summarise(empty) in words(shown(empty))
    assert "change " not in shown(empty).splitlines()[2:]
    page = Page(render_differences_page(empty, "edited.png", "x"))
    assert summarise(empty) in page.text
    assert page.classes("mark") == page.classes("difference") == []
    assert not [1 for tag, attributes in page.seen if tag == "input" and attributes.get("id") != "overlays"]


def test_a_score_lists_the_worst_first_and_no_more_than_a_few(score: EditScore, found: PictureDifferences) -> None:
    told = words(shown(with_differences(score, found), 100))
    assert "of the picture, 34 % of it not asked for 3 EDIT table, middle, 6.2 %: not asked for 1 REMOVE dog" in told
    assert "4 ADD, bottom left, <0.1 % " in told  # of which it cannot be told
    assert " more " not in told
    many = replace(found, differences=tuple(difference(box=(i, i, i + 9, i + 9)) for i in range(MOST + 3)))
    assert "and 3 more" in words(shown(with_differences(score, many)))
    assert "changed: " not in words(shown(score))


def test_a_ranking_counts_them_where_there_is_room(score: EditScore, found: PictureDifferences) -> None:
    edit = RankedEdit("x", (Candidate("a.png", with_differences(score, found)), Candidate("b.png", None)))
    assert "4, 34 % unasked" in shown(edit, 140)
    assert "unasked" not in shown(edit, 120)
    slim = replace(edit, candidates=(Candidate("a.png", with_differences(score, found).without_evidence()),))
    assert "4, 34 % unasked" in shown(slim, 140)


def test_a_page_draws_each_in_the_colour_of_its_kind_and_lists_it(found: PictureDifferences) -> None:
    html = render_differences_page(found, "edited.png", "Move the dog to the right.")
    page = Page(html)
    assert len(page.classes("difference")) == 4
    # Of each a box in both pictures, dashed where it does not lie, and an outline where it does.
    original, edited = (html.split('<figure class="picture ')[number] for number in (1, 2))
    boxes = r'<span class="overlay box mark (\w+) (d\d) (\w*)"'
    assert re.findall(boxes, original) == [
        ("remove", "d1", ""), ("add", "d2", "elsewhere"), ("edit", "d3", "elsewhere"), ("add", "d4", "elsewhere"),
    ]  # fmt: skip
    assert [where for _, _, where in re.findall(boxes, edited)] == ["elsewhere", "", "", ""]
    outlines = r'<path class="overlay mark (\w+ d\d)"'
    assert re.findall(outlines, original) == ["remove d1"]
    assert re.findall(outlines, edited) == ["add d2", "edit d3", "add d4"]
    # 50 of 120 pixels from the left, 30 of 80 from the top.
    assert 'd3 " style="left:41.67%;top:37.50%;width:16.67%;height:25.00%"' in edited
    for text in (
        "34 % of the change of which it can be told was not asked for; the worst is 3: EDIT of table (middle).",
        "shifted by 2.0 px",
        "Move the dog to the right.", "and 168 weaker ones", "Moved to 2. It left.", "edited.png",
    ):  # fmt: skip
        assert text in words(page.text)


def test_each_and_each_kind_can_be_switched_off(found: PictureDifferences) -> None:
    html = render_differences_page(found, "edited.png", "x")
    boxes = [attributes for tag, attributes in Page(html).seen if tag == "input"]
    assert [box.get("id") for box in boxes] == ["overlays", "show-add", "show-remove", "show-edit", *[None] * 4]
    assert all("checked" in box for box in boxes)
    for number in range(1, 5):
        assert f".differences:has(.n{number} input:not(:checked)) .d{number} {{ visibility: hidden; }}" in html
        assert f".differences:has(.n{number}:hover) .d{number}" in html
    assert ".n5" not in html
    for kind in ("add", "remove", "edit"):
        assert f"body:has(#show-{kind}:not(:checked)) .mark.{kind}" in html
    only = render_differences_page(replace(found, differences=found.differences[:1]), "edited.png", "x")
    assert "show-remove" in re.sub("<style>.*?</style>", "", only, flags=re.DOTALL)
    assert "show-add" not in re.sub("<style>.*?</style>", "", only, flags=re.DOTALL)


def test_a_score_has_its_differences_in_its_report(score: EditScore, found: PictureDifferences) -> None:
    """In the picture of what changed; in the other two while an entry is pointed at."""
    one, other = with_differences(score, found), replace(score, differences=found.differences[:1])
    html = render_html(
        [RankedEdit("x", (Candidate("a.png", one), Candidate("b.png", other), Candidate("c.png", score)))]
    )
    page = Page(html)
    cards = html.split("<article ")[1:]
    assert ['class="card differences"' in card for card in cards] == [True, True, False]
    for card, count in zip(cards, (4, 1, 0), strict=True):
        assert card.count('class="difference n') == count
        assert card.count("hinted") == 2 * count
        assert card.count("overlay box mark") == 3 * count
    assert '<details class="brief">' in cards[0]
    assert "4 differences: " in page.text
    assert ".n4" in html
    assert ".n5" not in html
    alone = render_html([RankedEdit("x", (Candidate("a.png", one),))])
    assert '<details class="brief" open>' in alone


@pytest.mark.parametrize("where", ["element", "rationale", "name", "instruction", "reason"])
def test_hostile_text_stays_text(found: PictureDifferences, score: EditScore, where: str) -> None:
    name, instruction = "edited.png", "x"
    if where in ("element", "rationale"):
        found = replace(found, differences=tuple(replace(one, **{where: HOSTILE}) for one in found.differences))
    elif where == "reason":
        found = replace(found, element_reason=HOSTILE)
    name, instruction = (HOSTILE if where == field else text for field, text in (("name", name), ("instruction", "x")))
    pages = [render_differences_page(found, name, instruction)]
    if where in ("element", "rationale"):
        pages.append(render_html([RankedEdit("x", (Candidate("a.png", with_differences(score, found)),))]))
    for html in pages:
        page = Page(html)
        assert "script" not in {tag for tag, _ in page.seen}
        assert not [key for _, attributes in page.seen for key in attributes if key.startswith("on")]
        assert "&lt;script&gt;alert(1)" in html
        assert "{{ 7 * 7 }}" in html
        assert not set("\x1b\x00\u202e") & set(html)
    told = words(shown(found))  # which looks for control characters
    assert ("alert(1)" in told) == (where in ("element", "rationale", "reason"))
    shown(with_differences(score, found))


def test_a_page_needs_nothing_from_outside(found: PictureDifferences) -> None:
    html = render_differences_page(found, "edited.png", "x")
    for tag, attributes in Page(html).seen:
        assert tag not in {"script", "link", "iframe", "object"}
        for name in ("src", "href"):
            if name in attributes:
                assert re.match("data:image/webp;base64,", attributes[name] or "")
    for outside in ("url(", "@import", "://"):
        assert outside not in html
    assert "default-src 'none'" in html


def test_of_a_score_no_less_changed_than_what_is_listed(score: EditScore) -> None:
    # 430 of 2,400 pixels differ, 17.9 %. A whole picture is listed as 100 %; two places of 12.5 and 10 % make 22.5 %.
    for shares, told in (((1.0,), "100.0 %"), ((0.125, 0.1), "22.5 %"), ((0.01,), "17.9 %"), ((0.8, 0.7), "100.0 %")):
        listed = replace(score, differences=tuple(difference(share=share) for share in shares))
        assert summarise(listed).endswith(f": {told} of the picture changed.")
        assert f"changed: {told} of the picture" in words(shown(listed))
