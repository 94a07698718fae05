"""Pairs to train and measure differences on: labels are exact, and nothing held out is trained on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from editjudge.metrics.dice.difference import CHANGES, Corners
from studio.differences import composites, cut_outs, region_edits
from studio.differences.cut_outs import cut_out_files, photographs
from studio.differences.draw import HELD_OUT_COUNTS, ORIGINS, draw_pair, held_out_pairs
from studio.differences.ground_truth import find_scene_changes
from studio.differences.nuisances import NUISANCES, STAMP
from studio.differences.pair import LabelledPair, differing, tight_box
from studio.differences.regions import fill_hole
from studio.differences.scene_pairs import label_candidate
from studio.differences.write_shards import write_shard
from studio.edits.candidates import candidates
from studio.edits.damage import Flaw
from studio.edits.edit import EDIT_KINDS, EDIT_RULES, random_edit
from studio.renderer.backgrounds import Background
from studio.renderer.everyday import CUT_OUT_FOLDER, FOLDER
from studio.renderer.packages import cache_folder
from studio.renderer.placing import alone
from studio.renderer.scene import Item, Scene, _paint_sprite
from studio.renderer.sprites import sprite, sprites_at_hand
from studio.renderer.world import SPRITES

CANVAS = 160
FETCHED = all((cache_folder() / folder).is_dir() for folder in (FOLDER, CUT_OUT_FOLDER))

needs_sprites = pytest.mark.skipif(not sprites_at_hand(), reason="the sprites are not there: make sprites")
needs_photographs = pytest.mark.skipif(
    not FETCHED or not sprites_at_hand(), reason="the photographs are fetched by studio.renderer.everyday"
)
EMPTY = Scene(Background("gradient", 3), ())


@pytest.fixture
def squares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A book and a key are opaque squares: what is drawn of them is known to the pixel."""
    for name, colour in (("book", (0, 0, 255, 255)), ("key", (255, 255, 255, 255))):
        framed = np.zeros((162, 162, 4), np.uint8)
        framed[1:-1, 1:-1] = colour
        assert cv2.imwrite(str(tmp_path / f"{SPRITES[name]}.webp"), framed)
    caches = sprite, _paint_sprite, alone
    for cache in caches:
        cache.cache_clear()
    monkeypatch.setenv("EDITJUDGE_SPRITES", str(tmp_path))
    yield
    for cache in caches:
        cache.cache_clear()


def square(name: str, x: float, y: float, size: float = 0.25) -> Item:
    return Item(name, x, y, size)


def found(original: Scene, edited: Scene, asked: Scene | None = None) -> list[tuple[str, Corners, bool | None]]:
    changes = find_scene_changes(original, edited, CANVAS, asked)
    assert all(change.box == tight_box(change.mask) for change in changes)
    return [(change.change, change.box, change.coherent) for change in changes]


@pytest.mark.usefixtures("squares")
def test_the_boxes_of_squares_are_those_squares() -> None:
    book, key = square("book", 0.5, 0.5), square("key", 0.25, 0.25)
    here, both = replace(EMPTY, items=(book,)), replace(EMPTY, items=(book, key))
    middle, corner = (60.0, 60.0, 100.0, 100.0), (20.0, 20.0, 60.0, 60.0)
    assert found(EMPTY, here) == [("ADD", middle, None)]
    assert found(here, EMPTY) == [("REMOVE", middle, None)]
    assert found(here, both) == [("ADD", corner, None)]
    assert found(here, replace(EMPTY, items=(replace(key, x=0.5, y=0.5),))) == [("EDIT", middle, None)]
    assert found(here, replace(EMPTY, items=(replace(book, colour="blue"),))) == [("EDIT", middle, None)]
    larger = replace(EMPTY, items=(replace(book, size=0.5),))
    assert found(here, larger) == found(larger, here) == [("EDIT", (40.0, 40.0, 120.0, 120.0), None)]
    assert found(here, here) == []


@pytest.mark.usefixtures("squares")
def test_a_move_is_two_halves_with_one_answer() -> None:
    here = replace(EMPTY, items=(square("book", 0.25, 0.5),))
    there = replace(EMPTY, items=(square("book", 0.75, 0.5),))
    elsewhere = replace(EMPTY, items=(square("book", 0.25, 0.2),))
    for edited, coherent, place in ((there, True, (100, 60, 140, 100)), (elsewhere, False, (20, 12, 60, 52))):
        removed, added = find_scene_changes(here, edited, CANVAS, there)
        assert (removed.change, added.change) == ("REMOVE", "ADD")
        assert (removed.partner, added.partner) == (1, 0)
        assert removed.box == (20, 60, 60, 100)
        assert added.box == place
        assert removed.coherent is added.coherent is coherent


