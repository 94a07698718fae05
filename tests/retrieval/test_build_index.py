"""Making an index: what is in it, what is left out, and going on with a run that was cut off."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from editjudge import Scorer
from editjudge.batch import embedding
from editjudge.batch.embedding import embed_rows
from editjudge.batch.picture_files import have_changed, picture_states
from editjudge.bundles.bundle import Bundle
from editjudge.datasets import open_dataset
from editjudge.errors import EditJudgeError, InputError
from editjudge.models.model_set import ModelSet
from editjudge.retrieval import EditIndex, IndexedEdit, IndexProgress, build, build_index
from editjudge.retrieval.edit_table import EditTable
from support.colour_edits import COLOURS, EDITS, VECTORS, write_colour_edits
from support.dataset_files import hub_image, write_hub_parquet

FIXTURES = Path(__file__).parent.parent / "fixtures"
ROWS = 40


def read_pixel(file: bytes) -> tuple[tuple[int, int], tuple[int, ...]]:
    """The size of a small picture, and the colour of its middle."""
    with PIL.Image.open(io.BytesIO(file)) as picture:
        return picture.size, picture.getpixel((picture.width // 2, picture.height // 2))


def test_what_is_in_an_index(index_folder: Path, pair_bundle: Bundle) -> None:
    index = EditIndex.open(index_folder)
    assert index.vectors == pytest.approx(np.array(VECTORS, np.float32), abs=1e-6)
    assert len(index) == 4
    manifest = json.loads((index_folder / "index.json").read_text())
    assert (manifest["encoder"], manifest["bundle"], manifest["bundle_version"]) == ("edit_clip", "toy", "1")
    assert (manifest["count"], manifest["dimensions"], manifest["left_out"]) == (4, 3, 0)
    assert f"edit_clip {pair_bundle.manifest.files['edit_clip'].sha256}" in manifest["files"]
    assert f"clip_vision {pair_bundle.manifest.files['clip_vision'].sha256}" in manifest["files"]
    assert sorted(path.name for path in index_folder.iterdir()) == ["edits.sqlite", "index.json", "vectors.npy"]
    with EditTable(index_folder) as table:
        for position, (name, (original, edited, instruction)) in enumerate(EDITS.items()):
            assert table.edit(position) == IndexedEdit(position, name, f"{original}.png", f"{edited}.png", instruction)
            thumbnails = table.thumbnails(position)
            for file, colour in ((thumbnails.original, original), (thumbnails.edited, edited)):
                size, pixel = read_pixel(file)
                assert size == (32, 24)
                assert pixel == pytest.approx(COLOURS[colour], abs=6)  # JPEG


def test_vectors_are_those_of_the_scorer(tmp_path: Path, studio: Bundle) -> None:
    data = write_colour_edits(tmp_path)
    build_index(open_dataset(data), tmp_path / "index", device="cpu", encoder="vifi_clip")
    vectors = np.load(tmp_path / "index" / "vectors.npy")
    with Scorer.load("studio", "cpu") as scorer:
        for vector, (original, edited, _) in zip(vectors, EDITS.values(), strict=True):
            pictures = tmp_path / f"{original}.png", tmp_path / f"{edited}.png"
            assert vector == pytest.approx(scorer.embed_edit(*pictures, encoder="vifi_clip"), abs=1e-5)


def test_an_edit_without_an_instruction_can_be_found_too(tmp_path: Path, pair_bundle: Bundle) -> None:
    data = write_colour_edits(tmp_path, extra="mute,black.png,red.png,\n")
    done = build_index(open_dataset(data), tmp_path / "index", bundle=pair_bundle.folder, device="cpu")
    assert (done.rows, done.failed) == (5, 0)
    with EditTable(tmp_path / "index") as table:
        assert (table.edit(4).id, table.edit(4).instruction) == ("mute", "")


def test_an_instruction_that_is_no_utf_8_is_kept_as_far_as_it_is_one(tmp_path: Path, pair_bundle: Bundle) -> None:
    data = tmp_path / "edits.jsonl"
    write_colour_edits(tmp_path)
    data.write_text('{"original": "black.png", "edited": "red.png", "instruction": "a \\ud800 cat"}')
    done = build_index(open_dataset(data), tmp_path / "index", bundle=pair_bundle.folder, device="cpu")
    assert done.failed == 0
    with EditTable(tmp_path / "index") as table:
        assert table.edit(0).instruction == "a \N{REPLACEMENT CHARACTER} cat"


def test_what_no_run_left_is_not_gone_on_with(tmp_path: Path, pair_bundle: Bundle) -> None:
    data = write_colour_edits(tmp_path)
    (tmp_path / "index.part").mkdir()
    (tmp_path / "index.part" / "mine.jpg").write_bytes(b"kept")
    with pytest.raises(InputError, match=r"index\.part is nothing that a run left; move it away"):
        build_index(open_dataset(data), tmp_path / "index", bundle=pair_bundle.folder, device="cpu", resume=True)
    assert (tmp_path / "index.part" / "mine.jpg").read_bytes() == b"kept"


def test_a_picture_that_is_replaced_while_it_is_read_is_read_again(
    tmp_path: Path, pair_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state of a file is taken before it is read: what came later is not taken for what was embedded."""
    data = open_dataset(write_colour_edits(tmp_path))
    models = ModelSet(pair_bundle, "cpu", 1)
    opened = embedding.embed_edits

    def replace_after_reading(*arguments: Any) -> Any:
        embedded = opened(*arguments)
        PIL.Image.new("RGB", (64, 48), (1, 2, 3)).save(tmp_path / "red.png")
        return embedded

    monkeypatch.setattr(embedding, "embed_edits", replace_after_reading)
    row = next(iter(embed_rows(data, models, "edit_clip")))
    assert have_changed(row.states, picture_states(row.row))


