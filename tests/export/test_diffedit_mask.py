"""DiffEdit's mask of a tiny pipeline of random weights, against its formula computed by hand."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from editjudge import InputError, Scorer
from editjudge.image.decode import load_image
from editjudge.types import EditIntent

pytestmark = pytest.mark.export

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
REFERENCE, QUERY = "a red car", "a blue cat"


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from support.tiny_pipeline import make_diffedit_pipeline  # noqa: PLC0415

    return make_diffedit_pipeline(tmp_path_factory.mktemp("tokenizer"))


def picture(width: int = 256, height: int = 192) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8))


def test_the_mask_is_that_of_the_formula(pipeline: Any) -> None:
    from diffedit_mask import find_diffedit_mask  # noqa: PLC0415

    seen: list[np.ndarray] = []
    hook = pipeline.unet.register_forward_hook(
        lambda _, __, out: seen.append((out[0] if isinstance(out, tuple) else out.sample).double().numpy())
    )
    try:
        mask = find_diffedit_mask(pipeline, picture(), REFERENCE, QUERY)
    finally:
        hook.remove()
    (noises,) = seen
    # Ten each of the reference, of no text, of the query, and of no text again.
    reference, empty, query, empty_again = noises.reshape(4, 10, 4, 24, 32)
    np.testing.assert_allclose(empty, empty_again, atol=1e-5)
    apart = np.abs(query - reference).mean(axis=(0, 1))
    scaled = np.minimum(apart, 3 * apart.mean()) / (3 * apart.mean())
    expected = Image.fromarray(np.where(scaled > 0.5, 255, 0).astype(np.uint8)).resize(
        (256, 192), Image.Resampling.BILINEAR
    )
    assert apart.max() > 1e-4  # the texts have something to say
    np.testing.assert_array_equal(mask, np.asarray(expected) > 127)


def test_same_seed_same_mask_at_the_size_of_the_picture(pipeline: Any) -> None:
    from diffedit_mask import find_diffedit_mask  # noqa: PLC0415

    first, again = (find_diffedit_mask(pipeline, picture(301, 123), REFERENCE, QUERY, seed=3) for _ in range(2))
    assert first.shape == (123, 301)
    assert first.dtype == bool
    np.testing.assert_array_equal(first, again)


def test_texts_of_an_intent() -> None:
    from diffedit_mask import choose_texts  # noqa: PLC0415

    assert choose_texts([EditIntent("color", "car", "blue car")]) == ("car", "blue car")
    assert choose_texts([EditIntent("remove", "dog", None)]) == ("dog", "")
    assert choose_texts([EditIntent("add", None, "hat")]) == ("", "hat")
    assert choose_texts([EditIntent("move", "cup", "cup", position="left")]) == ("", "cup")
    assert choose_texts([EditIntent("style", "all", "watercolor")]) == ("", "watercolor")


def test_the_same_text_twice_is_refused(pipeline: Any) -> None:
    from diffedit_mask import find_diffedit_mask  # noqa: PLC0415

    with pytest.raises(InputError, match="both texts are the same"):
        find_diffedit_mask(pipeline, picture(), QUERY, QUERY)


def test_a_table_gets_a_column_more(pipeline: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from diffedit_mask import add_masks, find_diffedit_mask  # noqa: PLC0415

    picture().save(tmp_path / "a.png")
    rows = [
        {"id": "1", "original": "a.png", "edited": "a.png", "instruction": "make the car blue", "mask_ours": "m.png"},
        {"id": "2", "original": "a.png", "edited": "a.png", "instruction": "thank you"},
    ]
    table, output = tmp_path / "masks.jsonl", tmp_path / "three.jsonl"
    table.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    with Scorer.load("studio") as scorer:
        assert add_masks(pipeline, scorer, table, output) == 1
        with pytest.raises(InputError, match="must be another file in the folder"):
            add_masks(pipeline, scorer, table, table)
    (written,) = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert written == {**rows[0], "mask_diffedit": "0-mask_diffedit.png"}
    expected = find_diffedit_mask(pipeline, picture(), "car", "blue car")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "0-mask_diffedit.png")) > 0, expected)
    assert "left out 2: the instruction names nothing" in capsys.readouterr().out


def test_the_example_explains_itself(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import diffedit_mask  # noqa: PLC0415

    monkeypatch.setattr("sys.argv", [str(Path(diffedit_mask.__file__)), "--help"])
    with pytest.raises(SystemExit, match="0"):
        diffedit_mask.main()
    assert "editjudge[guidance]" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["diffedit_mask", "mask_guidance", "reward_condition"])
def test_a_picture_that_a_camera_wrote_lying_is_read_as_editjudge_reads_it(name: str) -> None:
    path = Path(__file__).parents[1] / "fixtures" / "pictures" / "exif_orientation.png"
    read = import_module(name).read_upright(path)
    height, width = load_image(path).shape[:2]
    assert read.size == (width, height)
    with Image.open(path) as lying:
        assert lying.size == (height, width)
