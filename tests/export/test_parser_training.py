"""The parser's adapter: its losses against the plain model's logits, resuming, and what llama.cpp makes of the file."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("peft")
pytest.importorskip("gguf")
import peft
import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig

from editjudge.backends.llama_cpp import LanguageModel
from editjudge.bundles.bundle import Bundle
from editjudge.parser.intent_syntax import parse_line
from editjudge.parser.language_model import IntentModel
from parser.adapter import RANK, SCALE, read, write
from parser.examples import TrainingExample, batches, example, speller
from parser.generate import Pair, pairs
from parser.train import PLACES, Training, check, load, scores

pytestmark = pytest.mark.export
VOCABULARY: dict[str, int] = {}


@pytest.fixture
def tiny() -> peft.PeftModel:
    """A Gemma of two layers with a fresh adapter."""
    torch.manual_seed(0)
    config = Gemma3TextConfig(
        vocab_size=4000, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, pad_token_id=0,
    )  # fmt: skip
    lora = peft.LoraConfig(r=4, lora_alpha=8, target_modules=list(PLACES))
    return peft.get_peft_model(Gemma3ForCausalLM(config), lora)


def spell(text: str) -> list[int]:
    """A token for each word, with the space before it, in the order in which they are first asked for."""
    return [VOCABULARY.setdefault(word, 10 + len(VOCABULARY)) for word in re.findall(r" ?[^ ]+", text)]


def drawn(count: int) -> list[TrainingExample]:
    return [example(pair, spell, 2) for pair in islice(pairs(3), count)]


def test_an_example_asks_for_the_choices_alone() -> None:
    pair = Pair("make the hat red!", parse_line("color hat > red hat"))
    made = example(pair, spell, 2)
    prompt = [2, *spell(" make the hat red"), *spell("\n")]
    assert made.tokens == [*prompt, *spell(" color hat > red hat")]
    places = [place for place, _, _ in made.choices]
    assert places[0] == len(prompt) - 1
    assert all(len(possible) > 1 for _, possible, _ in made.choices)
    following = [*made.tokens[1:], *spell("\n")]
    assert all(following[place] == possible[right] for place, possible, right in made.choices)


@torch.no_grad()
def test_the_scores_are_the_models_logits(tiny: peft.PeftModel) -> None:
    examples = drawn(6)
    result, right = scores(tiny.float(), examples)
    rows = iter(range(len(result)))
    for sample in examples:
        logits = tiny(input_ids=torch.tensor([sample.tokens])).logits[0]
        for place, possible, index in sample.choices:
            row = next(rows)
            assert right[row] == index
            # The one runs in bfloat16.
            torch.testing.assert_close(result[row, : len(possible)], logits[place, possible], atol=0.05, rtol=0.05)
            assert torch.isinf(result[row, len(possible) :]).all()


STEPS = 120


def test_training_goes_on_where_it_stopped(tiny: peft.PeftModel, tmp_path: Path) -> None:
    examples = drawn(16)
    before, _ = check(tiny, examples)
    training = Training(tmp_path, tiny)
    for _ in range(STEPS):
        training.learn(examples, 0.05)
    training.save()
    after, exact = check(tiny, examples)
    assert after < 0.95 * before
    assert 0 <= exact <= 1
    with torch.no_grad():
        for weight in training.weights:
            weight.zero_()
    again = Training(tmp_path, tiny)
    assert again.step == STEPS
    assert check(tiny, examples) == (pytest.approx(after), exact)


def test_batches_hold_what_was_drawn() -> None:
    source = batches(pairs(3), 4, spell, 2)
    tokens = [sample.tokens for batch in islice(source, 16) for sample in batch]
    assert sorted(tokens) == sorted(sample.tokens for sample in drawn(64))


@torch.no_grad()
def test_llama_reads_the_adapter_as_peft_does(studio: Bundle, tmp_path: Path) -> None:
    base = studio.file("parser")
    model = load(base).float()
    torch.manual_seed(0)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            weight.normal_(std=0.02)
    adapter = peft.get_peft_model_state_dict(model, save_embedding_layers=False)
    write(tmp_path / "adapter.gguf", adapter, RANK * SCALE, "random")
    again = read(tmp_path / "adapter.gguf")
    assert again.keys() == adapter.keys()
    assert all(torch.equal(again[name], weight.half().float()) for name, weight in adapter.items())
    plain = LanguageModel(base, 1, room=64)
    adapted = LanguageModel(base, 1, room=64, adapter=tmp_path / "adapter.gguf")
    tokens = adapted.tokenize(" make the old door of the house blue\n")
    among = list(range(0, 262_144, 1024))
    expected = model(input_ids=torch.tensor([[2, *tokens]])).logits[0, -1, among].log_softmax(0).exp().numpy()
    result, without = (np.exp(reader.log_likelihoods(tokens, among)) for reader in (adapted, plain))
    # llama.cpp rounds what goes into each matrix to 8 bits.
    assert np.abs(result - expected).sum() < 0.15
    assert np.abs(without - expected).sum() > 0.5
    plain.close()
    adapted.close()


def test_a_model_made_for_chats_is_asked_in_its_way(studio: Bundle, tmp_path: Path) -> None:
    """The base model with the template of the instruction-tuned ones, which llama.cpp knows by its special tokens."""
    template = "{{ bos_token }}{% for message in messages %}<start_of_turn>{{ message.role }}\n{{ message.content }}"
    command = [sys.executable, "-m", "gguf.scripts.gguf_new_metadata", "--chat-template"]
    made = tmp_path / "chat.gguf"
    subprocess.run([*command, f"{template}<end_of_turn>\n{{% endfor %}}", studio.file("parser"), made], check=True)
    model = LanguageModel(made, 1, room=64)
    assert model.chat_template == "<start_of_turn>user\n{}<end_of_turn>\n<start_of_turn>model\n"
    model.close()
    reader = IntentModel(made, None, 1, "cpu")
    answer = reader.answer("erase the green plant")
    assert answer is not None
    assert set(answer.line.split()[1:]) <= {*["erase", "the", "green", "plant"], *[">", "@", "+", "all", "left"]}
    reader.close()


def test_the_tokens_are_llamas(studio: Bundle) -> None:
    model = LanguageModel(studio.file("parser"), 1, room=16)
    spelled = speller(studio.file("parser"))
    for text in (" color", " man's hat", "\n", " 把汽车"):
        assert tuple(spelled(text)) == model.tokenize(text)
    model.close()
