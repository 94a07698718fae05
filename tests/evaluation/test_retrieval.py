"""Retrieval: ranks by hand and by a naive count, ties and repeats, intervals, and data sets with real pictures."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from editjudge.batch.embedding import embed_rows
from editjudge.bundles.bundle import Bundle
from editjudge.datasets import open_dataset
from editjudge.errors import BundleError, InputError
from editjudge.evaluation import CaptionedEdits, EvaluationOptions, embed_captioned, retrieval
from editjudge.evaluation.experiments.retrieval import label_instructions
from editjudge.evaluation.statistics import retrieval as statistics
from editjudge.evaluation.statistics.bootstrap import Resampling
from editjudge.evaluation.statistics.retrieval import central_ranks, rank_right, recall
from editjudge.models.model_set import ModelSet

TO_EDIT, TO_INSTRUCTION = "instruction to edit", "edit to instruction"


def units(rng: np.random.Generator, count: int, length: int = 12) -> np.ndarray:
    vectors = rng.normal(size=(count, length)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def naive_ranks(cosines: np.ndarray, label: np.ndarray) -> list[float]:
    """Query by query, item by item."""
    ranks = []
    for query, row in enumerate(cosines):
        best = max(value for item, value in enumerate(row) if label[item] == label[query])
        wrong = [value for item, value in enumerate(row) if label[item] != label[query]]
        ranks.append(1 + sum(value > best for value in wrong) + sum(value == best for value in wrong) / 2)
    return ranks


def captioned(edits: Any, captions: Any, instructions: list[str], **more: Any) -> CaptionedEdits:
    vectors = (np.asarray(part, np.float32) for part in (edits, captions))
    return CaptionedEdits("edits.csv", *vectors, tuple(instructions), **more)


def ranks_of(edits: CaptionedEdits, **options: Any) -> dict[str, dict[str, float]]:
    """The figures by direction and name."""
    result = retrieval(edits, EvaluationOptions(**{"resamples": 0, **options}))
    grids = result.grids.values()
    return {
        row: {name: cell.value for grid in grids for name, cell in grid.row(row).items()}
        for row in (TO_EDIT, TO_INSTRUCTION)
    }


@pytest.mark.parametrize("cells", [1, 100, 2**22])
def test_ranks_are_those_of_a_naive_count(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors of -1, 0 and 1, whose products are whole numbers: many tie, and whatever adds them up, exactly."""
    monkeypatch.setattr(statistics, "CELLS", cells)
    rng = np.random.default_rng(0)
    for labels in (1, 7, 40):
        queries, items = (rng.integers(-1, 2, size=(40, 6)).astype(np.float32) for _ in range(2))
        label = rng.permutation(40) % labels
        expected = naive_ranks(queries @ items.T, label)
        np.testing.assert_array_equal(rank_right(queries, items, label), expected)
        assert len(set(expected)) > 1 or labels == 1


def test_ranks_of_vectors_that_do_not_tie() -> None:
    rng = np.random.default_rng(1)
    queries, items = units(rng, 300), units(rng, 300)
    label = np.arange(300) // 2
    cosines = queries.astype(np.float64) @ items.T.astype(np.float64)
    expected = np.array(naive_ranks(cosines, label))
    assert np.abs(rank_right(queries, items, label) - expected).max() <= 1  # a pair within LEVEL is a tie
    assert np.count_nonzero(rank_right(queries, items, label) != expected) <= 3


def test_an_item_that_is_there_many_times_ties_with_itself() -> None:
    """The product of matrices gives equal columns different last digits; the rank is in the middle all the same."""
    rng = np.random.default_rng(2)
    items = np.repeat(units(rng, 1, 512), 1001, axis=0)
    queries = units(rng, 1001, 512)
    np.testing.assert_array_equal(rank_right(queries, items, np.arange(1001)), 1 + 1000 / 2)


