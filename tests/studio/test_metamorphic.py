"""What editors do to pictures, and what does not matter, changes neither verdict nor order; all parts are real."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editjudge import Scorer
from editjudge.datasets.demo import DemoInput, load_demo
from editjudge.image.decode import load_image
from editjudge.metrics import EditScore
from editjudge.ranking import Prepared
from editjudge.types import EditIntent, Image
from studio.edits.drifts import DRIFTS, compress, crop, scale_levels, shift
from studio.edits.make_demo import SPECS

WELL = "well done"
MOVES_BY = 0.15
"""How far a score may move for what does not matter."""
ACCEPTABLE = 0.85
"""What nothing that was left unedited may score."""
MIRROR = {"left": "right", "right": "left"}
INTENTS = {spec.instruction: spec.intent for spec in SPECS}
EXAMPLES = settings(derandomize=True, deadline=None, max_examples=40, database=None)

Change = Callable[[Image], Image]


@dataclass(frozen=True)
class Demo:
    """An input of the demo, its pictures, and what its well done candidate scores as it is."""

    given: DemoInput
    intent: EditIntent
    original: Image
    well: Image
    prepared: Prepared
    bpm: float


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load("studio", device="cpu", threads=2)


@pytest.fixture(scope="module")
def demos(scorer: Scorer) -> dict[str, Demo]:
    return {one.id: open_demo(scorer, one) for one in load_demo()}


def open_demo(scorer: Scorer, one: DemoInput) -> Demo:
    intent, original = INTENTS[one.instruction], load_image(one.original)
    (well,) = (load_image(candidate.file) for candidate in one.candidates if candidate.label == WELL)
    prepared = scorer.prepare(original, intent)
    return Demo(one, intent, original, well, prepared, number(prepared.score(well)))


def number(score: EditScore) -> float:
    """The score's number, which all of these have: their pictures and words are the bundle's own."""
    assert score.bpm is not None, score.headline
    return score.bpm


@dataclass(frozen=True)
class Drawn:
    """A drift made of several, within what editors leave on pictures that they did not edit."""

    right: float
    down: float
    gain: float
    warmth: float
    gamma: float
    cropped: float
    quality: int

    def __call__(self, picture: Image) -> Image:
        picture = crop(picture, self.cropped) if self.cropped else picture
        matrix = np.array([[1, 0, self.right], [0, 1, self.down]], np.float32)
        if self.right or self.down:
            size = picture.shape[1], picture.shape[0]
            moved = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
            picture = np.asarray(moved, np.uint8)
        picture = scale_levels(picture, self.gain * self.warmth, self.gain, self.gain / self.warmth)
        picture = np.asarray(255 * (picture / 255.0) ** self.gamma + 0.5, np.uint8)
        return compress(picture, self.quality)


def number_or(nothing: float, low: float, high: float) -> st.SearchStrategy[float]:
    """Often that of nothing done, so that single drifts are drawn as well as several at once."""
    return st.just(nothing) | st.floats(low, high).map(lambda value: round(value, 3))


drawn_drifts = st.builds(
    Drawn,
    right=number_or(0.0, -2, 2),
    down=number_or(0.0, -2, 2),
    gain=number_or(1.0, 0.96, 1.10),
    warmth=number_or(1.0, 0.98, 1.04),
    gamma=number_or(1.0, 0.9, 1.1),
    cropped=number_or(0.0, 0.0, 0.02),
    quality=st.integers(60, 100),
)
names = st.sampled_from([one.id for one in load_demo()])


def check_unedited(demo: Demo, drift: Change) -> None:
    score = demo.prepared.score(drift(demo.original))
    assert score.kind == "unchanged"
    assert "no_op" in score.flags
    assert score.verdict.decision == "reject"
    assert number(score) < min(ACCEPTABLE, demo.bpm)


def check_well_done(demo: Demo, drift: Change) -> None:
    assert number(demo.prepared.score(drift(demo.well))) == pytest.approx(demo.bpm, abs=MOVES_BY)


@pytest.mark.parametrize("drift", DRIFTS)
def test_an_unedited_picture_is_known_whatever_its_drift(demos: dict[str, Demo], drift: str) -> None:
    for demo in demos.values():
        check_unedited(demo, DRIFTS[drift])


@EXAMPLES
@given(names, drawn_drifts)
def test_an_unedited_picture_is_known_under_several_drifts(demos: dict[str, Demo], name: str, drift: Drawn) -> None:
    check_unedited(demos[name], drift)


BENT = [
    ("color", Drawn(2, -0.441, gain=1.1, warmth=1.022, gamma=0.9, cropped=0.012, quality=60)),
    ("size", Drawn(2, -0.441, gain=1.1, warmth=1.022, gamma=0.9, cropped=0.012, quality=60)),
    ("size", Drawn(2, 1.757, gain=1.1, warmth=0.98, gamma=1.052, cropped=0.019, quality=80)),
    ("size", Drawn(2, -2, gain=1.1, warmth=1, gamma=1, cropped=0.02, quality=100)),
    ("size", Drawn(0.523, -0.197, gain=1.1, warmth=1, gamma=1.061, cropped=0.009, quality=65)),
    ("color", Drawn(2, 2, gain=1.025, warmth=1.04, gamma=1.1, cropped=0, quality=100)),
    ("remove", Drawn(0, -2, gain=1.1, warmth=1, gamma=1.1, cropped=0.003, quality=80)),
    ("color", Drawn(0, 0.282, gain=0.96, warmth=0.981, gamma=1, cropped=0.02, quality=60)),
    ("size", Drawn(-2, -1.438, gain=1, warmth=1.04, gamma=1.068, cropped=0.019, quality=80)),
    ("add", Drawn(-2, -0.711, gain=1.1, warmth=0.98, gamma=0.9, cropped=0, quality=61)),
]
"""Shifts and crops whose tone is no line, as highlights were clipped or a gamma was changed; found by drawing more."""


@pytest.mark.parametrize(("name", "drift"), BENT)
def test_a_tone_that_is_no_line_hides_no_shift(demos: dict[str, Demo], name: str, drift: Drawn) -> None:
    check_unedited(demos[name], drift)


@pytest.mark.parametrize("drift", DRIFTS)
def test_a_drift_moves_a_well_done_edit_little(demos: dict[str, Demo], drift: str) -> None:
    for demo in demos.values():
        check_well_done(demo, DRIFTS[drift])


@EXAMPLES
@given(names, drawn_drifts)
def test_several_drifts_move_a_well_done_edit_little(demos: dict[str, Demo], name: str, drift: Drawn) -> None:
    check_well_done(demos[name], drift)


@EXAMPLES
@given(names, drawn_drifts, st.integers(5, 25), st.randoms(use_true_random=False))
def test_the_edit_ranks_before_what_is_none(
    demos: dict[str, Demo], name: str, drift: Drawn, sigma: int, random: object
) -> None:
    demo = demos[name]
    noise = np.random.default_rng(random.getrandbits(32)).normal(0, sigma, demo.original.shape)  # type: ignore[attr-defined]
    others = [
        demo.original,
        drift(demo.original),
        np.clip(demo.original + noise + 0.5, 0, 255).astype(np.uint8),
        next(other.original for other in demos.values() if other is not demo),
    ]
    ranked = demo.prepared.rank([*others, demo.well])
    assert ranked[0].index == len(others)
    for one in ranked[1:]:
        assert one.score is not None
        assert one.score.kind != "edit"
        assert one.score.verdict.decision == "reject"


def mirrored(picture: Image) -> Image:
    return np.ascontiguousarray(picture[:, ::-1])


def doubled(picture: Image) -> Image:
    height, width = picture.shape[:2]
    return np.asarray(cv2.resize(picture, (2 * width, 2 * height), interpolation=cv2.INTER_CUBIC), np.uint8)


def framed(picture: Image, pixels: int, level: int) -> Image:
    sides = (pixels,) * 4
    return np.asarray(cv2.copyMakeBorder(picture, *sides, cv2.BORDER_CONSTANT, value=(level,) * 3), np.uint8)


def check_both(scorer: Scorer, demo: Demo, change: Change, intent: EditIntent | None = None) -> None:
    score = scorer.score(change(demo.original), change(demo.well), intent or demo.intent)
    assert number(score) == pytest.approx(demo.bpm, abs=MOVES_BY)
    assert score.kind == "edit"


@EXAMPLES
@given(names, st.integers(16, 48), st.sampled_from([0, 255]))
def test_a_border_round_both_is_left_out(
    scorer: Scorer, demos: dict[str, Demo], name: str, pixels: int, level: int
) -> None:
    check_both(scorer, demos[name], lambda picture: framed(picture, pixels, level))


def test_in_the_mirror_left_is_right(scorer: Scorer, demos: dict[str, Demo]) -> None:
    for demo in demos.values():
        turned = replace(demo.intent, position=MIRROR.get(demo.intent.position, demo.intent.position))
        check_both(scorer, demo, mirrored, turned)


ON_BOTH: dict[str, Change] = {
    "shifted by 3 px": lambda picture: shift(picture, 3),
    "shifted by 8 px": lambda picture: shift(picture, 8),
    "JPEG at 90": lambda picture: compress(picture, 90),
    "twice as large": doubled,
}


@pytest.mark.parametrize("change", ON_BOTH)
def test_what_befalls_both_pictures_does_not_matter(scorer: Scorer, demos: dict[str, Demo], change: str) -> None:
    for demo in demos.values():
        check_both(scorer, demo, ON_BOTH[change])


def test_quotes_round_an_instruction_ask_for_the_same(scorer: Scorer, demos: dict[str, Demo]) -> None:
    for demo in demos.values():
        for quoted in (f'"{demo.given.instruction}"', f"“{demo.given.instruction}”"):
            assert scorer.parse(quoted).intent == demo.intent
