"""That colours were converted is told of a score, on whichever side and by whichever way the pictures come."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from editjudge import ImageError
from editjudge.cli.main import run
from editjudge.datasets.cells import read_picture
from editjudge.image.decode import load_image, load_picture
from editjudge.image.decoding.made_profile import P3, SRGB_CURVE, make_profile
from editjudge.types import EditIntent
from support.refused_files import WORDLESS
from support.toy_world import COLOR, draw, scorer

FLAG = "profile_converted"
PLAIN = draw(("red", "car", 60, 60), ("green", "tower", 150, 140))


def tagged(picture: np.ndarray) -> bytes:
    """A PNG of these levels that says that they are Display P3's."""
    stream = io.BytesIO()
    PIL.Image.fromarray(picture).save(stream, "PNG", icc_profile=make_profile(P3, SRGB_CURVE))
    return stream.getvalue()


def untagged(picture: np.ndarray) -> bytes:
    stream = io.BytesIO()
    PIL.Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("original", "edited", "expected"),
    [
        (untagged(PLAIN), untagged(PLAIN), False),
        (tagged(PLAIN), untagged(PLAIN), True),
        (untagged(PLAIN), tagged(PLAIN), True),
        (tagged(PLAIN), tagged(PLAIN), True),
    ],
    ids=["neither", "original", "edited", "both"],
)
def test_on_either_side(original: bytes, edited: bytes, expected: bool) -> None:
    toy_scorer = scorer()
    prepared = toy_scorer.prepare(original, COLOR)
    scores = [
        toy_scorer.score(original, edited, COLOR),
        toy_scorer.score(load_picture(original), load_picture(edited), COLOR),
        prepared.score(edited),
        *(ranked.score for ranked in prepared.rank([edited, load_picture(edited)])),
    ]
    assert [FLAG in score.flags for score in scores] == [expected] * 5
    assert [FLAG in score.to_dict()["flags"] for score in scores] == [expected] * 5


def test_pixels_alone_say_nothing_of_it() -> None:
    assert FLAG not in scorer().score(load_image(tagged(PLAIN)), PLAIN, COLOR).flags


@pytest.mark.parametrize("compat", [None, "paper", "released"])
def test_of_every_part_and_by_all_rules(compat: str | None) -> None:
    score = scorer().score(tagged(PLAIN), PLAIN, EditIntent("remove", "car", None), compat)
    assert score.flags.count(FLAG) == 1


def test_the_command_line_tells_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "original.png").write_bytes(untagged(PLAIN))
    (tmp_path / "edited.png").write_bytes(tagged(PLAIN))
    paths = [str(tmp_path / "original.png"), str(tmp_path / "edited.png")]
    assert run(["score", *paths, WORDLESS, "--device", "cpu", "--json"]) == 0
    assert FLAG in json.loads(capsys.readouterr().out)["flags"]
    assert run(["rank", paths[0], WORDLESS, paths[1], "--device", "cpu", "--json"]) == 0
    (ranked,) = json.loads(capsys.readouterr().out)["ranking"]
    assert FLAG in ranked["score"]["flags"]


def test_a_cell_of_a_data_set_may_be_an_address(tmp_path: Path) -> None:
    assert read_picture("a.png", tmp_path) == tmp_path / "a.png"
    for address in ("https://127.0.0.1/a.png", "data:;base64,AAAA", "file:///a.png"):
        assert read_picture(address, tmp_path) == address
    coded = "iVBORw0KGgo" + 400 * "A"  # was a path, with a name that is too long
    with pytest.raises(ImageError, match=r"in base64 and no path; .*put 'data:;base64,' before it"):
        load_image(read_picture(coded, tmp_path))
