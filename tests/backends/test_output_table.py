"""Logits of a few tokens alone: against the format's reference, and against llama.cpp's own of all tokens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np
import pytest
from numpy.typing import NDArray

from editjudge.backends.ggml.output_table import OutputTable, open_output_table
from editjudge.backends.llama_cpp import LanguageModel
from editjudge.backends.llama_library import load_ggml
from editjudge.bundles.bundle import Bundle

SIZE, WIDTH = 50, 96
Q8_0, F16 = gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.F16
TEXTS = (" replace the small chair next to the window with a big red sofa\n", " color", " old", "\n")


@pytest.fixture
def weights() -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(SIZE, WIDTH)).astype(np.float32)


@pytest.fixture
def bare(studio: Bundle) -> Iterator[LanguageModel]:
    made = LanguageModel(studio.file("parser"), 1, room=64)
    yield made
    made.close()


def test_logits_are_products_of_what_is_rounded(tmp_path: Path, weights: NDArray[np.float32]) -> None:
    """The reference is GGUF's own package: the hidden state becomes Q8_0 and back, as the table was made."""
    path = _write(tmp_path / "table.gguf", {"output_norm.weight": weights[0], "token_embd.weight": weights})
    table = _open(path)
    assert table is not None
    hidden = np.random.default_rng(1).normal(size=WIDTH).astype(np.float32)
    hidden[32:64] = 0  # a block without a scale
    tokens = [49, 0, 7]
    expected = _round(weights)[tokens].astype(np.float64) @ _round(hidden[None])[0]
    assert table.score(hidden, tokens) == pytest.approx(expected, rel=1e-5)
    assert np.abs(expected - weights[tokens] @ hidden).max() > 1e-3
    table.close()


def test_a_table_of_its_own_goes_before_that_of_embeddings(tmp_path: Path, weights: NDArray[np.float32]) -> None:
    path = _write(tmp_path / "table.gguf", {"token_embd.weight": weights, "output.weight": -weights})
    table = _open(path)
    assert table is not None
    assert table.score(weights[3], [3])[0] < 0
    table.close()


def test_what_is_no_table_that_can_be_read(tmp_path: Path, weights: NDArray[np.float32]) -> None:
    tables = {"token_embd.weight": weights}
    assert _open(_write(tmp_path / "half.gguf", tables, F16)) is None
    assert _open(_write(tmp_path / "nameless.gguf", {"other.weight": weights})) is None
    path = _write(tmp_path / "table.gguf", tables)
    assert open_output_table(load_ggml(), path, SIZE + 1, WIDTH) is None
    assert open_output_table(load_ggml(), path, SIZE, WIDTH + 1) is None
    path.write_bytes(path.read_bytes()[:-SIZE])
    assert _open(path) is None
    assert _open(tmp_path / "missing.gguf") is None


def test_candidates_are_as_likely_as_llama_says(studio: Bundle, bare: LanguageModel) -> None:
    """A model that is to go to the GPU has llama.cpp compute all logits, also where there is none."""
    whole = LanguageModel(studio.file("parser"), 1, room=64, gpu=True)
    assert (bare.skips_logits, whole.skips_logits) == (True, False)
    candidates = range(1, 262_144, 997)
    for text in TEXTS:
        ours, own = (model.log_likelihoods(model.tokenize(text), candidates) for model in (bare, whole))
        assert ours == pytest.approx(own, abs=1e-4)
    assert np.ptp(own) > 5
    whole.close()


def test_a_table_that_gives_other_logits_is_not_used(
    studio: Bundle, bare: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a model that does more to its logits than to take products: here the rows are those of other tokens."""

    def open_shifted(library: object, path: Path, size: int, width: int) -> OutputTable | None:
        table = open_output_table(library, path, size, width)
        if table is not None:
            table._rows = np.roll(table._rows[:4096], 1, axis=0)[np.arange(size) % 4096]
        return table

    monkeypatch.setattr("editjudge.backends.llama_cpp.open_output_table", open_shifted)
    other = LanguageModel(studio.file("parser"), 1, room=64)
    assert not other.skips_logits
    candidates = other.tokenize(" red blue chair")
    text = other.tokenize(TEXTS[0])
    assert other.log_likelihoods(text, candidates) == pytest.approx(bare.log_likelihoods(text, candidates), abs=1e-4)
    other.close()


def _open(path: Path) -> OutputTable | None:
    return open_output_table(load_ggml(), path, SIZE, WIDTH)


def _round(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return gguf.quants.dequantize(gguf.quants.quantize(values, Q8_0), Q8_0)


def _write(path: Path, tables: dict[str, NDArray[np.float32]], form: gguf.GGMLQuantizationType = Q8_0) -> Path:
    """A GGUF file with nothing but these tables."""
    writer = gguf.GGUFWriter(path, "gemma3")
    for name, values in tables.items():
        kind = form if values.ndim == 2 else gguf.GGMLQuantizationType.F32
        writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
