"""The same stages by transformers' own processors and models, in float32: what a bundle's scores are compared with.

Each takes the place of the runtime's stage of the same name in `Scorer`. Pre-processing, models and the upsampling of
masks are transformers'; which boxes count, and the judges, are the runtime's own, as the spec has them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import CLIPModel, GroundingDinoForObjectDetection, SamModel, SamProcessor

from editjudge.bundle import Bundle
from editjudge.caption import Caption, CaptionTokenizer
from editjudge.detect import Detector
from editjudge.embed import Embedder
from editjudge.image import crop_box
from editjudge.scorer import Scorer
from editjudge.segment import GROW, Segmenter, no_masks
from editjudge.types import Boxes, Image, Masks, Ran

from .caption import replaced, separator_ids
from .checkpoint import load_model, load_tokenizer
from .processors import clip_processor, detector_processor, sam_processor

RAN = Ran("cpu", "PyTorch")


def unlike(bundle: Bundle) -> str | None:
    """Why transformers' processors cannot prepare pictures as this bundle does; None where they can."""
    sections = {"clip": bundle.clip, "detector": bundle.detector, "segmenter": bundle.segmenter}
    area = [name for name, settings in sections.items() if settings.resample == "area"]
    return f"transformers does not resize by area, as {', '.join(area)} here" if area else None


def reference_scorer(bundle: Bundle, checkpoints: Mapping[str, Path]) -> Scorer:
    """A scorer with the settings of a bundle, and PyTorch's models in the place of its own.

    checkpoints: the folders of the models, by role: detector, segmenter, clip.
    """
    detector = TorchDetector(bundle, checkpoints["detector"])
    segmenter = TorchSegmenter(bundle, checkpoints["segmenter"])
    return Scorer(bundle, detector, segmenter, TorchEmbedder(bundle, checkpoints["clip"]))


class TorchDetector(Detector):
    """Grounding DINO, each picture with its caption as long as it is."""

    def __init__(self, bundle: Bundle, checkpoint: Path) -> None:
        self.models = {"detector": RAN}
        self._settings = bundle.detector
        self._captions = CaptionTokenizer(bundle.file("detector_tokenizer"), bundle.detector.text_length)
        self._model = load_model(checkpoint, GroundingDinoForObjectDetection)
        settings = bundle.detector
        self._process = detector_processor(settings.height, settings.width, settings.fit, checkpoint)
        self._separators = separator_ids(load_tokenizer(checkpoint))

    def _run(self, images: Sequence[Image], captions: Sequence[Caption]) -> tuple[np.ndarray, np.ndarray]:
        outputs = [self._one(image, caption.input_ids) for image, caption in zip(images, captions, strict=True)]
        logits, boxes = zip(*outputs, strict=True)
        return np.stack(logits), np.stack(boxes)

    @torch.inference_mode()
    def _one(self, image: Image, padded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ids = torch.from_numpy(padded[padded != 0])[None]
        with replaced("SPECIAL_TOKENS", self._separators):
            output = self._model(**self._process([image], return_tensors="pt"), input_ids=ids)
        # Wider than any caption; what is there beyond this one's tokens is no token's.
        logits = output.logits[0, :, : len(padded)].numpy()
        return logits, output.pred_boxes[0].numpy()


class TorchSegmenter(Segmenter):
    """SAM, picture by picture."""

    def __init__(self, bundle: Bundle, checkpoint: Path) -> None:
        self.models = {"sam_encoder": RAN, "sam_decoder": RAN}
        self._settings = bundle.segmenter
        self._model = load_model(checkpoint, SamModel)
        self._process = SamProcessor(sam_processor(bundle.segmenter.size, bundle.segmenter.mask_size, checkpoint))

    def segment(self, images: Sequence[Image], boxes: Sequence[Boxes]) -> list[Masks]:
        return [
            self._one(image, each) if len(each) else no_masks(image.shape[:2])
            for image, each in zip(images, boxes, strict=True)
        ]

    @torch.inference_mode()
    def _one(self, image: Image, boxes: Boxes) -> Masks:
        inputs = self._process(image, input_boxes=[boxes.tolist()], return_tensors="pt")
        sizes = inputs.pop("original_sizes"), inputs.pop("reshaped_input_sizes")
        inputs["input_boxes"] = inputs["input_boxes"].float()
        logits = self._model(**inputs, multimask_output=False).pred_masks
        (masks,) = self._process.image_processor.post_process_masks(logits, *sizes, self._settings.threshold)
        found = np.zeros((len(boxes), *image.shape[:2]), dtype=bool)
        for mine, whole, box in zip(found, masks[:, 0].numpy(), boxes, strict=True):
            near = crop_box(box, GROW, whole.shape)
            mine[near] = whole[near]
        return found


class TorchEmbedder(Embedder):
    """CLIP, all pictures or texts of a call together."""

    def __init__(self, bundle: Bundle, checkpoint: Path) -> None:
        super().__init__(bundle, "cpu")
        self.models = {"clip_vision": RAN, "clip_text": RAN}
        self._model = load_model(checkpoint, CLIPModel)
        self._process = clip_processor(bundle.clip.size, checkpoint)

    @torch.inference_mode()
    def images(self, crops: Sequence[Image]) -> np.ndarray:
        return self._model.get_image_features(**self._process(list(crops), return_tensors="pt")).numpy()

    @torch.inference_mode()
    def _run_texts(self, texts: Sequence[str]) -> np.ndarray:
        encoded = [self._tokenizer.encode(text) for text in texts]
        ids = torch.tensor([each.ids for each in encoded])
        mask = torch.tensor([each.attention_mask for each in encoded])
        return self._model.get_text_features(ids, mask).numpy()
