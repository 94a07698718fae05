"""Grounding DINO with the text's masks and position ids as inputs.

transformers derives both from the token ids in a Python loop, which tracing would bake for the one caption it saw;
here they are computed by whoever runs the graph (`caption.caption_inputs` is the reference for that).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import GroundingDinoForObjectDetection
from transformers.models.grounding_dino.modeling_grounding_dino import GroundingDinoObjectDetectionOutput

from editjudge.errors import InputError

from .caption import TEXT_INPUTS, caption_inputs, replaced, separator_ids
from .checkpoint import load_model, load_tokenizer, tokenizer_path
from .export import Exported, Storage, copy_file, export_graphs
from .graph import Graph, Tensors

PHRASES = (1, 2, 4)
"""Phrases per caption in the comparison with PyTorch."""
FEW_QUERIES = 100
"""Up to this many, inputs are drawn until one ranks its proposals clearly; with more none is likely to."""


class Detector(nn.Module):
    """Six tensors -> logits float32[B, Q, T] (padding: -inf), pred_boxes float32[B, Q, 4] (cx, cy, w, h in 0..1).

    pixel_values float32[B, 3, H, W]; input_ids, attention_mask, token_type_ids, position_ids int64[B, T];
    text_self_attention_mask bool[B, T, T], true inside each phrase.
    """

    def __init__(self, model: GroundingDinoForObjectDetection) -> None:
        super().__init__()
        self.model = model

    def forward(  # noqa: PLR0917  (the exporter binds the graph's inputs by position)
        self,
        pixel_values: Tensor,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor,
        position_ids: Tensor,
        text_self_attention_mask: Tensor,
    ) -> tuple[Tensor, Tensor]:
        def given_masks(_: Tensor) -> tuple[Tensor, Tensor]:
            return text_self_attention_mask, position_ids

        with replaced("generate_masks_with_special_tokens_and_transfer_map", given_masks):
            output = self.model(
                pixel_values=pixel_values,
                input_ids=input_ids,
                attention_mask=attention_mask,
                token_type_ids=token_type_ids,
            )
        return output.logits[..., : input_ids.shape[1]], output.pred_boxes


def export(
    checkpoint: Path, folder: Path, storage: Storage = "fp32", *, height: int, width: int, text_length: int
) -> list[Exported]:
    """Writes detector.onnx and detector_tokenizer.json. Raises InputError or GateError."""
    model, tokenizer = load_model(checkpoint, GroundingDinoForObjectDetection), load_tokenizer(checkpoint)
    exported = export_graphs(model, lambda each: graphs(each, tokenizer, height, width, text_length), folder, storage)
    return [*exported, copy_file(tokenizer_path(checkpoint), folder, "detector_tokenizer")]


def graphs(
    model: GroundingDinoForObjectDetection, tokenizer: Tokenizer, height: int, width: int, text_length: int
) -> list[Graph]:
    """The one graph, `detector`, for pictures of height x width and captions padded to text_length tokens."""
    config = model.config
    highest = max(tokenizer.get_vocab().values())
    if highest >= config.text_config.vocab_size:
        raise InputError(f"The tokenizer has an id {highest}, and the model only {config.text_config.vocab_size} ids.")
    longest = min(config.max_text_len, config.text_config.max_position_embeddings)
    if not 4 <= text_length <= longest:
        raise InputError(f"The text length is {text_length} tokens; this Grounding DINO takes 4 to {longest}.")
    config.disable_custom_kernels = True
    for module in model.modules():
        if hasattr(module, "disable_custom_kernels"):
            module.disable_custom_kernels = True
    separators = separator_ids(tokenizer)
    words = sorted(token for token in tokenizer.get_vocab() if token.isascii() and token.isalpha() and token.islower())

    def phrase(generator: torch.Generator, longest: int) -> str:
        count = int(torch.randint(1, longest + 1, (), generator=generator))
        return " ".join(words[place] for place in torch.randint(len(words), (count,), generator=generator).tolist())

    def examples(generator: torch.Generator, batch: int) -> Iterator[Tensors]:
        for phrases in PHRASES:
            room = min(3, (text_length - 2) // phrases - 1)  # words beside the separator, [CLS] and [SEP] apart
            if room < 1:
                continue
            for _ in range(8):
                pixels = torch.randn(batch, 3, height, width, generator=generator)
                captions = [" . ".join(phrase(generator, room) for _ in range(phrases)) + " ." for _ in range(batch)]
                drawn = {"pixel_values": pixels, **caption_inputs(captions, tokenizer, text_length)}
                if settled(drawn):
                    break
            yield drawn

    @torch.inference_mode()
    def run(inputs: Tensors) -> GroundingDinoObjectDetectionOutput:
        names = ("pixel_values", "input_ids", "attention_mask", "token_type_ids")
        with replaced("SPECIAL_TOKENS", separators):
            return model(**{name: inputs[name] for name in names})

    def settled(inputs: Tensors) -> bool:
        queries = config.num_queries
        return queries > FEW_QUERIES or _clearly_ranked(run(inputs).enc_outputs_class, queries)

    def reference(inputs: Tensors) -> Tensors:
        output = run(inputs)
        return {"logits": output.logits[..., :text_length], "pred_boxes": output.pred_boxes}

    return [
        Graph(
            role="detector",
            module=Detector(model),
            inputs={name: {0: "batch"} for name in ("pixel_values", *TEXT_INPUTS)},
            outputs={"logits": {0: "batch"}, "pred_boxes": {0: "batch"}},
            examples=examples,
            reference=reference,
            compared={"logits": torch.sigmoid},
        )
    ]


def _clearly_ranked(scores: Tensor | None, queries: int) -> bool:
    """Whether the best proposals of float32[B, S, T] scores lie apart by more than float32 arithmetic is certain of.

    Where two do not, their order, and with it what two queries look at, is not the exporter's to keep.
    """
    if scores is None:
        return True
    best = scores.amax(dim=-1).topk(min(queries + 1, scores.shape[1])).values
    gaps = -best.diff()
    return bool((gaps[gaps > 0] > 1e-5).all())
