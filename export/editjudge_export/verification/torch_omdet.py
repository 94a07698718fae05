"""OmDet-Turbo by transformers' own classes, in the place of the runtime's detector."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from editjudge.bundles.bundle import Bundle
from editjudge.models.grounding_dino import Detector
from editjudge.models.omdet.phrase_features import PhraseFeatures, PhraseQuery
from editjudge.types import Floats, Image
from editjudge_export.architectures.omdet_turbo_model import OmDetTurboModel
from editjudge_export.architectures.omdet_turbo_size import give_size
from editjudge_export.checkpoints.checkpoint import load_model, load_tokenizer
from editjudge_export.checkpoints.processors import omdet_processor
from editjudge_export.verification.torch_placement import NoSession


class TorchOmDetTurbo(Detector):
    """Picture by picture, each asked for its own phrases alone.

    Args:
        bundle: Whose settings it has.
        checkpoint: The checkpoint folder.
    """

    def __init__(self, bundle: Bundle, checkpoint: Path) -> None:
        settings, tokenizer = bundle.detector, load_tokenizer(checkpoint)
        super().__init__(NoSession(), PhraseFeatures(NoSession(), tokenizer, settings.text_length), settings)
        self._model = give_size(load_model(checkpoint, OmDetTurboModel), settings.height, settings.width)
        self._process = omdet_processor(settings.height, settings.width, checkpoint)
        self._tokenizer = load_tokenizer(checkpoint)
        self._tokenizer.enable_truncation(settings.text_length)
        self._tokenizer.enable_padding(length=settings.text_length)

    def _run(self, images: Sequence[Image], captions: Sequence[PhraseQuery], _: object = None) -> tuple[Floats, Floats]:
        outputs = [self._run_one(image, query) for image, query in zip(images, captions, strict=True)]
        most = max(query.columns for query in captions)
        logits = [
            np.pad(scores, ((0, 0), (0, most - scores.shape[1])), constant_values=-np.inf) for scores, _ in outputs
        ]
        return np.stack(logits), np.stack([boxes for _, boxes in outputs])

    @torch.inference_mode()
    def _run_one(self, image: Image, query: PhraseQuery) -> tuple[Floats, Floats]:
        classes, classes_mask = self._tokenize(query.phrases)
        task, task_mask = self._tokenize([query.sentence])
        output = self._model(
            **self._process([image], return_tensors="pt"),
            classes_input_ids=classes,
            classes_attention_mask=classes_mask,
            tasks_input_ids=task,
            tasks_attention_mask=task_mask,
            classes_structure=torch.tensor([query.columns]),
        )
        return output.decoder_class_logits[0].numpy(), output.decoder_coord_logits[0].numpy()

    def _tokenize(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """As OmDetTurboProcessor does: ids and mask, int64[N, L] each."""
        encodings = self._tokenizer.encode_batch(list(texts))
        ids = torch.tensor([encoding.ids for encoding in encodings])
        return ids, torch.tensor([encoding.attention_mask for encoding in encodings])