def test_ties_are_ranked_in_the_middle_and_repeats_are_right() -> None:
    """By hand. Four edits, of which the last two have one vector; the instructions of 0 and 1 are the same."""
    edits = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]]
    captions = [[0, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]
    found = ranks_of(captioned(edits, captions, ["Add a dog.", "add  a DOG", "make it red", "make it blue!"]))
    # To edits: 0 and 1 find edit 1, right for both; 2 finds its own, tied with 3: 1.5; 3 finds 0 first, then ties with
    # the wrong 1 and 2: 1 + 1 + 2 / 2 = 3.
    assert found[TO_EDIT]["mean rank"] == pytest.approx((1 + 1 + 1.5 + 3) / 4)
    assert found[TO_EDIT]["median rank"] == pytest.approx(1.25)
    assert found[TO_EDIT]["R@1"] == pytest.approx(2 / 4)
    # To instructions: edit 0 finds 3's first, then its own at 0, tied with 2's: 2.5; edit 1 finds its own twice, both
    # right: 1; edit 2 its own: 1; edit 3 finds 2's first, and its own at 0, tied with two: 1 + 1 + 2 / 2 = 3.
    assert found[TO_INSTRUCTION]["mean rank"] == pytest.approx((2.5 + 1 + 1 + 3) / 4)
    assert found[TO_INSTRUCTION]["median rank"] == pytest.approx(1.75)
    assert found[TO_INSTRUCTION]["R@1"] == pytest.approx(2 / 4)


def test_instructions_are_the_same_but_for_case_white_space_and_final_punctuation() -> None:
    texts = [
        "Add a dog.",
        " add a\tdog !",
        "ADD A DOG",
        "add a dog\u2026",
        "add, a dog",
        "add a dogs",
        "Straße",
        "STRASSE",
    ]
    label, distinct = label_instructions(texts)
    assert label.tolist() == [0, 0, 0, 0, 1, 2, 3, 3]
    assert distinct == 4


def test_shares_and_their_depths() -> None:
    """Query i finds its item at rank i + 1: all that come before it are better."""
    count = 60
    ranks = np.arange(1.0, count + 1)
    resampling = Resampling(count, 0, 0)
    np.testing.assert_allclose(recall(ranks, np.arange(count), resampling).value, [1 / 60, 5 / 60, 10 / 60, 50 / 60])
    np.testing.assert_allclose(central_ranks(ranks, np.arange(count), resampling).value, [30.5, 30.5])


def test_resamples_are_those_of_whole_instructions() -> None:
    """Each is a median and a mean of NumPy's of the ranks that its groups have, counted as often as they were drawn."""
    rng = np.random.default_rng(3)
    ranks, group = rng.integers(1, 20, size=31) / 2, rng.permutation(31) % 9
    resampling = Resampling(9, 70, 5)
    drawn = central_ranks(ranks, group, resampling)
    copies = [np.repeat(ranks, weights[group].astype(int)) for block in resampling.weights() for weights in block]
    np.testing.assert_allclose(drawn.draws, [[copy.mean(), np.median(copy)] for copy in copies])
    shares = recall(ranks, group, resampling)
    np.testing.assert_allclose(shares.draws[:, 1], [(copy <= 5).mean() for copy in copies])
    low, high = drawn.interval()
    np.testing.assert_allclose(low[1], np.quantile([np.median(copy) for copy in copies], 0.025))
    assert (low < drawn.value).all()
    assert (drawn.value < high).all()


def test_depths_that_reach_the_end_of_the_set_have_no_figure() -> None:
    eye = np.eye(7)
    result = retrieval(captioned(eye, eye, [f"edit {number}" for number in range(7)]), EvaluationOptions(resamples=20))
    cells = result.grids["recall"].row(TO_EDIT)
    assert (cells["R@1"].value, cells["R@5"].value, cells["R@5"].count) == (1, 1, 7)
    assert np.isnan([cells["R@10"].value, cells["R@50"].value, cells["R@10"].low]).all()
    assert "left out, as there are only 7 edits: R@10, R@50" in result.notes


def test_what_the_figures_rest_on_is_told() -> None:
    eye = np.eye(4)
    left_out = tuple((f"row-{number}", "cannot read it") for number in range(5))
    edits = captioned(eye, eye, ["a dog", "A dog.", "a cat", "a cow"], cut=3, left_out=left_out)
    result = retrieval(edits, EvaluationOptions(resamples=0))
    assert (result.used, result.left_out) == (
        {"edits": 4, "different instructions": 3},
        {"rows that cannot be embedded": 5},
    )
    notes = "\n".join(result.notes)
    assert "edits that share their instruction with another: 2 of 4" in notes
    assert "cut there: 3 of 4" in notes
    assert "row-0 (cannot read it); row-1 (cannot read it); row-2 (cannot read it); and 2 more" in notes
    assert "ranked in the middle" in notes


def test_sets_that_nothing_can_be_found_in() -> None:
    eye, options = np.eye(2), EvaluationOptions(resamples=0)
    with pytest.raises(InputError, match="has one edit that can be embedded; retrieval takes at least two"):
        retrieval(captioned(eye[:1], eye[:1], ["a dog"]), options)
    with pytest.raises(InputError, match=r"all 2 edits of edits\.csv have the same instruction"):
        retrieval(captioned(eye, eye, ["a dog", "A dog."]), options)


def test_vectors_that_do_not_fit() -> None:
    eye, options = np.eye(2), EvaluationOptions(resamples=0)
    for edits, captions, instructions in (
        (eye, eye[:1], ["a", "b"]),
        (eye, eye, ["a"]),
        (eye, np.eye(3)[:2], ["a", "b"]),
        (eye[0], eye[0], ["a", "b"]),
    ):
        with pytest.raises(InputError, match="has vectors that do not fit"):
            captioned(edits, captions, instructions)
    with pytest.raises(InputError, match="values that are no numbers"):
        captioned(eye, eye * np.nan, ["a", "b"])
    with pytest.raises(InputError, match="give what embed_captioned"):
        retrieval([], options)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="give EvaluationOptions"):
        retrieval(captioned(eye, eye, ["a", "b"]), {})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def models(studio: Bundle) -> Iterator[ModelSet]:
    with closing(ModelSet(studio, "cpu", 1)) as opened:
        yield opened


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twelve edits of noise, and among them rows that cannot be embedded: those with the ids of what is wrong."""
    rng = np.random.default_rng(4)
    lines = [["id", "original", "edited", "instruction"]]
    for number in range(12):
        for name in (f"{number}-original.png", f"{number}-edited.png"):
            assert cv2.imwrite(str(tmp_path / name), rng.integers(0, 256, size=(24, 32, 3), dtype=np.uint8))
        lines.append([str(number), f"{number}-original.png", f"{number}-edited.png", f"paint the car colour {number}"])
    (tmp_path / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n no picture")
    lines[3:3] = [["gone", "no.png", "0-edited.png", "add a dog"]]
    lines[7:7] = [["damaged", "0-original.png", "damaged.png", "add a cat"]]
    lines += [["wordless", "0-original.png", "0-edited.png", "  "], ["alone", "0-original.png", "", "add a cow"]]
    with (tmp_path / "edits.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)
    return tmp_path / "edits.csv"


def test_rows_that_cannot_be_embedded_are_named_and_take_nothing_along(data: Path, models: ModelSet) -> None:
    seen: list[tuple[int, int]] = []
    dataset = open_dataset(data)
    found = embed_captioned(dataset, models, "vifi_clip", lambda done, failed: seen.append((done, failed)))
    assert found.instructions == tuple(f"paint the car colour {number}" for number in range(12))
    reasons = dict(found.left_out)
    assert list(reasons) == ["gone", "damaged", "wordless", "alone"]
    assert "no.png" in reasons["gone"]
    assert reasons["wordless"] == "the row has no instruction"
    assert reasons["alone"] == "the row has no edited picture"
    assert (seen[0], seen[2], seen[-1]) == ((1, 0), (3, 1), (16, 4))
    rows = {row.row.id: row.edit for row in embed_rows(dataset, models, "vifi_clip")}
    np.testing.assert_array_equal(found.edits[5], rows["5"])
    assert [row.number for row in embed_rows(dataset, models, "vifi_clip", start=10)] == list(range(10, 16))
    np.testing.assert_allclose(np.linalg.norm(found.edits, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found.captions, axis=1), 1, rtol=1e-5)


def test_long_instructions_are_cut_and_counted(data: Path, models: ModelSet) -> None:
    lines = data.read_text(encoding="utf-8").replace("colour 3", "red and " * 300).replace("colour 4", "red and " * 301)
    data.write_text(lines, encoding="utf-8")
    found = embed_captioned(open_dataset(data), models, "vifi_clip")
    assert found.cut == 2
    np.testing.assert_array_equal(found.captions[3], found.captions[4])


def test_data_sets_of_which_nothing_can_be_embedded(data: Path, models: ModelSet, tmp_path: Path) -> None:
    for name, cells, words in (
        ("unreadable", "no.png,no.png,add a dog", "none of the 2 rows"),
        ("wordless", "0-original.png,0-edited.png,", "the row has no instruction"),
        ("alone", "0-original.png,,add a dog", "the row has no edited picture"),
    ):
        (tmp_path / f"{name}.csv").write_text(f"original,edited,instruction\n{cells}\n{cells}\n", encoding="utf-8")
        with pytest.raises(InputError, match=words):
            embed_captioned(open_dataset(tmp_path / f"{name}.csv"), models, "vifi_clip")


def test_encoders_that_there_are_not(data: Path, models: ModelSet, toy: Bundle) -> None:
    dataset = open_dataset(data)
    with pytest.raises(InputError, match="there is no embedding 'clip'; choose one of edit_clip, vifi_clip"):
        embed_captioned(dataset, models, "clip")
    with closing(ModelSet(toy, "cpu", 1)) as bare, pytest.raises(BundleError, match="has no model of role edit_clip"):
        embed_captioned(dataset, bare, "edit_clip")
    with pytest.raises(InputError, match=r"give what datasets\.open_dataset"):
        embed_captioned(data, models)  # type: ignore[arg-type]
