"""Checkpoint folders of every architecture, as small as they come, with random weights; needs the export extra."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tokenizers
import torch
from transformers import (
    BertConfig,
    CLIPConfig,
    CLIPModel,
    Dinov2Config,
    Dinov2Model,
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    OmDetTurboConfig,
    OmDetTurboForObjectDetection,
    PreTrainedModel,
    SamConfig,
    SamModel,
    SwinConfig,
    ViTConfig,
)

from editjudge_export.architectures.dino import DinoModel
from editjudge_export.architectures.edit_network import EditClipConfig, EditClipModel, Form

WORDS = "red blue green car dog cat apple banana house tree fire hydrant truck ball star moon boat plane bus"


def save_tokenizer(folder: Path, start: str, end: str, ends: tuple[int, int] = (101, 102)) -> None:
    """A word tokenizer with BERT's ids for what transformers' Grounding DINO knows by number."""
    ids = {"[PAD]": 0, "[UNK]": 100, start: ends[0], end: ends[1], ".": 1012, "?": 1029}
    ids |= {word: place for place, word in enumerate(WORDS.split(), start=1)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=[(start, ends[0]), (end, ends[1])]
    )
    tokenizer.save(str(folder / "tokenizer.json"))


def save_model(folder: Path, build: Callable[[], PreTrainedModel], seed: int = 0) -> Path:
    """Saves the model that `build` makes, every weight drawn so that no part of it is blind or silent."""
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


def save_clip(folder: Path) -> Path:
    """Pictures of 32 pixels a side, texts of 12 tokens."""
    tower = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {**tower, "vocab_size": 1030, "max_position_embeddings": 12, "eos_token_id": 102, "pad_token_id": 0}
    vision = {**tower, "image_size": 32, "patch_size": 8}
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=16)
    save_model(folder, lambda: CLIPModel(config))
    save_tokenizer(folder, "[BOS]", "[EOS]")
    return folder


def save_detector(folder: Path) -> Path:
    """Swin of two windows a side, two feature levels, two layers each; 64 x 96 pixels, captions of 16 tokens."""
    swin = SwinConfig(
        image_size=64, embed_dim=8, depths=[1, 1, 2, 1], num_heads=[1, 1, 2, 2], window_size=4, out_indices=[3, 4]
    )
    bert = BertConfig(vocab_size=1030, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
    config = GroundingDinoConfig(
        backbone_config=swin, text_config=bert, d_model=32, num_queries=6, num_feature_levels=2, encoder_layers=2,
        decoder_layers=2, encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=64,
        decoder_ffn_dim=64, max_text_len=20,
    )  # fmt: skip
    save_model(folder, lambda: GroundingDinoForObjectDetection(config))
    save_tokenizer(folder, "[CLS]", "[SEP]")
    return folder


def omdet_config(**changes: Any) -> OmDetTurboConfig:
    """Swin of transformers, three feature levels, two layers; texts of 16 tokens."""
    swin = SwinConfig(
        image_size=64, embed_dim=8, depths=[1, 1, 2, 1], num_heads=[1, 1, 2, 2], window_size=4, out_indices=[2, 3, 4]
    )
    text = {
        "model_type": "clip_text_model", "vocab_size": 1032, "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 20, "bos_token_id": 1030,
        "eos_token_id": 1031, "pad_token_id": 0,
    }  # fmt: skip
    sizes = {
        "text_projection_in_dim": 32, "text_projection_out_dim": 32, "task_encoder_hidden_dim": 32,
        "class_embed_dim": 32, "num_queries": 12, "vision_features_channels": [16, 16, 16], "encoder_hidden_dim": 16,
        "encoder_in_channels": [16, 32, 64], "encoder_attention_heads": 2, "encoder_dim_feedforward": 32,
        "decoder_hidden_dim": 16, "decoder_num_heads": 2, "decoder_num_layers": 2, "decoder_dim_feedforward": 32,
    }  # fmt: skip
    backbone = {
        "use_timm_backbone": False, "backbone": None, "backbone_config": swin,
        "apply_layernorm_after_vision_backbone": False,
    }  # fmt: skip
    return OmDetTurboConfig(text_config=text, **(sizes | backbone | changes))


def save_omdet(folder: Path) -> Path:
    """As `omdet_config`; pictures of 64 x 96 pixels."""
    save_model(folder, lambda: OmDetTurboForObjectDetection(omdet_config()))
    save_tokenizer(folder, "[BOS]", "[EOS]", ends=(1030, 1031))
    return folder


def save_sam(folder: Path) -> Path:
    """Pictures of 64 pixels a side, masks of 32."""
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
    return save_model(folder, lambda: SamModel(config))


def save_dino(folder: Path) -> Path:
    """Pictures of 32 pixels a side."""
    config = ViTConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=8
    )
    return save_model(folder, lambda: DinoModel(config))


def save_dinov2(folder: Path) -> Path:
    """With positions for 4 x 4 patches, of which a picture of 28 pixels a side has 2 x 2."""
    config = Dinov2Config(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, mlp_ratio=2, image_size=56, patch_size=14
    )
    return save_model(folder, lambda: Dinov2Model(config))


def save_edit_clip(folder: Path, form: Form = "framed", features: int = 16) -> Path:
    """For the features of `save_clip`; instructions of 12 tokens."""
    text = {
        "vocab_size": 1030, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
        "num_attention_heads": 2, "max_position_embeddings": 12, "eos_token_id": 102, "pad_token_id": 0,
    }  # fmt: skip
    config = EditClipConfig(features, form, width=32, layers=2, heads=2, projection=24, text=text)
    save_model(folder, lambda: EditClipModel(config))
    save_tokenizer(folder, "[BOS]", "[EOS]")
    return folder
