"""What OmDet-Turbo is told to look for: its wording, its features, and that they are made once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from editjudge import BundleError, InstructionError
from editjudge.bundles.bundle import Bundle
from editjudge.bundles.manifest import Manifest, parse_manifest
from editjudge.models.omdet import phrase_features
from editjudge.models.omdet.phrase_features import PhraseFeatures
from editjudge.types import Placement

LENGTH = 8
START, CAT, DOG, BLUE, DETECT, COMMA, DOT, END = range(1, 9)
WORDS = {
    "?": 0,
    "<s>": START,
    "cat": CAT,
    "dog": DOG,
    "blue": BLUE,
    "Detect": DETECT,
    ",": COMMA,
    ".": DOT,
    "</s>": END,
}


class Sums:
    """A text graph that can be reckoned by hand: the features of a token are its id and the sum of all up to it.

    A text's are those of its end, the token with the highest id. As in a CLIP, a token sees those before it alone.
    """

    placement = Placement("cpu", "NumPy")

    def __init__(self) -> None:
        self.runs: list[list[list[int]]] = []

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        ids = feeds["input_ids"]
        self.runs.append(ids.tolist())
        tokens = np.stack([ids, ids.cumsum(axis=1)], axis=2).astype(np.float32)
        return {"class_embeds": tokens[np.arange(len(ids)), ids.argmax(axis=1)], "token_embeds": tokens}


@pytest.fixture
def graph() -> Sums:
    return Sums()


@pytest.fixture
def tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel(WORDS, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", START), ("</s>", END)]
    )
    return tokenizer


@pytest.fixture
def features(graph: Sums, tokenizer: Tokenizer) -> PhraseFeatures:
    return PhraseFeatures(graph, tokenizer, LENGTH)


def test_the_sentence_is_that_of_transformers(features: PhraseFeatures) -> None:
    # OmDetTurboProcessor of transformers 4.57.6: "Detect {}.".format(", ".join(["cat", "blue dog"]))
    assert features.caption(["cat", "blue dog"]).sentence == "Detect cat, blue dog."
    assert features.caption(["cat"]).sentence == "Detect cat."


def test_features_of_a_batch(features: PhraseFeatures, graph: Sums) -> None:
    queries = [features.caption(["cat"]), features.caption(["blue dog", "cat"])]
    assert [query.spans for query in queries] == [(slice(0, 1),), (slice(0, 1), slice(1, 2))]
    inputs = features.inputs(queries)
    cat, blue_dog = [END, START + CAT + END], [END, START + BLUE + DOG + END]
    # The query of one phrase repeats it.
    assert inputs["class_embeds"].tolist() == [[cat, cat], [blue_dog, cat]]
    assert inputs["class_embeds"].dtype == inputs["task_embeds"].dtype == np.float32
    assert inputs["task_mask"].tolist() == [[1, 1, 1, 1, 1, 0, 0, 0], [1] * 8]
    assert inputs["task_mask"].dtype == np.int64
    sentences = [[START, DETECT, CAT, DOT, END], [START, DETECT, BLUE, DOG, COMMA, CAT, DOT, END]]
    for row, sentence in zip(inputs["task_embeds"], sentences, strict=True):
        assert row[: len(sentence), 0].tolist() == sentence
        assert row[: len(sentence), 1].tolist() == np.cumsum(sentence).tolist()
        assert not row[len(sentence) :].any()
    assert len(graph.runs) == 1


def test_what_is_known_is_not_asked_again(features: PhraseFeatures, graph: Sums) -> None:
    first = features.inputs([features.caption(["cat"])])
    again = features.inputs([features.caption(["cat"])])
    assert len(graph.runs) == 1
    assert all(np.array_equal(first[name], again[name]) for name in first)
    features.inputs([features.caption(["cat", "dog"])])
    sentence = [START, DETECT, CAT, COMMA, DOG, DOT, END]
    assert graph.runs[1:] == [[[START, DOG, END, 0, 0, 0, 0], sentence]]


def test_no_more_is_kept_than_is_said(features: PhraseFeatures, graph: Sums, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrase_features, "REMEMBERED_TEXTS", 2)
    for phrase in ("cat", "dog", "dog", "cat"):
        features.inputs([features.caption([phrase])])
    assert [len(run) for run in graph.runs] == [2, 2, 2]


def test_a_long_sentence_is_cut_and_keeps_its_end(features: PhraseFeatures, graph: Sums) -> None:
    phrases = ["blue dog", "cat", "blue cat"]
    features.inputs([features.caption(phrases)])
    assert graph.runs[0][-1] == [START, DETECT, BLUE, DOG, COMMA, CAT, COMMA, END]


def test_a_phrase_that_cannot_be_looked_for(features: PhraseFeatures) -> None:
    for empty in ("", "  "):
        with pytest.raises(InstructionError, match="names nothing that could be looked for"):
            features.caption(["cat", empty])
    features.caption(["cat " * (LENGTH - 2)])
    with pytest.raises(InstructionError, match=r"'cat cat .* is too long .* 8 tokens"):
        features.caption(["dog", "cat " * (LENGTH - 1)])


def test_half_a_character_is_no_obstacle(features: PhraseFeatures) -> None:
    features.inputs([features.caption(["cat \ud83d"])])


def test_threads_share_it(features: PhraseFeatures) -> None:
    wanted = features.inputs([features.caption(["cat"])])["class_embeds"]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: features.inputs([features.caption(["cat"])])["class_embeds"], range(64)))
    assert all(np.array_equal(one, wanted) for one in found)


def test_a_graph_that_gives_something_else(tokenizer: Tokenizer) -> None:
    class Pooled(Sums):
        def run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
            outputs = super().run(feeds)
            return {**outputs, "token_embeds": outputs["token_embeds"][:, 0]}

    features = PhraseFeatures(Pooled(), tokenizer, LENGTH)
    with pytest.raises(BundleError, match="token_embeds"):
        features.inputs([features.caption(["cat"])])


def test_a_manifest_has_its_graph_of_texts_and_no_other_has_one(toy: Bundle) -> None:
    def read(**detector: object) -> Manifest:
        content = tomllib.loads((toy.folder / "bundle.toml").read_text(encoding="utf-8"))
        content["detector"] |= detector
        if with_texts:
            content["file"].append({"role": "detector_text", "path": "t.onnx", "sha256": "0" * 64, "bytes": 1})
        return parse_manifest(content)

    with_texts = True
    assert read(architecture="omdet-turbo", fit="stretch").detector.architecture == "omdet-turbo"
    with pytest.raises(ValueError, match="detector_text belong together"):
        read()
    with pytest.raises(ValueError, match="fit must be stretch for omdet-turbo, not pad"):
        read(architecture="omdet-turbo", fit="pad")
    with_texts = False
    assert read().detector.architecture == "grounding-dino"
    with pytest.raises(ValueError, match="detector_text belong together"):
        read(architecture="omdet-turbo", fit="stretch")