@pytest.mark.usefixtures("squares")
def test_what_is_asked_for_is_told_from_damage() -> None:
    book, key = square("book", 0.25, 0.5), square("key", 0.75, 0.5)
    original, asked = replace(EMPTY, items=(book, key)), replace(EMPTY, items=(replace(book, colour="blue"), key))
    left, right = (20.0, 60.0, 60.0, 100.0), (100.0, 60.0, 140.0, 100.0)
    assert found(original, asked, asked) == [("EDIT", left, True)]
    assert found(original, replace(asked, items=asked.items[:1]), asked) == [
        ("EDIT", left, True), ("REMOVE", right, False),
    ]  # fmt: skip
    other = replace(EMPTY, items=(replace(book, colour="green"), key))
    assert found(original, other, asked) == [("EDIT", left, False)]


def test_patches_and_styles_are_edits_and_grain_is_none() -> None:
    patch = Flaw("blacken", x=0.5, y=0.5, side=0.25)
    flaws = patch, Flaw("grain", 1, 30.0), Flaw("jpeg", strength=60)
    (change,) = find_scene_changes(EMPTY, EMPTY, CANVAS, EMPTY, flaws)
    assert (change.change, change.box, change.coherent) == ("EDIT", (60, 60, 100, 100), False)
    night = replace(EMPTY, style="night")
    for asked, coherent in ((night, True), (replace(EMPTY, style="sepia"), False), (None, None)):
        assert found(EMPTY, night, asked) == [("EDIT", (0, 0, CANVAS, CANVAS), coherent)]
    (overdone,) = find_scene_changes(EMPTY, night, CANVAS, night, (Flaw("overdone", strength=3),))
    assert overdone.coherent is False


@needs_sprites
@pytest.mark.parametrize("edit_type", EDIT_KINDS)
def test_of_each_quality_what_was_asked_for(edit_type: str) -> None:
    answers: dict[str, list[list[bool | None]]] = {}
    for seed in range(4):
        rng = np.random.default_rng([seed, 18])
        edit = random_edit(rng, EDIT_RULES, edit_type)
        for candidate in candidates(rng, edit, EDIT_RULES):
            if candidate.quality == "regenerated":
                with pytest.raises(ValueError, match="not known"):
                    label_candidate(edit, candidate, CANVAS)
                continue
            pair = label_candidate(edit, candidate, CANVAS)
            check_labels(pair)
            answers.setdefault(candidate.quality, []).append([change.coherent for change in pair.changes])
    assert all(asked and all(asked) for asked in answers["well_done"])
    assert all(any(asked) for asked in answers["damaged"])
    assert any(not all(asked) for asked in answers["damaged"])
    for quality in {"wrong", "misplaced", "too_strong"} & set(answers):
        assert all(False in asked for asked in answers[quality]), quality
    assert not any(any(asked) for asked in answers.get("contrary", []))
    assert [asked for quality in ("unchanged", "noise", "drifted") for asked in answers[quality] if asked] == []


def check_labels(pair: LabelledPair) -> None:
    """What holds for every pair."""
    height, width = pair.original.shape[:2]
    assert pair.edited.shape == pair.original.shape
    assert pair.original.dtype == pair.edited.dtype == np.uint8
    assert (pair.instruction is None) == (pair.intents == ())
    for index, change in enumerate(pair.changes):
        assert change.change in CHANGES
        assert change.mask.shape == (height, width)
        assert change.box == tight_box(change.mask)
        assert (change.coherent is None) == (pair.instruction is None)
        if change.partner is not None:
            other = pair.changes[change.partner]
            assert other.partner == index
            assert {change.change, other.change} == {"REMOVE", "ADD"}
            assert change.coherent == other.coherent


@needs_photographs
@pytest.mark.parametrize("origin", ORIGINS)
def test_the_same_seed_draws_the_same_pair(origin: str) -> None:
    for held_out in (False, True):
        for seed in range(3):
            one, other = (draw_pair(np.random.default_rng(seed), origin, held_out) for _ in range(2))
            check_labels(one)
            assert np.array_equal(one.original, other.original)
            assert np.array_equal(one.edited, other.edited)
            assert [change.box for change in one.changes] == [change.box for change in other.changes]
            assert one.instruction == other.instruction
            assert one.origin == other.origin


@needs_photographs
def test_the_masks_of_composites_are_where_the_pictures_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composites, "DRIFTED", 0.0)
    kinds = set()
    for seed in range(25):
        pair = draw_pair(np.random.default_rng([seed, 5]), "composites")
        changed = np.any([change.mask for change in pair.changes], axis=0)
        gap = differing(pair.original, pair.edited)
        assert np.count_nonzero(gap & ~changed) <= 0.01 * gap.size + 0.1 * np.count_nonzero(gap), (seed, pair.origin)
        kinds |= {change.change for change in pair.changes}
    assert kinds == set(CHANGES)


