"""Differences as a shared scorer gives them: to threads, in other processes, once it is closed, and of what is none."""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from editjudge import EditIntent, EditJudgeError, InputError, InstructionError, Scorer
from editjudge.bundles.bundle import Bundle
from editjudge.datasets.demo import load_demo
from editjudge.metrics.dice.difference import PictureDifferences

COLOR = EditIntent("color", "car", "blue car")
PICTURE = np.full((64, 96, 3), 90, np.uint8)
SPOTTED = PICTURE.copy()
SPOTTED[20:40, 30:60] = 220, 30, 30


@pytest.fixture(scope="module")
def scorer(studio: Bundle) -> Iterator[Scorer]:
    with Scorer.load(studio.folder, "cpu", 1, keep_answers=False) as one:
        yield one


@pytest.fixture(scope="module")
def demo() -> tuple[Path, list[Path]]:
    (color,) = (one for one in load_demo() if one.id == "color")
    return color.original, [candidate.file for candidate in color.candidates]


def test_threads_share_one(scorer: Scorer, demo: tuple[Path, list[Path]]) -> None:
    original, files = demo
    alone = [scorer.differences(original, edited, COLOR) for edited in files]
    with ThreadPoolExecutor(2) as pool:
        shared = list(pool.map(lambda edited: scorer.differences(original, edited, COLOR), files * 2))
    assert shared == alone * 2
    assert any(one.differences for one in alone)


def test_one_that_was_sent_elsewhere_says_the_same(scorer: Scorer, demo: tuple[Path, list[Path]]) -> None:
    original, files = demo
    with pickle.loads(pickle.dumps(scorer)) as sent:
        for request in (None, COLOR):
            assert sent.differences(original, files[1], request) == scorer.differences(original, files[1], request)


def test_what_it_found_can_be_sent_elsewhere(scorer: Scorer) -> None:
    found = scorer.differences(PICTURE, SPOTTED)
    sent: PictureDifferences = pickle.loads(pickle.dumps(found))
    assert sent == found
    assert np.array_equal(sent.evidence.labels, found.evidence.labels)


def test_it_is_the_list_of_a_score(scorer: Scorer, demo: tuple[Path, list[Path]]) -> None:
    original, files = demo
    found, score = scorer.differences(original, files[1], COLOR), scorer.score(original, files[1], COLOR)
    ranked = scorer.prepare(original, COLOR).rank(files)
    assert found.differences == score.differences
    assert (found.unasked_share, found.kind, found.alignment) == (score.unasked_share, score.kind, score.alignment)
    among = next(one.score for one in ranked if one.score is not None and one.index == 1)
    assert [(one.change, one.box, one.coherent) for one in among.differences] == [
        (one.change, one.box, one.coherent) for one in found.differences
    ]


def test_a_closed_one_is_refused(toy: Bundle) -> None:
    closed = Scorer.load(toy.folder, "cpu", 1)
    assert closed.differences(PICTURE, SPOTTED).differences
    closed.close()
    with pytest.raises(InputError, match="closed"):
        closed.differences(PICTURE, SPOTTED)


BAD = (5, b"", [1], "", np.zeros((4, 4), np.float32))
REFUSED = [(place, value) for place in ("original", "edited", "instruction") for value in BAD]
REFUSED += [(place, value) for place in ("original", "edited") for value in (None, "no such file.png")]


@pytest.mark.parametrize(("place", "value"), REFUSED)
def test_bad_arguments_are_refused_in_one_sentence(scorer: Scorer, place: str, value: object) -> None:
    given = {"original": PICTURE, "edited": SPOTTED, "instruction": COLOR, place: value}
    with pytest.raises(EditJudgeError) as raised:
        scorer.differences(**given)  # type: ignore[arg-type]
    assert isinstance(raised.value, InstructionError if place == "instruction" else InputError)
    assert re.fullmatch(r"[^\n]{10,400}", str(raised.value))


def test_any_kind_of_picture_will_do(scorer: Scorer, tmp_path: Path) -> None:
    path, stream = tmp_path / "edited.png", io.BytesIO()
    PIL.Image.fromarray(SPOTTED).save(path)
    PIL.Image.fromarray(SPOTTED).save(stream, "PNG")
    found = scorer.differences(PICTURE, SPOTTED)
    assert [one.change for one in found.differences] == ["ADD"]
    for edited in (path, str(path), stream.getvalue(), PIL.Image.fromarray(SPOTTED)):
        assert scorer.differences(PIL.Image.fromarray(PICTURE), edited) == found


@pytest.mark.parametrize("shape", [(8, 8, 3), (8, 40, 3), (64, 96, 3), (300, 20, 3)])
def test_pictures_of_any_shape(scorer: Scorer, shape: tuple[int, int, int]) -> None:
    black, white = np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8)
    for original, edited in ((black, white), (black, black), (PICTURE, black), (black, PICTURE)):
        found = scorer.differences(original, edited, COLOR)
        assert (found.differences == ()) == (found.evidence.labels.max(initial=0) == 0)
        height, width = original.shape[:2]
        for one in found.differences:
            x0, y0, x1, y1 = one.box
            assert 0 <= x0 < x1 <= width
            assert 0 <= y0 < y1 <= height
            assert 0 < one.share <= 1
