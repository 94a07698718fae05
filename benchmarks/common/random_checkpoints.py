"""Checkpoints of the published architectures at their full size, in the hub's format, with random weights.

    python -m benchmarks.common.random_checkpoints FOLDER [NAME...]

Speed, memory and whether an export computes what PyTorch computes do not depend on what the weights were trained for.
The tokenizers have as many ids as the published ones, and the same ids for special tokens, but they know only `WORDS`
and letters.
"""

from __future__ import annotations

import argparse
import string
from collections.abc import Callable
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    BertConfig,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    DetrImageProcessor,
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    GroundingDinoImageProcessor,
    OmDetTurboConfig,
    OmDetTurboForObjectDetection,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    SamConfig,
    SamImageProcessor,
    SamModel,
    SwinConfig,
)

WORDS = (
    *("a", "the", "red", "blue", "green", "black", "white", "small", "large", "old", "wooden", "cat", "dog", "horse"),
    *("bird", "car", "bus", "boat", "plane", "bicycle", "ball", "cup", "table", "chair", "lamp", "house", "tree"),
    *("flower", "man", "woman", "child", "hat", "shirt", "road", "river", "hill", "sky", "hydrant", "bench", "banana"),
)


def clip(patch: int, width: int = 768, layers: int = 12, text_width: int = 512, projection: int = 512) -> CLIPModel:
    vision = {
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": width // 64,
        "patch_size": patch,
        "image_size": 224,
    }
    text = {
        "hidden_size": text_width,
        "intermediate_size": 4 * text_width,
        "num_attention_heads": text_width // 64,
        "num_hidden_layers": 12,
        "bos_token_id": 49406,
        "eos_token_id": 49407,
        "pad_token_id": 49407,
    }
    return CLIPModel(CLIPConfig(vision_config=vision, text_config=text, projection_dim=projection))


def grounding_dino(width: int, depths: list[int], heads: list[int], window: int) -> GroundingDinoForObjectDetection:
    swin = SwinConfig(
        image_size=224 if window == 7 else 384,
        embed_dim=width,
        depths=depths,
        num_heads=heads,
        window_size=window,
        out_indices=[2, 3, 4],
    )
    return GroundingDinoForObjectDetection(GroundingDinoConfig(backbone_config=swin, text_config=BertConfig()))


def omdet_turbo(width: int, depths: list[int], heads: list[int]) -> OmDetTurboForObjectDetection:
    """With transformers' own Swin, of the same size and speed as that of timm, which the published one has."""
    swin = SwinConfig(image_size=640, embed_dim=width, depths=depths, num_heads=heads, out_indices=[2, 3, 4])
    config = OmDetTurboConfig(
        use_timm_backbone=False, backbone=None, backbone_config=swin, apply_layernorm_after_vision_backbone=False
    )
    return OmDetTurboForObjectDetection(config)


def sam(width: int, layers: int, heads: int, hidden: int, global_layers: list[int]) -> SamModel:
    vision = {
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "mlp_dim": hidden,
        "global_attn_indexes": global_layers,
    }
    return SamModel(SamConfig(vision_config=vision))


MODELS: dict[str, Callable[[], PreTrainedModel]] = {
    "clip-vit-base-patch32": lambda: clip(32),
    "clip-vit-base-patch16": lambda: clip(16),
    "clip-vit-large-patch14": lambda: clip(14, 1024, 24, 768, 768),
    "grounding-dino-tiny": lambda: grounding_dino(96, [2, 2, 6, 2], [3, 6, 12, 24], 7),
    "grounding-dino-base": lambda: grounding_dino(128, [2, 2, 18, 2], [4, 8, 16, 32], 12),
    "omdet-turbo-swin-tiny-hf": lambda: omdet_turbo(96, [2, 2, 6, 2], [3, 6, 12, 24]),
    "SlimSAM-uniform-77": lambda: sam(168, 12, 12, 696, [2, 5, 8, 11]),
    "sam-vit-base": lambda: sam(768, 12, 12, 3072, [2, 5, 8, 11]),
    "sam-vit-huge": lambda: sam(1280, 32, 16, 5120, [7, 15, 23, 31]),
}


