"""The recipe that the paper's authors released, on transformers and PyTorch: what editjudge is compared with.

It does what joyli-x/BPM does at de6e4c3, one picture at a time: Grounding DINO on the original and on the edited
picture, SAM on both, CLIP on one crop and one text at a time, with nothing kept from one candidate to the next. The
code is our own. It takes decoded pictures of 500 x 500, the frame that the released code scores in, and leaves out what
that code computes but does not use, so it is somewhat faster than the original.

Random weights find no objects, so to make the two comparable some rules are editjudge's: the best boxes of a phrase are
used whatever their scores, which are those of the phrase's own tokens; two boxes that overlap by half are one; masks
end a little outside their boxes; crops are rounded outwards. Both sides widen slivers. All this takes negligible time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPModel, GroundingDinoForObjectDetection, PreTrainedModel, SamModel, SamProcessor

from editjudge.bundles.bundle import Bundle
from editjudge.image.boxes import area, iou, to_corners
from editjudge.image.transforms import crop_box
from editjudge.models.grounding_dino import NMS_IOU
from editjudge.models.sam import GROW
from editjudge.types import Boxes, EditIntent, Image
from editjudge.utils.timing import StageTimer
from editjudge_export.checkpoints.checkpoint import load_tokenizer
from editjudge_export.checkpoints.processors import clip_processor, detector_processor, sam_processor

if TYPE_CHECKING:
    from benchmarks.speedup.bundles import InputSizes

FRAME = 500
CROP = 1.5
MOVED = 0.4
LARGER, SMALLER = 1.2, 0.8
SMALLEST = 0.2
"""As a share of a picture's side: boxes of random weights are often less than a pixel high, too little to crop."""


@dataclass(frozen=True)
class ReferenceScore:
    """What the reference says of an edit.

    Attributes:
        sub_scores: modify, preserve, position and size, raw.
        work: What went through the models.
        seconds: By stage, and in "total".
    """

    sub_scores: dict[str, float]
    work: Counter[str]
    seconds: dict[str, float]


class ReferencePipeline:
    """The released recipe.

    Args:
        sizes: How pictures go into the models; a bundle of the same models says it too.
        checkpoints: The folders of the models' checkpoints, by role.
        boxes: How many boxes of a phrase are used.
        device: cpu or cuda.
        compiled: Whether it runs by torch.compile, else eagerly.
        half: Whether it runs in half precision, else in float32; by default in half where it is compiled.
    """

    def __init__(
        self,
        sizes: InputSizes | Bundle,
        checkpoints: Mapping[str, Path],
        boxes: int,
        device: str = "cpu",
        compiled: bool = False,
        *,
        half: bool | None = None,
    ) -> None:
        self._device, self._compiled, self._boxes = torch.device(device), compiled, boxes
        self._half = compiled if half is None else half
        detector, segmenter, clip = sizes.detector, sizes.segmenter, sizes.clip
        self._detector = self._load(checkpoints["detector"], GroundingDinoForObjectDetection)
        self._segmenter = self._load(checkpoints["segmenter"], SamModel)
        self._clip = self._load(checkpoints["clip"], CLIPModel)
        self._for_detector = detector_processor(detector.height, detector.width, detector.fit, checkpoints["detector"])
        self._for_segmenter = SamProcessor(sam_processor(segmenter.size, segmenter.mask_size, checkpoints["segmenter"]))
        self._for_clip = clip_processor(clip.size, checkpoints["clip"])
        self._captions = load_tokenizer(checkpoints["detector"])
        self._texts = load_tokenizer(checkpoints["clip"])
        self._threshold = segmenter.threshold
        self._work: Counter[str] = Counter()

    def score(self, original: Image, edited: Image, intent: EditIntent) -> ReferenceScore:
        """Scores a local edit; both pictures are uint8[500, 500, 3]."""
        timer, self._work = StageTimer(), Counter()
        phrase = intent.anchor if intent.source is None else intent.source
        with timer.stage("detect"):
            before = self._find(original, phrase) if phrase else None
            after = self._find(edited, intent.target) if intent.target else None
        region = after if intent.source is None else before
        with timer.stage("embed"):
            modify = self._modify(original, edited, region, intent)
        with timer.stage("segment"):
            masks = [
                self._segment(picture, region)
                for picture, phrase in ((original, intent.source), (edited, intent.target))
                if phrase
            ]
        with timer.stage("judge"):
            sub_scores = {
                "modify": modify,
                "preserve": preserve(original, edited, np.any(masks, axis=0)),
                "position": position(intent, before, after),
                "size": size(intent, before, after),
            }
        seconds = {stage: milliseconds / 1000 for stage, milliseconds in timer.read().items()}
        return ReferenceScore(sub_scores, self._work, seconds)

    def _load(self, folder: Path, architecture: type[PreTrainedModel]) -> PreTrainedModel:
        """Loads a checkpoint; transformers chooses the implementation of attention, the fastest that it has."""
        model = architecture.from_pretrained(folder, local_files_only=True).eval().to(self._device)
        if self._compiled:
            # CLIP is not called by `forward`, so its parts are compiled; so are SAM's, which have fixed shapes.
            for part in ("vision_model", "text_model", "vision_encoder", "mask_decoder"):
                if hasattr(model, part):
                    getattr(model, part).compile()
            if architecture is GroundingDinoForObjectDetection:
                model.compile()
        return model

    @contextmanager
    def _running(self) -> Iterator[None]:
        with torch.inference_mode(), torch.autocast(self._device.type, torch.float16, enabled=self._half):
            yield

    def _find(self, picture: Image, phrase: str) -> Boxes:
        ids = torch.tensor([self._captions.encode(f"{phrase.lower()} .").ids], device=self._device)
        inputs = self._for_detector([picture], input_data_format="channels_last", return_tensors="pt")
        with self._running():
            output = self._detector(**inputs.to(self._device), input_ids=ids)
        scores = output.logits[0, :, 1 : ids.shape[1] - 2].float().sigmoid().amax(dim=1).cpu().numpy()
        corners = to_corners(output.pred_boxes[0].float().cpu().numpy(), picture.shape[1], picture.shape[0])
        self._work["pictures looked at"] += 1
        return widen_slivers(select_best(corners[np.argsort(-scores, kind="stable")], self._boxes), picture.shape)

    def _segment(self, picture: Image, boxes: Boxes) -> NDArray[np.bool_]:
        """bool[H, W]: the union of the masks of all boxes."""
        inputs = self._for_segmenter(picture, input_boxes=[boxes.tolist()], return_tensors="pt")
        sizes = inputs.pop("original_sizes"), inputs.pop("reshaped_input_sizes")
        inputs["input_boxes"] = inputs["input_boxes"].float()
        with self._running():
            logits = self._segmenter(**inputs.to(self._device), multimask_output=False).pred_masks
        (masks,) = self._for_segmenter.image_processor.post_process_masks(logits.float(), *sizes, self._threshold)
        union = np.zeros(picture.shape[:2], dtype=bool)
        for mask, box in zip(masks[:, 0].cpu().numpy(), boxes, strict=True):
            near = crop_box(box, GROW, mask.shape)
            union[near] |= mask[near]
        self._work["pictures segmented"] += 1
        self._work["boxes"] += len(boxes)
        return union

    def _modify(self, original: Image, edited: Image, boxes: Boxes, intent: EditIntent) -> float:
        """The cosine of the change of the crops with the change of the texts; one box crops both pictures."""
        around = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
        crop = crop_box(around, CROP, original.shape)
        change = self._embed_picture(edited[crop]) - self._embed_picture(original[crop])
        if intent.source is None:
            wanted = self._embed_text(intent.target)
        elif intent.target is None:
            wanted = -self._embed_text(intent.source)
        else:
            wanted = self._embed_text(intent.target) - self._embed_text(intent.source)
        return torch.cosine_similarity(change, wanted).item()

    def _embed_picture(self, crop: Image) -> Tensor:
        inputs = self._for_clip([crop], input_data_format="channels_last", return_tensors="pt").to(self._device)
        self._work["crops"] += 1
        with self._running():
            return self._clip.get_image_features(**inputs).float()

    def _embed_text(self, text: str) -> Tensor:
        ids = torch.tensor([self._texts.encode(text).ids], device=self._device)
        self._work["texts"] += 1
        with self._running():
            return self._clip.get_text_features(ids).float()