def test_rows_that_cannot_be_read_are_left_out(tmp_path: Path, pair_bundle: Bundle) -> None:
    extra = "gone,black.png,nowhere.png,cat\nlone,black.png,,cat\n"
    data = write_colour_edits(tmp_path, extra=extra)
    done = build_index(open_dataset(data), tmp_path / "index", bundle=pair_bundle.folder, device="cpu")
    assert (done.rows, done.done, done.failed) == (6, 6, 2)
    assert done.error == "the row has no edited picture"
    assert len(EditIndex.open(tmp_path / "index")) == 4
    with EditTable(tmp_path / "index") as table:
        (gone, why), (lone, _) = table.left_out()
    assert (gone, lone) == ("gone", "lone")
    assert "nowhere.png does not exist" in why


def test_none_that_can_be_read(tmp_path: Path, pair_bundle: Bundle) -> None:
    data = tmp_path / "edits.csv"
    data.write_text("original,edited,instruction\na.png,b.png,cat\n")
    with pytest.raises(InputError, match=r"none of the 1 rows can be embedded: .*a\.png does not exist"):
        build_index(open_dataset(data), tmp_path / "index", bundle=pair_bundle.folder, device="cpu")
    assert list(tmp_path.iterdir()) == [data]


def test_pictures_in_a_table_have_small_ones(tmp_path: Path, pair_bundle: Bundle) -> None:
    columns = {
        "original": [hub_image(0, "a.png"), hub_image(10, "c.png")],
        "edited": [hub_image(200, "b.png"), hub_image(90, "d.png")],
        "instruction": ["cat", "dog"],
    }
    data = write_hub_parquet(tmp_path / "edits.parquet", columns)
    build_index(open_dataset(data), tmp_path / "index", bundle=pair_bundle.folder, device="cpu")
    with EditTable(tmp_path / "index") as table:
        assert (table.edit(1).original, table.edit(1).edited) == ("c.png", "d.png")
        assert read_pixel(table.thumbnails(1).edited)[1] == pytest.approx((90, 90, 90), abs=3)


def test_a_picture_that_is_a_text_is_no_name(tmp_path: Path, pair_bundle: Bundle) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)
    stream = io.BytesIO()
    PIL.Image.fromarray(noise).save(stream, "PNG")
    address = "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
    data = tmp_path / "edits.jsonl"
    data.write_text(json.dumps({"original": address, "edited": address, "instruction": "cat"}))
    build_index(open_dataset(data), tmp_path / "index", bundle=pair_bundle.folder, device="cpu", encoder="vifi_clip")
    with EditTable(tmp_path / "index") as table:
        assert table.edit(0) == IndexedEdit(0, "0", None, None, "cat")


Run = Callable[..., IndexProgress]


