"""The network of differences: its folding, its export, and that the runtime reads it as PyTorch means it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

pytest.importorskip("torch")
import torch
from torch import nn

from editjudge.errors import InputError
from editjudge_export.architectures import difference
from editjudge_export.architectures.difference_network import DifferenceConfig, DifferenceModel, fold
from editjudge_export.onnx.precision import Precision

pytestmark = pytest.mark.export

SMALL = {"stem": (8, 12), "widths": (12, 16, 20, 24), "depths": (1, 1, 1, 1), "pyramid": 16}


@pytest.fixture(scope="module")
def learnt() -> DifferenceModel:
    """A network whose normalisation has seen pictures."""
    torch.manual_seed(0)
    model = DifferenceModel(DifferenceConfig(**SMALL))
    for _ in range(5):
        model(torch.rand(4, 3, 64, 64), torch.rand(4, 3, 64, 64))
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.3, 0.3)
    return model.eval()


@pytest.fixture(scope="module")
def checkpoint(learnt: DifferenceModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("difference")
    fold(learnt).save_pretrained(folder)
    return folder


def test_folding_changes_nothing(learnt: DifferenceModel) -> None:
    pair = torch.rand(2, 3, 64, 96), torch.rand(2, 3, 64, 96)
    folded = fold(learnt)
    with torch.inference_mode():
        for wanted, given in zip(learnt(*pair), folded(*pair), strict=True):
            torch.testing.assert_close(given, wanted, rtol=1e-4, atol=1e-4)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())


def test_outputs_are_at_every_fourth_pixel(learnt: DifferenceModel) -> None:
    kind, box, quality, mask = learnt(torch.rand(1, 3, 64, 96), torch.rand(1, 3, 64, 96))
    assert [tuple(values.shape) for values in (kind, box, quality, mask)] == [
        (1, channels, 16, 24) for channels in (3, 4, 1, 1)
    ]
    assert box.min() >= 0


@pytest.mark.parametrize("precision", ["fp32", "fp16-weights"])
def test_the_graph_agrees_with_pytorch(
    checkpoint: Path, learnt: DifferenceModel, precision: Precision, tmp_path: Path
) -> None:
    [file] = difference.export(checkpoint, tmp_path, precision, size=96)
    assert (file.role, file.path.name, file.precision) == ("difference", "difference.onnx", precision)
    assert file.parity is not None
    assert file.parity < 1e-4
    session = onnxruntime.InferenceSession(str(file.path), providers=["CPUExecutionProvider"])
    pair = torch.rand(1, 3, 96, 96), torch.rand(1, 3, 96, 96)
    given = session.run(list(difference.OUTPUTS), dict(zip(("original", "edited"), map(np.asarray, pair), strict=True)))
    with torch.inference_mode():
        for wanted, values in zip(learnt(*pair), given, strict=True):
            np.testing.assert_allclose(values, wanted.numpy(), atol=1e-3 if precision == "fp32" else 0.1, rtol=1e-2)


@pytest.mark.parametrize("size", [0, 16, 100])
def test_a_size_that_it_cannot_halve_five_times(checkpoint: Path, size: int, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"is {size}; it must be a multiple of 32"):
        difference.export(checkpoint, tmp_path / "out", size=size)
    assert not (tmp_path / "out").exists()


def test_the_recipe_must_have_the_size_that_it_was_trained_at(checkpoint: Path) -> None:
    assert json.loads((checkpoint / "config.json").read_text())["size"] == 256
    assert difference.config_settings(checkpoint) == {"size": 256}
