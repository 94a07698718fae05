"""The models by transformers' own processors and classes, in float32: what a bundle's scores are compared with.

They stand in for the runtime's models of a `Scorer`. Pre-processing, models and the upsampling of masks are
transformers'; which boxes count, and the sub-scores, are the runtime's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import CLIPModel, GroundingDinoForObjectDetection, SamModel, SamProcessor

from editjudge.bundles.bundle import Bundle
from editjudge.bundles.roles import GRAPHS
from editjudge.image.transforms import crop_box
from editjudge.models.clip import Clip
from editjudge.models.grounding_dino import Detector
from editjudge.models.grounding_dino_text import Caption, CaptionTokenizer
from editjudge.models.model_set import ModelSet
from editjudge.models.sam import GROW, Segmenter, no_masks
from editjudge.scorer import Scorer
from editjudge.types import Boxes, Image, Masks
from editjudge_export.architectures.grounding_dino_text import separator_ids, substitute
from editjudge_export.architectures.sam_sizes import resize_positions
from editjudge_export.checkpoints.checkpoint import load_model, load_tokenizer
from editjudge_export.checkpoints.processors import clip_processor, detector_processor, sam_processor
from editjudge_export.verification.torch_omdet import TorchOmDetTurbo
from editjudge_export.verification.torch_placement import PYTORCH, NoSession


def why_not_comparable(bundle: Bundle) -> str | None:
    """Why transformers' processors cannot prepare pictures as this bundle does; None where they can."""
    sections = {"clip": bundle.clip, "detector": bundle.detector, "segmenter": bundle.segmenter}
    area = [name for name, settings in sections.items() if settings.resample == "area"]
    return f"transformers does not resize by area, as {', '.join(area)} here" if area else None


def load_reference(bundle: Bundle, checkpoints: Mapping[str, Path]) -> Scorer:
    """A scorer with the settings of a bundle and the models of PyTorch.

    Args:
        bundle: It has to be comparable (`why_not_comparable`).
        checkpoints: The checkpoint folders of detector, segmenter and clip.

    Raises InputError for a checkpoint that cannot be loaded.
    """
    models = {
        Detector: DETECTORS[bundle.detector.architecture](bundle, checkpoints["detector"]),
        Segmenter: TorchSegmenter(bundle, checkpoints["segmenter"]),
        Clip: TorchClip(bundle, checkpoints["clip"]),
    }
    return Scorer(ModelSet(bundle, "cpu", models=models, placements=dict.fromkeys(GRAPHS, PYTORCH)), look="all")


class TorchDetector(Detector):
    """Grounding DINO, picture by picture, with captions as long as they are."""

    def __init__(self, bundle: Bundle, checkpoint: Path) -> None:
        settings = bundle.detector
        captions = CaptionTokenizer(bundle.file("detector_tokenizer"), settings.text_length)
        super().__init__(NoSession(), captions, settings)
        self._model = load_model(checkpoint, GroundingDinoForObjectDetection)
        self._process = detector_processor(settings.height, settings.width, settings.fit, checkpoint)
        self._separators = separator_ids(load_tokenizer(checkpoint))

    def _run(
        self, images: Sequence[Image], captions: Sequence[Caption], _: object = None
    ) -> tuple[np.ndarray, np.ndarray]:
        outputs = [self._run_one(image, caption.input_ids) for image, caption in zip(images, captions, strict=True)]
        logits, boxes = zip(*outputs, strict=True)
        return np.stack(logits), np.stack(boxes)

    @torch.inference_mode()
    def _run_one(self, image: Image, padded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ids = torch.from_numpy(padded[padded != 0])[None]
        with substitute("SPECIAL_TOKENS", self._separators):
            output = self._model(**self._process([image], return_tensors="pt"), input_ids=ids)
        # There are more logits than a caption has tokens; those beyond this one's belong to none.
        logits = output.logits[0, :, : len(padded)].numpy()
        return logits, output.pred_boxes[0].numpy()


DETECTORS: dict[str, Callable[[Bundle, Path], Detector]] = {
    "grounding-dino": TorchDetector,
    "omdet-turbo": TorchOmDetTurbo,
}
"""By the architecture, with the settings of a bundle and the weights of a checkpoint folder."""


class TorchSegmenter:
    """SAM, picture by picture."""

    def __init__(self, bundle: Bundle, checkpoint: Path) -> None:
        self._threshold = bundle.segmenter.threshold
        self._model = resize_positions(load_model(checkpoint, SamModel), bundle.segmenter.size)
        self._process = SamProcessor(sam_processor(bundle.segmenter.size, bundle.segmenter.mask_size, checkpoint))

    def segment(self, images: Sequence[Image], boxes: Sequence[Boxes]) -> list[Masks]:
        return [
            self._segment_one(image, prompts) if len(prompts) else no_masks(image.shape[:2])
            for image, prompts in zip(images, boxes, strict=True)
        ]

    @torch.inference_mode()
    def _segment_one(self, image: Image, boxes: Boxes) -> Masks:
        inputs = self._process(image, input_boxes=[boxes.tolist()], return_tensors="pt")
        sizes = inputs.pop("original_sizes"), inputs.pop("reshaped_input_sizes")
        inputs["input_boxes"] = inputs["input_boxes"].float()
        logits = self._model(**inputs, multimask_output=False).pred_masks
        (upsampled,) = self._process.image_processor.post_process_masks(logits, *sizes, self._threshold)
        masks = np.zeros((len(boxes), *image.shape[:2]), dtype=bool)
        for mask, whole, box in zip(masks, upsampled[:, 0].numpy(), boxes, strict=True):
            near = crop_box(box, GROW, whole.shape)
            mask[near] = whole[near]
        return masks


class TorchClip:
    """CLIP, all pictures or texts of a call together; the tokens are the runtime's."""

    def __init__(self, bundle: Bundle, checkpoint: Path) -> None:
        self._model = load_model(checkpoint, CLIPModel)
        self._process = clip_processor(bundle.clip.size, checkpoint)
        self._own = ModelSet(bundle, "cpu", open_session=lambda *_: _TextSession(self._model)).model(Clip)

    @torch.inference_mode()
    def images(self, crops: Sequence[Image]) -> np.ndarray:
        return self._model.get_image_features(**self._process(list(crops), return_tensors="pt")).numpy()

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        return self._own.texts(texts)


class _TextSession:
    """Stands in for the session of CLIP's text graph."""

    placement = PYTORCH

    def __init__(self, model: CLIPModel) -> None:
        self._model = model

    @torch.inference_mode()
    def run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        tensors = {name: torch.from_numpy(array) for name, array in feeds.items()}
        return {"text_embeds": self._model.get_text_features(**tensors).numpy()}
