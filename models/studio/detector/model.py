"""The studio's Grounding DINO: transformers' architecture, small, with weights from which a short training succeeds."""

from __future__ import annotations

import torch
from transformers import BertConfig, GroundingDinoConfig, GroundingDinoForObjectDetection, SwinConfig

PIXELS = 160
TEXT_LENGTH = 24
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def detector_config() -> GroundingDinoConfig:
    return GroundingDinoConfig(
        backbone_config=SwinConfig(
            image_size=PIXELS,
            embed_dim=32,
            depths=[1, 1, 3, 1],
            num_heads=[1, 2, 4, 8],
            window_size=5,
            drop_path_rate=0.0,
            out_indices=[3, 4],
        ),
        text_config=BertConfig(
            vocab_size=1030,
            hidden_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=256,
            max_position_embeddings=64,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        ),
        d_model=128,
        num_feature_levels=2,
        num_queries=20,
        encoder_layers=2,
        encoder_ffn_dim=256,
        encoder_attention_heads=4,
        decoder_layers=2,
        decoder_ffn_dim=256,
        decoder_attention_heads=4,
        dropout=0.0,
        fusion_dropout=0.0,
        fusion_droppath=0.0,
        max_text_len=TEXT_LENGTH,
        positional_embedding_temperature=20,
        disable_custom_kernels=True,
    )


def new_detector() -> GroundingDinoForObjectDetection:
    """A detector that is to be trained from scratch.

    The class logit is the plain dot product of a query with a text token, with neither scale nor bias, and both sides
    leave a LayerNorm at length sqrt(128), so untrained logits lie at +-11. Shrinking the text side brings them to +-2,
    and opposite biases along one random direction start them near -4, where those of a rare class belong. The fusion's
    layer scale starts at 1e-4 in the original, which would leave the picture side blind to the text for most of a short
    training.
    """
    model = GroundingDinoForObjectDetection(detector_config())
    direction = torch.where(torch.rand(128) < 0.5, -1.0, 1.0)
    with torch.no_grad():
        text_norm = model.model.encoder.layers[-1].text_enhancer_layer.layer_norm_after
        text_norm.weight.fill_(0.2)
        text_norm.bias.copy_(0.125 * direction)
        for vision_norm in (model.model.enc_output_norm, model.model.decoder.layer_norm):
            vision_norm.bias.copy_(-0.25 * direction)
        for layer in model.model.encoder.layers:
            layer.fusion_layer.vision_param.fill_(0.1)
            layer.fusion_layer.text_param.fill_(0.1)
    return model