@needs_photographs
def test_no_photograph_and_no_cut_out_is_in_both_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    for list_files in (photographs, cut_out_files):
        assert list_files(True)
        assert list_files(False)
        assert not set(list_files(True)) & set(list_files(False))
    seen: list[str] = []
    for module, name in ((composites, "photo"), (region_edits, "photo_crop"), (cut_outs, "_read")):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda file, *rest, real=real: (seen.append(str(file)), real(file, *rest))[1])
    allowed = {str(file) for list_files in (photographs, cut_out_files) for file in list_files(True)}
    for index in range(20):
        for origin in ("composites", "unedited_photographs", "alike_photographs"):
            draw_pair(np.random.default_rng([index, 6]), origin, held_out=True)
    assert len(set(seen)) > 40
    assert set(seen) <= allowed


@needs_photographs
def test_the_set_to_measure_with_stays_the_same() -> None:
    assert HELD_OUT_COUNTS == {
        "studio": 276, "composites": 300, "unedited_photographs": 100, "unedited_scenes": 100,
    }  # fmt: skip
    for origin in HELD_OUT_COUNTS:
        few, more = list(held_out_pairs(2, origin)), list(held_out_pairs(4, origin))
        for one, other in zip(few, more, strict=False):
            assert np.array_equal(one.edited, other.edited)
        assert not np.array_equal(more[0].original, more[1].original)
    assert {pair.origin for pair in held_out_pairs(4, "studio")} == {"studio/well_done", "studio/wrong"}


@pytest.mark.parametrize("name", NUISANCES)
def test_a_nuisance_leaves_the_picture_what_it_is(name: str) -> None:
    rows, columns = np.mgrid[0:120, 0:150]
    picture = np.dstack([rows + 60, columns + 40, 90 + 60 * ((rows // 20 + columns // 20) % 2)]).astype(np.uint8)
    changed = []
    for seed in range(6):
        after = NUISANCES[name](np.random.default_rng(seed), picture)
        assert after.shape == picture.shape
        assert after.dtype == np.uint8
        gap = np.abs(after.astype(np.int16) - picture)
        assert gap.mean() < 20
        changed.append(gap.any())
        if name == "stamp":
            left, top, right, bottom = tight_box(gap.any(axis=2))
            assert right - left <= STAMP * 150
            assert bottom - top <= STAMP * 120
    assert any(changed)


def test_a_filled_hole_is_gone_and_the_rest_is_as_it_was() -> None:
    picture, hole = np.full((80, 100, 3), 120, np.uint8), np.zeros((80, 100), bool)
    picture[30:50, 40:60], hole[30:50, 40:60] = (250, 20, 20), True
    for seed in range(8):
        filled = fill_hole(np.random.default_rng(seed), picture, hole, np.zeros_like(hole))
        assert np.abs(filled.astype(np.int16) - 120).max() < 30
        assert np.array_equal(filled[:15], picture[:15])
        assert np.array_equal(filled[:, 80:], picture[:, 80:])


@pytest.mark.usefixtures("squares")
def test_a_shard_holds_pictures_and_labels_in_the_frame(tmp_path: Path) -> None:
    original = replace(EMPTY, items=(square("key", 0.25, 0.25),))
    asked = replace(EMPTY, items=(*original.items, square("book", 0.5, 0.5)))
    changes = find_scene_changes(original, asked, 512, asked)
    pictures = (np.zeros((512, 256, 3), np.uint8), np.full((512, 256, 3), 9, np.uint8))
    drawn = (cv2.cvtColor(np.zeros((512, 512), np.uint8), cv2.COLOR_GRAY2RGB) for _ in range(2))
    pairs = (
        LabelledPair(*drawn, changes, "Add a book.", (), "studio/well_done"),
        LabelledPair(*pictures, (), None, (), "nuisances/photograph"),
    )
    write_shard(tmp_path / "new" / "one.npz", pairs)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["one.npz"]
    with np.load(tmp_path / "new" / "one.npz") as arrays:
        assert arrays["sizes"].tolist() == [[256, 256], [256, 128]]
        assert arrays["counts"].tolist() == [1, 0]
        assert arrays["boxes"][0, 0].tolist() == [96, 96, 160, 160]
        assert CHANGES[arrays["kinds"][0, 0]] == "ADD"
        assert arrays["coherent"][:, 0].tolist() == [1, -1]
        assert arrays["origin"].tolist() == ["studio/well_done", "nuisances/photograph"]
        for name in ("masks", "owners"):
            inside = arrays[name][0, 24:40, 24:40]
            assert (inside == (255 if name == "masks" else 1)).all()
            assert np.count_nonzero(arrays[name]) == inside.size
