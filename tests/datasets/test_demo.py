"""The demo's list and pictures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from editjudge.datasets.demo import DemoInput, load_demo, load_photographs
from editjudge.errors import BundleError
from editjudge.image import decode

LISTING = """
format = 1
[[input]]
id = "color"
instruction = "Make the car blue."
original = "o.webp"
[[input.candidate]]
file = "a.webp"
label = "well done"
[[input.candidate]]
file = "b.webp"
label = "nothing changed"
"""


MOST_BYTES = 2_500_000
"""Of the photographs in a wheel."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "demo.toml").write_text(LISTING, encoding="utf-8")
    for name in ("o.webp", "a.webp", "b.webp"):
        (tmp_path / name).touch()
    return tmp_path


def test_reads_a_list(folder: Path) -> None:
    (only,) = load_demo(folder)
    assert (only.id, only.instruction, only.original) == ("color", "Make the car blue.", folder / "o.webp")
    assert [(candidate.file.name, candidate.label) for candidate in only.candidates] == [
        ("a.webp", "well done"),
        ("b.webp", "nothing changed"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("format = 1", "format = 2", "has format 2; this editjudge reads 1"),
        ("format = 1", "", "malformed"),
        ('file = "a.webp"', "file = 3", "malformed"),
        ('id = "color"', 'id = "color', "malformed"),
        ('"a.webp"', '"c.webp"', r"picture .*c\.webp is missing"),
    ],
)
def test_says_what_is_wrong(folder: Path, old: str, new: str, message: str) -> None:
    (folder / "demo.toml").write_text(LISTING.replace(old, new), encoding="utf-8")
    with pytest.raises(BundleError, match=message):
        load_demo(folder)


def test_missing_list(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"demo\.toml is missing"):
        load_demo(tmp_path)


@pytest.mark.parametrize("inputs", [load_demo(), load_photographs()], ids=["scenes", "photographs"])
def test_packaged_inputs_are_whole(inputs: tuple[DemoInput, ...]) -> None:
    assert len(inputs) == 6
    assert len({demo.id for demo in inputs}) == 6
    for demo in inputs:
        assert re.fullmatch("[a-z-]+", demo.id)
        assert 3 <= len(demo.candidates) <= 5
        assert "well done" in {candidate.label for candidate in demo.candidates}
        shape = decode.load_image(demo.original).shape
        assert all(decode.load_image(candidate.file).shape == shape for candidate in demo.candidates)


def test_the_photographs_are_small_and_their_notices_name_every_edit() -> None:
    folder = load_photographs()[0].original.parent
    notice = (folder / "NOTICE.md").read_text(encoding="utf-8")
    assert sum(path.stat().st_size for path in folder.iterdir()) <= MOST_BYTES
    for demo in load_photographs():
        assert max(decode.load_image(demo.original).shape) <= 768
        assert f"`{demo.id}-*`" in notice
