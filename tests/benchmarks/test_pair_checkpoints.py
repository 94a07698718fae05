"""Checkpoints of the embedding of edits, as the benchmarks run them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
import torch
import torch.nn.functional as F  # noqa: N812

from benchmarks.pair.encoders import open_checkpoint
from editjudge.bundles.bundle import Bundle
from editjudge.models.clip import Clip
from editjudge.models.model_set import ModelSet
from editjudge.models.pair.views import stack_inputs, view_pair
from pair.tokenizer import pair_tokenizer
from pair.train import new_model

pytestmark = pytest.mark.export

INSTRUCTION = "Remove the cat"


def test_a_checkpoint_runs_as_it_was_saved(tmp_path: Path) -> None:
    torch.manual_seed(0)
    tokenizer = pair_tokenizer()
    model = new_model(128, "framed", True, tokenizer).eval()
    model.save_pretrained(tmp_path)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    clip = ModelSet(Bundle.load("studio"), "cpu", 1).model(Clip)
    encoder = open_checkpoint(clip, tmp_path, 1)
    original = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    edited = original.copy()
    edited[10:30, 10:30] = 0
    views = view_pair(original, edited)
    inputs = stack_inputs([views], clip.images(views.all))
    tokens = tokenizer.encode(INSTRUCTION)
    with torch.inference_mode():
        edit = F.normalize(model(*map(torch.from_numpy, inputs.feeds().values())), dim=-1)
        text = F.normalize(model.embed_texts(torch.tensor([tokens.ids]), torch.tensor([tokens.attention_mask])), dim=-1)
    np.testing.assert_allclose(encoder.edits([(original, edited)]), edit.numpy(), atol=1e-6)
    np.testing.assert_allclose(encoder.texts([INSTRUCTION]), text.numpy(), atol=1e-6)
