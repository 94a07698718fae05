"""The runtime's captions, which the exported detector is fed, against transformers' own function."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
from editjudge.errors import InputError
from editjudge.models.grounding_dino_text import CaptionTokenizer
from editjudge_export.architectures.grounding_dino_text import caption_inputs
from editjudge_export.checkpoints.checkpoint import load_tokenizer

pytestmark = pytest.mark.export


@pytest.mark.parametrize(
    "captions",
    [[["cat"]], [["red fire hydrant", "car"]], [["cat", "dog", "bus"], ["green apple"]], [["cat dog"] * 4 + ["moon"]]],
)
def test_the_runtime_makes_the_inputs_of_transformers(captions: list[list[str]], detector_checkpoint: Path) -> None:
    ours = CaptionTokenizer(detector_checkpoint / "tokenizer.json", 18)
    got = ours.inputs([ours.caption(phrases) for phrases in captions])
    texts = [" . ".join(phrases) + " ." for phrases in captions]
    wanted = caption_inputs(texts, load_tokenizer(detector_checkpoint), 18)
    assert set(got) == set(wanted)
    for name, tensor in wanted.items():
        np.testing.assert_array_equal(got[name], tensor.numpy(), err_msg=name)


def test_a_caption_that_is_too_long_is_refused(detector_checkpoint: Path) -> None:
    with pytest.raises(InputError, match="A caption has 9 tokens; the text length is 8"):
        caption_inputs(["cat . dog . car moon ."], load_tokenizer(detector_checkpoint), 8)
