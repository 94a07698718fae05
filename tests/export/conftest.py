"""Checkpoint folders of the three architectures, as small as they come, with random weights.

Imports what only the export extra has where it is used: pytest reads this file in every environment.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

WORDS = "red blue green car dog cat apple banana house tree fire hydrant truck ball star moon boat plane bus"


def tokenizer_file(folder: Path, start: str, end: str) -> None:
    """A word tokenizer with BERT's ids for what transformers' Grounding DINO knows by number."""
    tokenizers = pytest.importorskip("tokenizers")
    ids = {"[PAD]": 0, "[UNK]": 100, start: 101, end: 102, ".": 1012, "?": 1029}
    ids |= {word: place for place, word in enumerate(WORDS.split(), start=1)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=[(start, 101), (end, 102)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))


def saved(folder: Path, build: Callable[[], object], seed: int = 0) -> Path:
    """Saves the model that `build` makes, every weight drawn so that no part of it is blind or silent."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(seed)
    model = build()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim >= 2:
                parameter.normal_(std=0.08)
            else:
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def clip_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import CLIPConfig, CLIPModel  # noqa: PLC0415

    tower = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {**tower, "vocab_size": 1030, "max_position_embeddings": 12, "eos_token_id": 102, "pad_token_id": 0}
    vision = {**tower, "image_size": 32, "patch_size": 8}
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=16)
    folder = saved(tmp_path_factory.mktemp("clip"), lambda: CLIPModel(config))
    tokenizer_file(folder, "[BOS]", "[EOS]")
    return folder


@pytest.fixture(scope="session")
def detector_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Swin of two windows a side, two feature levels, two layers each; 64 x 96 pixels, captions of 16 tokens."""
    from transformers import BertConfig, GroundingDinoConfig, GroundingDinoForObjectDetection, SwinConfig  # noqa: PLC0415

    swin = SwinConfig(
        image_size=64, embed_dim=8, depths=[1, 1, 2, 1], num_heads=[1, 1, 2, 2], window_size=4, out_indices=[3, 4]
    )
    bert = BertConfig(vocab_size=1030, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
    config = GroundingDinoConfig(
        backbone_config=swin, text_config=bert, d_model=32, num_queries=6, num_feature_levels=2, encoder_layers=2,
        decoder_layers=2, encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=64,
        decoder_ffn_dim=64, max_text_len=20,
    )  # fmt: skip
    folder = saved(tmp_path_factory.mktemp("detector"), lambda: GroundingDinoForObjectDetection(config))
    tokenizer_file(folder, "[CLS]", "[SEP]")
    return folder


@pytest.fixture(scope="session")
def sam_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import SamConfig, SamModel  # noqa: PLC0415

    size = {"image_size": 64, "patch_size": 8}
    vision = {
        **size, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "window_size": 3, "mlp_dim": 64,
        "global_attn_indexes": [1], "output_channels": 32, "num_pos_feats": 16,
    }  # fmt: skip
    decoder = {"hidden_size": 32, "mlp_dim": 64, "num_attention_heads": 2, "iou_head_hidden_dim": 32}
    config = SamConfig(
        vision_config=vision,
        prompt_encoder_config={**size, "hidden_size": 32, "mask_input_channels": 4},
        mask_decoder_config=decoder,
    )
    return saved(tmp_path_factory.mktemp("sam"), lambda: SamModel(config))


@pytest.fixture(scope="session")
def dino_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import ViTConfig  # noqa: PLC0415

    from editjudge_export.dino import DinoModel  # noqa: PLC0415

    config = ViTConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=8
    )
    return saved(tmp_path_factory.mktemp("dino"), lambda: DinoModel(config))


@pytest.fixture(scope="session")
def dinov2_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With positions for 4 x 4 patches, of which a picture of 28 pixels a side has 2 x 2."""
    from transformers import Dinov2Config, Dinov2Model  # noqa: PLC0415

    config = Dinov2Config(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, mlp_ratio=2, image_size=56, patch_size=14
    )
    return saved(tmp_path_factory.mktemp("dinov2"), lambda: Dinov2Model(config))


RECIPE = """
name = "tiny"
version = "1"
description = "Random weights."
vocabulary = "vocabulary.txt"

[export.clip]
checkpoint = "{clip}"
precision = "fp16-weights"
source = "a seed"
revision = "1"
licence = "Apache-2.0"

[export.detector]
checkpoint = "{detector}"
source = "a seed"
revision = "2"
licence = "Apache-2.0"

[export.segmenter]
checkpoint = "{sam}"
source = "a seed"
revision = "3"
licence = "Apache-2.0"

[[copy]]
role = "domain"
from = "probe.npz"
path = "domain.npz"
licence = "Apache-2.0"

[[copy]]
from = "words.txt"
path = "vocabulary.txt"

[[file]]
role = "parser"
package = "a_package"
sha256 = "{zeros}"

[clip]
size = 32
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
resample = "area"
fit = "stretch"
context = 12

[detector]
height = 64
width = 96
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
resample = "area"
text_length = 16
box_threshold = 0.3
text_threshold = 0.25

[segmenter]
size = 64
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
resample = "area"
mask_size = 32
threshold = 0.0

[norm]
modify = [-0.2, 0.6]
preserve = [0.5, 1.0]

[domain]
threshold = 0.0
"""


@pytest.fixture(scope="session")
def write_recipe(clip_checkpoint: Path, detector_checkpoint: Path, sam_checkpoint: Path) -> Callable[[Path], Path]:
    """Writes the recipe and what it copies into a folder."""
    folders = {"clip": clip_checkpoint, "detector": detector_checkpoint, "sam": sam_checkpoint}

    def write(folder: Path) -> Path:
        np.savez(folder / "probe.npz", weight=np.ones(16, np.float32), bias=np.float32(0))
        (folder / "words.txt").write_text("cat\ndog\n")
        path = folder / "recipe.toml"
        path.write_text(RECIPE.format(**folders, zeros="0" * 64))
        return path

    return write


@pytest.fixture
def recipe(write_recipe: Callable[[Path], Path], tmp_path: Path) -> Path:
    return write_recipe(tmp_path)


IMAGENET = "mean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]"
OPENAI = "mean = [0.48145466, 0.4578275, 0.40821073]\nstd = [0.26862954, 0.26130258, 0.27577711]"


@pytest.fixture
def usual(recipe: Path) -> Path:
    """The recipe with the pre-processing that transformers' processors have by default."""
    text = recipe.read_text().replace('"area"\nfit = "stretch"', '"bicubic"\nfit = "center_crop"')
    plain = "mean = [0.5, 0.5, 0.5]\nstd = [0.5, 0.5, 0.5]"
    text = text.replace('resample = "area"', 'resample = "bilinear"').replace(plain, OPENAI, 1)
    assert text.count(plain) == 2
    recipe.write_text(text.replace(plain, IMAGENET))
    return recipe