@pytest.fixture
def run(tmp_path: Path, pair_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Makes an index of 40 edits, and one that cannot be read, in steps of eight."""
    monkeypatch.setattr(build, "SECONDS", 0.0)
    data = write_colour_edits(tmp_path, ROWS // 4, "gone,black.png,nowhere.png,cat\n")

    def run(output: str, **options: object) -> IndexProgress:
        arguments = {"bundle": pair_bundle.folder, "device": "cpu", **options}
        return build_index(open_dataset(data), tmp_path / output, **arguments)

    return run


def stop_at(rows: int) -> Callable[[IndexProgress], None]:
    def watch(progress: IndexProgress) -> None:
        if progress.done == rows:
            raise KeyboardInterrupt

    return watch


@pytest.mark.parametrize("rows", [8, 32, ROWS + 1])
def test_a_run_that_was_cut_off_goes_on(run: Run, tmp_path: Path, rows: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        run("index", watch=stop_at(rows))
    assert not (tmp_path / "index").exists()
    with pytest.raises(InputError, match="is what a run left that was cut off; go on with --resume"):
        run("index")
    seen: list[int] = []
    done = run("index", resume=True, watch=lambda progress: seen.append(progress.done))
    assert seen[0] == rows
    assert (done.done, done.failed) == (ROWS + 1, 1)
    run("whole")
    assert (tmp_path / "index" / "vectors.npy").read_bytes() == (tmp_path / "whole" / "vectors.npy").read_bytes()
    with EditTable(tmp_path / "index") as one, EditTable(tmp_path / "whole") as other:
        assert [one.edit(position) for position in range(ROWS)] == [other.edit(position) for position in range(ROWS)]
        assert one.left_out() == other.left_out()
    assert not (tmp_path / "index.part").exists()
    assert not (tmp_path / "index.part.lock").exists()


def test_pictures_that_have_changed_since_are_embedded_again(run: Run, tmp_path: Path) -> None:
    """From the first row on that has one: the others stay as they are."""
    with pytest.raises(KeyboardInterrupt):
        run("index", watch=stop_at(24))
    PIL.Image.new("RGB", (8, 8), COLOURS["blue"]).save(tmp_path / "nowhere.png")
    seen: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        run("index", resume=True, watch=lambda progress: (seen.append(progress.done), stop_at(40)(progress)))
    assert seen[0] == 24
    PIL.Image.new("RGB", (40, 24), COLOURS["blue"]).save(tmp_path / "green.png")
    done = run("index", resume=True, watch=lambda progress: seen.append(progress.done))
    assert seen[-(ROWS // 8) - 2] == 0  # green is in the second row
    assert (done.done, done.failed) == (ROWS + 1, 0)
    vectors = EditIndex.open(tmp_path / "index").vectors
    assert vectors[:4] == pytest.approx(np.array([[1, 0, 0], [0, 0, 1], [0, 0, 1], [-1, 0, 0]]), abs=1e-6)
    assert vectors[-1] == pytest.approx(np.array([0, 0, 1]), abs=1e-6)


def test_what_another_run_left(run: Run, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run("index", watch=stop_at(8))
    with pytest.raises(InputError, match=r"index\.part belongs to another run: its encoder is not the same"):
        run("index", resume=True, encoder="vifi_clip")
    (tmp_path / "edits.csv").write_text((tmp_path / "edits.csv").read_text() + "more,black.png,red.png,cat\n")
    with pytest.raises(InputError, match="belongs to another run: its data set is not the same"):
        run("index", resume=True)


def test_what_is_no_draft(run: Run, tmp_path: Path) -> None:
    (tmp_path / "index.part").write_text("a file")
    with pytest.raises(InputError, match=r"index\.part cannot be written"):
        run("index", resume=True)
    (tmp_path / "other.part").mkdir()
    (tmp_path / "other.part" / "edits.sqlite").write_bytes(b"no table, " * 200)
    with pytest.raises(InputError, match=r"other\.part cannot be written: file is not a database"):
        run("other", resume=True)


@pytest.mark.parametrize(
    ("output", "options", "words"),
    [
        ("edits.csv", {}, "exists already"),
        ("none/index", {}, "there is no folder"),
        ("index", {"encoder": "clip"}, "there is no embedding 'clip'"),
        ("index", {"bundle": FIXTURES / "toy"}, "has no model of role edit_clip"),
        ("index", {"threads": 0}, "threads is 0"),
    ],
)
def test_what_is_refused_leaves_nothing(
    run: Run, tmp_path: Path, output: str, options: dict[str, object], words: str
) -> None:
    before = sorted(tmp_path.iterdir())
    with pytest.raises(EditJudgeError, match=words):
        run(output, **options)
    assert sorted(tmp_path.iterdir()) == before
