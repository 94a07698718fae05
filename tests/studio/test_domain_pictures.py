"""The photographs of packages, and what the domain probe's training makes of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from studio.calibration import domain_pictures
from studio.renderer import everyday
from studio.renderer import photographs as foreign
from studio.renderer.photograph_sources import CUT_OUTS, DEBIAN, NPM, Source


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = everyday.cache_folder() / everyday.FOLDER
    folder.mkdir(parents=True)
    return folder


def noise(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def test_the_split_is_fixed_and_leaves_nothing_out(cache: Path) -> None:
    for index in range(60):
        (cache / f"some-package--picture-{index}.png").touch()
    kept, seen = everyday.everyday_photographs(held_out=True), everyday.everyday_photographs(held_out=False)
    assert not set(kept) & set(seen)
    assert sorted((*kept, *seen)) == everyday.everyday_photographs()
    assert 3 <= len(kept) <= 20
    # By the CRC-32 of the name, that of zip files, so that it is the same on every machine: 0x7ab691a6 and 0xe3bfc01c.
    assert [everyday.is_held_out(Path(f"{name}.png")) for name in ("a--2", "a--1")] == [True, False]
    assert {everyday.package_of(path) for path in kept} == {"some-package"}


def test_photographs_are_told_from_the_rest_by_their_paths() -> None:
    names = [source.package for source in (*NPM, *DEBIAN, CUT_OUTS)]
    assert len(names) == len(set(names))
    assert all("@" in source.package[1:] for source in NPM), "a package of npm without its version"
    assert not any("@" in source.package for source in DEBIAN)


def test_files_of_a_package(tmp_path: Path) -> None:
    for name, height, width in (
        ("a/img/one.jpg", 300, 900),
        ("a/img/tiny.jpg", 100, 900),
        ("src/img/two.jpg", 300, 300),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / name), noise(1, height, width))
    (tmp_path / "top.jpg").write_bytes(b"no picture" * 2000)
    source = Source("@scope/name@1.2.3", leave="/src/")
    found = list(everyday._read_files(source, tmp_path))
    assert [(name, image.shape) for name, image in found] == [("scope-name--a-img-one", (300, 900, 3))]


def test_the_same_photograph_in_two_sizes_is_one() -> None:
    picture, another = (cv2.resize(noise(seed, 8, 12), (600, 400), interpolation=cv2.INTER_CUBIC) for seed in (2, 3))
    smaller = cv2.resize(picture, (300, 200), interpolation=cv2.INTER_AREA)
    first, second, third = (everyday._glance(image) for image in (picture, smaller, another))
    assert first @ second > everyday.ALIKE > first @ third


def test_foreign_pictures(tmp_path: Path) -> None:
    """Photographs, parts of them, and objects laid before what scenes stand before: all of one kind of array."""
    cv2.imwrite(str(tmp_path / "photo.png"), noise(4, 120, 200))
    cut_out = np.dstack([noise(5, 60, 50), np.full((60, 50), 255, np.uint8)])
    cv2.imwrite(str(tmp_path / "object.png"), cut_out)
    photographs, objects = [tmp_path / "photo.png"], [tmp_path / "object.png"]
    rng = np.random.default_rng(6)
    for _ in range(60):
        picture = domain_pictures.drift(rng, foreign.draw_foreign(rng, photographs, objects))
        assert picture.dtype == np.uint8
        assert picture.ndim == 3
        assert picture.shape[2] == 3
        assert min(picture.shape[:2]) >= 30


def test_an_object_that_is_pasted_is_seen_and_nothing_else_changes() -> None:
    image = np.full((200, 300, 3), 128, np.uint8)
    cut_out = np.zeros((40, 40, 4), np.uint8)
    cut_out[10:30, 10:30] = 0, 255, 0, 255
    pasted = foreign._paste(np.random.default_rng(0), image, cut_out)
    green = (pasted[..., 1] > 250) & (pasted[..., 0] < 5)
    assert 50 < green.sum() < 0.55**2 * 200**2
    assert (pasted == 128).all(axis=2).sum() > 0.6 * 200 * 300
    assert (image == 128).all()