def select_best(boxes: Boxes, count: int) -> Boxes:
    """The first `count` of boxes, which come best first, that do not overlap a better one."""
    kept: list[NDArray[np.float32]] = []
    for box in boxes:
        if len(kept) == count:
            break
        if all(iou(box, other) <= NMS_IOU for other in kept):
            kept.append(box)
    return np.array(kept, dtype=np.float32)


def widen_slivers(boxes: Boxes, shape: tuple[int, ...]) -> Boxes:
    """The boxes, each grown about its centre to at least SMALLEST of the picture's width and height."""
    picture = np.array([shape[1], shape[0]])
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = np.maximum((boxes[:, 2:] - boxes[:, :2]) / 2, SMALLEST / 2 * picture)
    corners = [np.maximum(centre - half, 0), np.minimum(centre + half, picture)]
    return np.concatenate(corners, axis=1).astype(np.float32)


def preserve(original: Image, edited: Image, changed: NDArray[np.bool_]) -> float:
    """1 - the mean distance outside of what was to change, in uint8, which wraps, as in the released code."""
    difference = edited - original
    distance = np.sqrt((difference**2).mean(axis=2))[~changed]
    return 1.0 - (float(distance.mean()) / 255 if distance.size else 0.0)


def position(intent: EditIntent, before: Boxes | None, after: Boxes | None) -> float:
    """Whether added things are where they should be in relation to the first anchor; 1 for all edits but adds."""
    if intent.source is not None or before is None or after is None:
        return 1.0
    outcomes = [_stands(box, before[0], intent.position) for box in after]
    return 1.0 if all(outcomes) else 0.5 if any(outcomes) else 0.0


def _stands(box: NDArray[np.float32], other: NDArray[np.float32], relation: str) -> bool:
    right, down = ((box[:2] + box[2:]) - (other[:2] + other[2:])) / 2
    along, across = {"left": (-right, down), "right": (right, down), "up": (-down, right), "down": (down, right)}[
        relation
    ]
    return bool(along > 0 and along > abs(across) and iou(box, other) < MOVED)


def size(intent: EditIntent, before: Boxes | None, after: Boxes | None) -> float:
    """Whether the first boxes show the change of size; 1 for all edits but changes of size."""
    if intent.edit_type != "size" or before is None or after is None:
        return 1.0
    ratio = area(after[0]) / area(before[0])
    return float({"larger": ratio > LARGER, "smaller": ratio < SMALLER}[intent.size])
