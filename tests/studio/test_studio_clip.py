"""The words, phrases and training material of the studio's CLIP, and what it learns from them."""

from __future__ import annotations

import numpy as np
import pytest

from studio.clip import crops, phrases
from studio.renderer.sprites import sprites_at_hand
from studio.renderer.world import COLOURS, NAMES, STYLES
from studio.vocabulary import WORDS, bert_tokenizer, clip_tokenizer, write_vocabulary

needs_sprites = pytest.mark.skipif(not sprites_at_hand(), reason="the sprites are not there: make sprites")


def test_every_phrase_is_made_of_known_words(tmp_path):
    write_vocabulary(tmp_path / "vocabulary.txt")
    written = (tmp_path / "vocabulary.txt").read_text().split()
    assert tuple(written) == WORDS
    assert {word for phrase in phrases.PHRASES for word in phrase.split()} <= set(written)


def test_clip_tokens_end_in_eos_and_are_padded():
    coded = clip_tokenizer().encode("Blue APPLE")
    assert coded.tokens[:4] == ["[BOS]", "blue", "apple", "[EOS]"]
    assert coded.ids[4:] == [0] * 8
    assert coded.attention_mask == [1] * 4 + [0] * 8


def test_clip_truncates_before_eos():
    assert clip_tokenizer().encode("apple " * 40).tokens == ["[BOS]", *["apple"] * 10, "[EOS]"]


def test_bert_tokens_keep_phrases_apart():
    coded = bert_tokenizer().encode("a blue apple . palm tree.")
    assert coded.tokens == ["[CLS]", "a", "blue", "apple", ".", "palm", "tree", ".", "[SEP]"]
    # transformers' Grounding DINO knows phrases' ends by the numbers that BERT gives these.
    assert [coded.ids[index] for index in (0, 4, 8)] == [101, 1012, 102]


def test_words_that_are_not_known_are_unknown():
    assert bert_tokenizer().encode("zeppelin").tokens == ["[CLS]", "[UNK]", "[SEP]"]
    assert clip_tokenizer(4).encode("zeppelin").ids == [2, 1, 3, 0]


def test_phrase_numbers_name_their_phrases():
    assert phrases.PHRASES[phrases.phrase_id("palm tree")] == "palm tree"
    assert phrases.PHRASES[phrases.phrase_id("apple", "blue")] == "blue apple"
    assert NAMES[phrases.name_of(phrases.phrase_id("apple", "striped"))] == "apple"
    assert phrases.PHRASES[phrases.style_id("gray")] == STYLES["gray"]
    assert phrases.PHRASES[phrases.PHOTOGRAPH_ID] == "photograph"


def test_no_wording_is_cut_off():
    ends = (phrases.phrase_tokens() == 3).sum(axis=-1)
    longest = max(len(wording.format(phrase).split()) for wording in ("a picture of a {}",) for phrase in NAMES)
    assert ends.min() == ends.max() == 1
    assert longest <= 10


def test_a_crop_is_the_grown_box_clipped_to_the_picture():
    image = np.zeros((100, 100, 3), np.uint8)
    image[20:30, 40:60] = 255
    inner = crops.crop(image, np.float32([40, 20, 60, 30]))
    assert inner.shape == (64, 64, 3)
    assert inner[32, 32].min() == 255
    assert inner[0, 0].max() == 0
    # Grown by 1.2: 24 x 12 pixels, of which the box fills 20 x 10.
    assert (inner[..., 0] / 255.0).mean() == pytest.approx(20 * 10 / (24 * 12), abs=0.02)
    assert crops.crop(image, np.float32([-50, -50, 4, 4])).shape == (64, 64, 3)


@needs_sprites
def test_a_batch_is_the_same_for_the_same_seed_and_index():
    first, again, other = (crops.make_batch(3, index, images=20, photographs=1) for index in (0, 0, 1))
    assert all(np.array_equal(one, two) for one, two in zip(first.images, again.images, strict=True))
    assert first.choices == again.choices
    assert first.labels != other.labels


@needs_sprites
def test_the_first_choice_is_the_edit_and_the_others_are_not():
    batch = crops.make_batch(5, 0, images=80, photographs=1)
    for (before, after), kind, choices in zip(batch.pairs, batch.kinds, batch.choices, strict=True):
        assert len(set(choices)) == len(choices) == crops.CHOICES
        source, target = choices[0]
        if kind in ("color", "texture", "replace", "add"):
            assert target == batch.labels[after]
        if kind in ("remove", "style", "add"):
            assert phrases.NOTHING in (source, target)
        if kind == "color":
            assert phrases.PHRASES[target].split()[0] in COLOURS
            assert phrases.name_of(source) == phrases.name_of(batch.labels[before])