def save(name: str, folder: Path, seed: int = 0) -> Path:
    """Writes the checkpoint folder/name: config, safetensors, preprocessor_config and, except for SAM, a tokenizer."""
    torch.manual_seed(seed)
    model = MODELS[name]()
    draw_weights(model)
    path = folder / name
    model.save_pretrained(path)
    if isinstance(model, CLIPModel):
        CLIPImageProcessor().save_pretrained(path)
        clip_tokenizer().save_pretrained(path)
    elif isinstance(model, SamModel):
        SamImageProcessor().save_pretrained(path)
    elif isinstance(model, OmDetTurboForObjectDetection):
        omdet_image_processor().save_pretrained(path)
        clip_tokenizer().save_pretrained(path)
    else:
        GroundingDinoImageProcessor().save_pretrained(path)
        bert_tokenizer().save_pretrained(path)
    return path


def draw_weights(model: PreTrainedModel) -> None:
    """Draws every weight so that signals keep their magnitude through all layers and every part has an effect.

    transformers' own initial weights would leave parts of all three models at zero: box heads, gates, positions.
    """
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim >= 2:
                inputs = parameter.shape[-1] if "embed" in name else parameter[0].numel()
                parameter.normal_(std=min(0.08, inputs**-0.5))
            elif "norm" in name.lower() and name.endswith("weight"):
                parameter.normal_(1.0, 0.05)
            else:
                parameter.normal_(std=0.02)
            if "query_position_embeddings" in name:
                # All queries alike, so that the order of two proposals with equal scores does not matter: with random
                # weights that order depends on the last digit far more often than with trained ones.
                parameter.copy_(parameter[:1].expand_as(parameter))
            if name in ("model.decoder.layer_norm.weight", "model.enc_output_norm.weight"):
                # Scores are products of 256 features with 256 others: scaled, they lie between 0 and 1, not at an end.
                parameter.mul_(0.1)


def omdet_image_processor() -> DetrImageProcessor:
    """As the published checkpoint's: pixels stay between 0 and 255, and so do mean and deviation."""
    return DetrImageProcessor(
        size={"height": 640, "width": 640},
        do_rescale=False,
        do_pad=False,
        image_mean=[123.675, 116.28, 103.53],
        image_std=[58.395, 57.12, 57.375],
    )


def bert_tokenizer() -> PreTrainedTokenizerFast:
    """30,522 ids, with the special ones where bert-base-uncased has them."""
    special = {"[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102, "[MASK]": 103, ".": 1012, "?": 1029}
    letters = [f"{prefix}{letter}" for letter in string.ascii_lowercase + string.digits for prefix in ("", "##")]
    pieces = dict.fromkeys([*WORDS, *letters])
    ids = special | {piece: 2000 + index for index, piece in enumerate(pieces)}
    ids |= {f"[unused{index}]": index for index in set(range(30522)) - set(ids.values())}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 101), ("[SEP]", 102)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )


def clip_tokenizer() -> PreTrainedTokenizerFast:
    """49,408 ids, with start and end where OpenAI's CLIP has them; bytes only, no merges."""
    pieces = [f"{byte}{end}" for end in ("", "</w>") for byte in sorted(pre_tokenizers.ByteLevel.alphabet())]
    ids = {piece: index for index, piece in enumerate(pieces)}
    ids |= {f"<|{index}|>": index for index in range(len(pieces), 49406)}
    ids |= {"<|startoftext|>": 49406, "<|endoftext|>": 49407}
    tokenizer = Tokenizer(models.BPE(ids, [], end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|startoftext|> $A <|endoftext|>",
        special_tokens=[("<|startoftext|>", 49406), ("<|endoftext|>", 49407)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<|endoftext|>",
        eos_token="<|endoftext|>",
        bos_token="<|startoftext|>",
        model_max_length=77,
    )


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("folder", type=Path)
    command_line.add_argument(
        "names",
        nargs="*",
        choices=[*MODELS, []],
        default=[],
        metavar="NAME",
        help=f"all by default: {', '.join(MODELS)}",
    )
    options = command_line.parse_args()
    for name in options.names or MODELS:
        print(save(name, options.folder))


if __name__ == "__main__":
    main()
