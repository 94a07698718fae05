"""Best of N with a pipeline of diffusers of random weights: all are returned, each can be made again by its seed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from editjudge import InputError, Scorer
from editjudge.datasets.demo import load_demo

pytestmark = pytest.mark.export

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
from editjudge_integrations.editing_pipelines.best_of_n import rank_images  # noqa: E402

COLOR = next(demo for demo in load_demo() if demo.id == "color")
OPTIONS = {"num_inference_steps": 2, "guidance_scale": 7.5}


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from support.tiny_pipeline import make_pipeline  # noqa: PLC0415

    return make_pipeline(tmp_path_factory.mktemp("tokenizer"))


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load("studio")


@pytest.fixture(scope="module")
def original() -> Image.Image:
    return Image.open(COLOR.original).convert("RGB").resize((128, 96))


def test_all_edits_are_returned_and_can_be_made_again(pipeline: Any, scorer: Scorer, original: Image.Image) -> None:
    edits = rank_images(pipeline, original, COLOR.instruction, 3, scorer=scorer, seed=5, **OPTIONS)
    assert sorted(edit.seed for edit in edits) == [5, 6, 7]
    assert all(edit.score is not None and edit.error is None for edit in edits)
    for edit in edits:
        generator = torch.Generator("cpu").manual_seed(edit.seed)
        again = pipeline(prompt=COLOR.instruction, image=original, generator=generator, **OPTIONS).images[0]
        np.testing.assert_array_equal(np.asarray(again), np.asarray(edit.image))
    assert not np.array_equal(np.asarray(edits[0].image), np.asarray(edits[1].image))


class RecordedEdits:
    """A pipeline that has been run before: its edits, by their seeds, are files."""

    def __init__(self, labels: list[str]) -> None:
        self._files = [next(one.file for one in COLOR.candidates if one.label == label) for label in labels]

    def __call__(self, *, generator: Any, **_: Any) -> Any:
        return SimpleNamespace(images=[Image.open(self._files[generator.initial_seed()])])


def test_the_best_comes_first(scorer: Scorer) -> None:
    labels = ["nothing changed", "right object, wrong place or size", "well done", "wrong object or colour"]
    original = Image.open(COLOR.original).convert("RGB")
    edits = rank_images(
        RecordedEdits(labels), original, "azure automobile, 4k", 4, scorer=scorer, instruction=COLOR.instruction
    )
    assert [labels[edit.seed] for edit in edits[:2]] == ["well done", "right object, wrong place or size"]
    unmeasured = rank_images(RecordedEdits(labels), original, "make the hippopotamus blue", 4, scorer=scorer)
    assert len(unmeasured) == 4
    assert unmeasured[0].score is not None
    assert unmeasured[0].score.bpm is None  # and no 0: it is not known here


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"n": 0}, "n is 0; give a whole number from 1"),
        ({"n": 1, "seed": -1}, "seed is -1"),
        ({"n": 1, "generator": None}, "generator is given by rank_images itself"),
    ],
)
def test_bad_arguments(
    pipeline: Any, scorer: Scorer, original: Image.Image, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        rank_images(pipeline, original, COLOR.instruction, scorer=scorer, **arguments)
