"""The figures of a directed model, by hand of its embeddings, and what examples of people do not tell."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from editjudge.bundles.bundle import Bundle  # noqa: E402
from editjudge.errors import InputError  # noqa: E402
from pair import evaluate  # noqa: E402
from pair.examples import Examples  # noqa: E402
from pair.shards import ExamplePair, write_shard  # noqa: E402
from pair.studio_examples import draw_edit  # noqa: E402
from pair.tokenizer import pair_tokenizer  # noqa: E402
from pair.train import new_model  # noqa: E402

pytestmark = [pytest.mark.export, pytest.mark.usefixtures("one_thread")]

COLOURS = ["red", "green", "blue", "yellow", "red", "white"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, tokenizer = tmp_path_factory.mktemp("model"), pair_tokenizer()
    torch.manual_seed(1)
    new_model(128, "joined", True, tokenizer).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six edits of noise; the fifth is asked for as the first is, but for how it is written."""
    folder, rng = tmp_path_factory.mktemp("people"), np.random.default_rng(2)
    asked = [f"make it {colour}" for colour in COLOURS]
    asked[4] = "Make it  RED."
    pictures = rng.integers(0, 256, (6, 2, 32, 32, 3), np.uint8)
    edits = [[ExamplePair(*pair, 2, text)] for pair, text in zip(pictures, asked, strict=True)]
    write_shard(folder / "0000.npz", edits, "studio")
    return folder


def test_edits_of_people_tell_no_kinds_and_no_order(
    model: Path, people: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluate", str(people), str(model)])
    evaluate.main()
    [(folder, figures)] = json.loads(capsys.readouterr().out, parse_constant=pytest.fail).items()
    assert folder == str(model)
    assert figures["order"] is None
    sides = {f"{side}_{name}" for side in ("text", "edit") for name in ("mean", "median", "R@1", "R@5", "R@10", "R@50")}
    assert set(figures) == sides | {"reversed", "order"}

    opened = evaluate.load_model(model, evaluate.EditClipModel)
    examples = Examples.load([people])
    tokenizer = evaluate.open_tokenizer(model, opened.text.config)
    words = evaluate.embed_words(opened, tokenizer, examples.asked).numpy().astype(float)
    forward, backward = (
        evaluate.embed_pairs(opened, examples, np.arange(6), reverse=reverse).numpy().astype(float)
        for reverse in (False, True)
    )
    ranks = []
    for query in range(6):
        right = [0, 4] if query in (0, 4) else [query]
        cosines = forward @ words[query]
        ranks.append(1 + sum(cosines[other] > cosines[right].max() for other in set(range(6)) - set(right)))
    assert figures["text_mean"] == pytest.approx(np.mean(ranks))
    assert figures["text_R@1"] == pytest.approx(np.mean(np.array(ranks) == 1))
    nearer = [words[row] @ forward[row] > words[row] @ backward[row] for row in range(6)]
    assert figures["reversed"] == pytest.approx(np.mean(nearer))


def test_edits_of_the_studio_are_told_by_their_kinds(model: Path, tmp_path: Path) -> None:
    edits = [list(draw_edit(index, kinds)) for index, kinds in enumerate((["move"], ["color"], ["color"]))]
    write_shard(tmp_path / "0000.npz", edits, "studio")
    [figures] = evaluate.measure(tmp_path, [model]).values()
    assert {name for name in figures if name.startswith("reversed_")} == {"reversed_move", "reversed_color"}
    assert {name for name in figures if name.startswith("R@1_")} == {"R@1_move", "R@1_color"}
    assert all(value is not None and value >= 0 for value in figures.values())


def test_bad_input(model: Path, people: Path, toy: Bundle, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is no checkpoint: it has no config\.json"):
        evaluate.measure(people, [tmp_path])
    shard = tmp_path / "0000.npz"
    write_shard(shard, [[ExamplePair(*np.zeros((2, 32, 32, 3), np.uint8), 2, "red")]], toy.folder)
    with pytest.raises(InputError, match=r"is for features of 128 numbers, and those in .* have \d+; measure it on"):
        evaluate.measure(tmp_path, [model])
