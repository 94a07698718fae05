"""What the detector is trained on: scenes, captions of present and absent names, and which words fit which object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

from studio.detector.model import MEAN, PIXELS, STD, TEXT_LENGTH
from studio.renderer.scene import Item, SceneRules, random_scene, render
from studio.renderer.varied import vary_rules
from studio.renderer.world import COLOURS, NAMES, STYLES, TEXTURES
from studio.vocabulary import bert_tokenizer

MAX_OBJECTS = 5
UNKNOWN = "zzz"
"""A word outside the vocabulary, which names nothing that is ever there."""
NEGATIVE, IGNORED, POSITIVE = 0, -1, 1
"""Whether a word is true of an object."""


def pixels(image: np.ndarray) -> np.ndarray:
    """uint8[H, W, 3] -> float32[3, PIXELS, PIXELS], normalised as ImageNet is."""
    if image.shape[0] != PIXELS:
        image = cv2.resize(image, (PIXELS, PIXELS), interpolation=cv2.INTER_AREA)
    scaled = (image.astype(np.float32) / 255.0 - np.float32(MEAN)) / np.float32(STD)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1))


def attribute_of(item: Item) -> str | None:
    return item.colour or item.texture


def caption_ids(tokenizer, phrases: list[str]) -> tuple[np.ndarray, np.ndarray, list[list[int]]]:
    """Ids and attention mask, int64[TEXT_LENGTH] each, and for every phrase the positions of its words."""
    encoded = tokenizer.encode(" . ".join(phrases) + " .")
    if len(encoded.ids) > TEXT_LENGTH:
        raise ValueError(f"the caption of {phrases} has {len(encoded.ids)} tokens, over {TEXT_LENGTH}")
    ids = np.zeros(TEXT_LENGTH, np.int64)
    mask = np.zeros(TEXT_LENGTH, np.int64)
    ids[: len(encoded.ids)] = encoded.ids
    mask[: len(encoded.ids)] = 1
    positions: list[list[int]] = [[]]
    for position, token in enumerate(encoded.tokens[1:-1], start=1):
        if token == ".":
            positions.append([])
        else:
            positions[-1].append(position)
    return ids, mask, positions[: len(phrases)]


def _draw_queries(rng: np.random.Generator, items: list[Item]) -> list[tuple[str, str | None]]:
    """(name, attribute) pairs to look for, present and absent ones mixed, short enough for the text length."""
    queries: list[tuple[str, str | None]] = []
    attributes = [*COLOURS, *TEXTURES]
    present = [item for item in items if rng.random() < 0.7]
    for item in present:
        own, draw = attribute_of(item), rng.random()
        if own is not None and draw < 0.5:
            queries.append((item.name, own))
        else:
            queries.append((item.name, str(rng.choice(attributes)) if draw > 0.85 else None))
    others = [str(name) for name in rng.choice(NAMES, size=8, replace=False)]
    absent: list[tuple[str, str | None]] = [
        (name, str(rng.choice(attributes)) if rng.random() < 0.3 else None)
        for name in others
        if name not in {item.name for item in items}
    ]
    if rng.random() < 0.08:
        absent[0] = (UNKNOWN, None)
    if rng.random() < 0.4:
        # A name that is asked for alone is as often absent as present: being asked for must not be evidence.
        return [queries[0] if queries and rng.random() < 0.5 else absent[0]]
    queries += absent[: int(rng.integers(0 if queries else 1, 4))]
    kept, length = [], 2
    for index in rng.permutation(len(queries)):
        name, attribute = queries[index]
        length += len(name.split()) + (attribute is not None) + 1
        if length > TEXT_LENGTH:
            break
        kept.append((name, attribute))
    return kept


def example(rng: np.random.Generator, tokenizer, rules: SceneRules) -> dict[str, torch.Tensor]:
    """One training picture with its caption.

    pixel_values, input_ids, attention_mask: as the model takes them, without the batch's axis.
    boxes: float32[MAX_OBJECTS, 4], (cx, cy, w, h) from 0 to 1; zeros beyond the last object.
    names: int64[MAX_OBJECTS], indices in NAMES; -1 beyond the last object.
    targets: int8[MAX_OBJECTS, TEXT_LENGTH], whether a word of the caption is true of an object. A matching noun is,
    whatever its attribute; a matching attribute is too, and one that does not match is IGNORED.
    """
    scene = random_scene(rng, rules)
    if rng.random() < 0.08:
        scene = replace(scene, style=str(rng.choice(list(STYLES))))
    rendered = render(scene, PIXELS)
    kept = [index for index, share in enumerate(rendered.visible) if share > 0.35]
    items = [scene.items[index] for index in kept]
    queries = _draw_queries(rng, items)
    ids, mask, positions = caption_ids(
        tokenizer, [" ".join(word for word in (attribute, name) if word) for name, attribute in queries]
    )
    boxes = np.zeros((MAX_OBJECTS, 4), np.float32)
    names = np.full(MAX_OBJECTS, -1, np.int64)
    targets = np.zeros((MAX_OBJECTS, TEXT_LENGTH), np.int8)
    for row, (index, item) in enumerate(zip(kept, items, strict=True)):
        x0, y0, x1, y1 = rendered.boxes[index] / PIXELS
        boxes[row] = (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0
        names[row] = NAMES.index(item.name)
        for (name, attribute), words in zip(queries, positions, strict=True):
            if name == item.name:
                targets[row, words] = POSITIVE
                if attribute is not None and attribute != attribute_of(item):
                    targets[row, words[0]] = IGNORED
    image = rendered.image
    if rng.random() < 0.5:
        image = disturb(rng, image)
    return {
        "pixel_values": torch.from_numpy(pixels(image)),
        "input_ids": torch.from_numpy(ids),
        "attention_mask": torch.from_numpy(mask),
        "boxes": torch.from_numpy(boxes),
        "names": torch.from_numpy(names),
        "targets": torch.from_numpy(targets),
    }


def disturb(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """What editing models do to all pixels: noise, brightness, compression."""
    noisy = image.astype(np.float32) * rng.uniform(0.85, 1.12) + rng.standard_normal(image.shape) * rng.uniform(0, 10)
    image = np.clip(noisy, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 95))])
        image = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    return image


class DetectorData(IterableDataset):
    """An endless stream of examples; every worker and every start has its own seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        cv2.setNumThreads(1)
        worker = get_worker_info()
        rng = np.random.default_rng((self.seed, worker.id if worker else 0))
        tokenizer, rules = bert_tokenizer(), SceneRules(count=(1, MAX_OBJECTS), size=(0.18, 0.46), overlap=0.2)
        while True:
            yield example(rng, tokenizer, vary_rules(rng, rules))
