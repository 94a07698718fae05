"""The parts of the cost model that need no export extra: what a parse costs, worked by hand, and the tables."""

from __future__ import annotations

import json
from pathlib import Path

import llama_cpp
import pytest

from benchmarks.common import reporting
from benchmarks.roofline import table
from benchmarks.roofline.parser_cost import ForwardPass, Transformer, record_passes


def test_a_parse_worked_by_hand() -> None:
    """1000 weights in 600 bytes, 400 of them in 300 bytes the table; 2 layers whose heads are 8 wide together.

    Three tokens at the places 5, 6 and 7: 2 x 600 x 3 in the layers; and attention to 6, 7 and 8 tokens, which for each
    is 2 x 8 to compare and 2 x 8 to add up, in 2 layers.
    """
    model = Transformer(weights=1000, bytes=600, table=400, table_bytes=300, layers=2, width=8)
    one = ForwardPass((5, 6, 7), 1)
    assert model.bits == 4.8
    assert model.flops(one) == 3600 + 1344
    assert model.bound([one, one], rate=4944, bandwidth=1e9) == 2
    assert model.bound([one, one], rate=1e9, bandwidth=150) == 4


def test_passes_are_recorded_as_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    contexts = []
    monkeypatch.setattr(llama_cpp, "llama_decode", lambda context, batch: contexts.append(context) or 0)
    batch = llama_cpp.llama_batch_init(8, 0, 1)
    batch.n_tokens = 3
    for place, (position, scored) in enumerate(((4, 0), (5, 1), (9, 1))):
        batch.pos[place], batch.logits[place] = position, scored
    with record_passes() as passes:
        assert llama_cpp.llama_decode("context", batch) == 0
    llama_cpp.llama_decode("another", batch)
    llama_cpp.llama_batch_free(batch)
    assert passes == [ForwardPass((4, 5, 9), 2)]
    assert contexts == ["context", "another"]


def test_the_tables(tmp_path: Path) -> None:
    """A detector that takes 100 ms: 40 in products, 25 and 5 in other operators, so 30 between operators."""
    row = {
        "role": "detector", "batch": "2 pictures", "flops": 5e9, "products": 10, "bytes": 4e6, "ms": 100.0,
        "sgemm": 1e11, "bandwidth": 2e10, "bound_ms": 50.0, "bound_unfused_ms": 60.0, "of_sgemm": 0.5, "of_bound": 0.5,
        "products_ms": 40.0, "products_of_sgemm": 0.8, "others_ms": {"Add": 25.0, "Concat": 5.0},
        "gpus": {"A": {"fp32_ms": 0.25, "fp16_ms": 0.125}},
    }  # fmt: skip
    about = {"commit": "abc", "machine": "a machine", "threads": 1, "rounds": 3}
    data = {
        "studio": {"about": about, "models": [row, {**row, "role": "clip_text", "of_sgemm": 0.61}]},
        "gpus": [{"name": "A", "source": "its maker"}],
    }
    (tmp_path / "data.json").write_text(json.dumps(data), encoding="utf-8")
    lines = table.render_section(tmp_path / "data.json").splitlines()
    assert lines[0] == table.TITLE
    assert "  sgemm 100 GFLOP/s, memory 20.0 GB/s" in lines
    assert "| studio | detector | 2 pictures | 5 | 4 | 100 | 50 | 50% | 50% | missed, see below |" in lines
    assert "| studio | CLIP text | 2 pictures | 5 | 4 | 100 | 50 | 50% | 61% | met |" in lines
    assert "| studio | detector | 40% | 80% | 500 | 60 | Add 25%, Concat 5% | 30% |" in lines
    assert "| studio | together | 0.5 | 0.25 |" in lines
    assert lines[-1] == "* A: its maker."
    assert sum("CLIP text" in line for line in lines) == 2  # what met the goal is not explained


def test_a_section_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    path.write_text("# Results\n\n## One\n\n1\n\n## Two\n\n2\n\n### of it\n\n## Three\n\n3\n", encoding="utf-8")
    reporting.put_section(path, "## Two\n\n22\n")
    assert path.read_text(encoding="utf-8") == "# Results\n\n## One\n\n1\n\n## Two\n\n22\n\n## Three\n\n3\n"
    reporting.put_section(path, "## Three\n\n\\3")
    reporting.put_section(path, "## Four\n\n4")
    assert path.read_text(encoding="utf-8").endswith("## Two\n\n22\n\n## Three\n\n\\3\n\n## Four\n\n4\n")
