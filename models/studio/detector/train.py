"""Trains the studio's Grounding DINO, from scratch or on from the bundle that has it.

    PYTHONPATH=models python -m studio.detector.train --out runs/detector --images 120000
    PYTHONPATH=models python -m studio.detector.train --out runs/detector --start models/editjudge_models/studio

The learning rate is constant until the last third of the images and then falls to nothing. A run may be stopped, and
resumes from the checkpoint in its folder; it ends at the number of images that is given. The checkpoint has the running
average of the weights.
"""

from __future__ import annotations

import argparse
import copy
import time
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader
from transformers import GroundingDinoForObjectDetection

from studio.detector.checkpoint import TrainingLog, load_state, save_checkpoint
from studio.detector.data import DetectorData, caption_ids, pixels
from studio.detector.loss import corners, decoder_loss, encoder_loss, naming_loss
from studio.detector.model import new_detector
from studio.exported_weights import load_weights
from studio.renderer.scene import SceneRules, random_scene, render
from studio.renderer.world import NAMES
from studio.vocabulary import bert_tokenizer

BATCH = 32
NAMING, CLASS, BOX = 1.0, 2.0, 0.3
"""Weights of the parts of the loss."""
KEPT = 0.998
"""What a step leaves of the running average of the weights."""


class NameTexts:
    """Every name as a caption of its own, for the contrast with all names."""

    def __init__(self) -> None:
        tokenizer = bert_tokenizer()
        rows = [caption_ids(tokenizer, [name]) for name in NAMES]
        self.ids = torch.from_numpy(np.stack([ids for ids, _, _ in rows]))[:, :6]
        self.mask = torch.from_numpy(np.stack([mask for _, mask, _ in rows]))[:, :6]
        self.last = torch.tensor([positions[0][-1] for _, _, positions in rows])

    def features(self, model: GroundingDinoForObjectDetection) -> torch.Tensor:
        """float[V, D]: the names after the text side alone, without a picture."""
        from transformers.models.grounding_dino.modeling_grounding_dino import (  # noqa: PLC0415
            generate_masks_with_special_tokens_and_transfer_map as phrase_masks,
        )

        inner = model.model
        attends, positions = phrase_masks(self.ids)
        text = inner.text_backbone(self.ids, attends, torch.zeros_like(self.ids), positions).last_hidden_state
        text = inner.text_projection(text)
        for layer in inner.encoder.layers:
            embedded = layer.get_text_position_embeddings(text, None, positions)
            text = layer.fusion_layer.layer_norm_text(text)
            text, _ = layer.text_enhancer_layer(text, attention_masks=attends, position_embeddings=embedded)
        return text[torch.arange(len(text)), self.last]


def losses(model: GroundingDinoForObjectDetection, names: NameTexts, batch: dict) -> tuple[torch.Tensor, dict]:
    """The loss on a batch, and its parts."""
    captured: dict[str, torch.Tensor] = {}
    hook = model.model.enc_output_norm.register_forward_hook(lambda _m, _i, out: captured.update(queries=out))
    with torch.autocast("cpu", torch.bfloat16):
        out = model(**{name: batch[name] for name in ("pixel_values", "input_ids", "attention_mask")})
        texts = names.features(model)
    hook.remove()
    named, right = naming_loss(captured["queries"].float(), texts.float(), batch)
    enc_class, enc_box = encoder_loss(out.enc_outputs_class.float(), out.enc_outputs_coord_logits.float(), batch)
    total = NAMING * named + CLASS * enc_class + BOX * enc_box
    parts = {"name": named, "right": right, "enc_class": enc_class, "enc_box": enc_box}
    layers = out.intermediate_hidden_states.shape[1]
    for layer in range(layers):
        reference = out.init_reference_points if layer == 0 else out.intermediate_reference_points[:, layer - 1]
        hidden = out.intermediate_hidden_states[:, layer].float()
        logits = hidden @ out.encoder_last_hidden_state_text.float().transpose(-1, -2)
        logits = logits.masked_fill(batch["attention_mask"][:, None] == 0, -30.0)
        boxes = (model.bbox_embed[layer](hidden) + torch.special.logit(reference, eps=1e-5)).sigmoid()
        dec_class, dec_box = decoder_loss(logits, boxes, batch)
        total = total + (CLASS * dec_class + BOX * dec_box) / (layers if layer < layers - 1 else 1)
    return total, parts | {"dec_class": dec_class, "dec_box": dec_box}


@torch.no_grad()
def evaluate(model: GroundingDinoForObjectDetection, scenes: int = 96, threshold: float = 0.45) -> dict[str, float]:
    """Recall of present names at IoU 0.5, and false alarms of absent ones, asked for one by one in held-out scenes."""
    model.eval()
    rng, tokenizer = np.random.default_rng(10**6), bert_tokenizer()
    found, alarms, hits = 0, 0, 0
    for _ in range(scenes // 16):
        images, phrases, truths = [], [], []
        for _ in range(16):
            scene = random_scene(rng, SceneRules(held_out=True))
            rendered = render(scene, 320)
            pick = int(rng.integers(len(scene.items)))
            absent = str(rng.choice([name for name in NAMES if name not in {item.name for item in scene.items}]))
            images += [pixels(rendered.image)] * 2
            phrases += [scene.items[pick].name, absent]
            truths.append(torch.from_numpy(rendered.boxes[pick] / 320))
        rows = [caption_ids(tokenizer, [phrase]) for phrase in phrases]
        out = model(
            pixel_values=torch.from_numpy(np.stack(images)),
            input_ids=torch.from_numpy(np.stack([ids for ids, _, _ in rows])),
            attention_mask=torch.from_numpy(np.stack([mask for _, mask, _ in rows])),
        )
        scores = torch.stack([out.logits[i][:, rows[i][2][0]].sigmoid().amax(-1) for i in range(len(rows))])
        best = scores.max(-1)
        for index, truth in enumerate(truths):
            box = corners(out.pred_boxes[2 * index, best.indices[2 * index]])
            inner = (torch.minimum(box[2:], truth[2:]) - torch.maximum(box[:2], truth[:2])).clamp(min=0).prod()
            union = (box[2:] - box[:2]).prod() + (truth[2:] - truth[:2]).prod() - inner
            hits += bool(inner / union > 0.5)
            found += bool(inner / union > 0.5 and best.values[2 * index] > threshold)
            alarms += bool(best.values[2 * index + 1] > threshold)
    model.train()
    return {"recall": found / scenes, "box_hit": hits / scenes, "alarms": alarms / scenes}


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--out", type=Path, default=Path("runs/detector"))
    command_line.add_argument("--images", type=int, default=120_000)
    command_line.add_argument("--rate", type=float, default=6e-4)
    command_line.add_argument("--start", type=Path, metavar="BUNDLE", help="a bundle whose detector is trained on")
    command_line.add_argument("--threads", type=int, default=2)
    options = command_line.parse_args()
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)

    torch.manual_seed(0)
    model, names, log = new_detector(), NameTexts(), TrainingLog(options.out / "train.log")
    if options.start is not None:
        load_weights(model, [options.start / "detector.onnx"])
    average = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.rate, weight_decay=1e-4, betas=(0.9, 0.98), fused=True)
    seen = load_state(options.out, model, average, optimizer)
    log(f"{sum(p.numel() for p in model.parameters()):,} parameters, resuming at {seen} of {options.images} images")
    stream = iter(DataLoader(DetectorData(seed=seen), batch_size=BATCH, num_workers=1, prefetch_factor=4))
    model.train()
    clock, since, sums, steps = time.perf_counter(), seen, {}, 0
    while seen < options.images:
        cooling = min(1.0, max(0.02, (1 - seen / options.images) / 0.33))
        for group in optimizer.param_groups:
            group["lr"] = options.rate * cooling * min(1.0, (seen + BATCH) / 8000)
        loss, parts = losses(model, names, next(stream))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - KEPT)
        seen += BATCH
        steps += 1
        for key, value in parts.items():
            sums[key] = sums.get(key, 0.0) + float(torch.as_tensor(value).detach())
        if steps % 25 == 0:
            rate = (seen - since) / (time.perf_counter() - clock)
            log(f"{seen} " + " ".join(f"{key} {value / 25:.3f}" for key, value in sums.items()) + f" {rate:.0f}/s")
            clock, since, sums = time.perf_counter(), seen, {}
        if steps % 200 == 0 or seen >= options.images:
            figures = evaluate(average)
            log(f"{seen} " + " ".join(f"{key} {value:.3f}" for key, value in figures.items()))
            save_checkpoint(options.out, average, model, optimizer, seen=seen, tokenizer=bert_tokenizer())
            clock = time.perf_counter()


if __name__ == "__main__":
    main()
