"""Trains the studio's segmenter, a micro SAM that turns a picture and boxes into masks, on scenes rendered as it goes.

    PYTHONPATH=models python -m studio.segmenter.train --out runs/sam --minutes 45 --compile
    PYTHONPATH=models python -m studio.segmenter.train --out runs/sam --start models/editjudge_models/studio
    PYTHONPATH=models python -m studio.segmenter.train --out runs/sam --evaluate 400 --sheet masks.png

The first trains, or resumes what is in the folder; the second goes on from the bundle that has it; the third measures
the result and draws it.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import shutil
import time
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from torch import nn
from torch.utils.data import DataLoader, Dataset
from transformers import SamConfig, SamMaskDecoderConfig, SamModel, SamPromptEncoderConfig, SamVisionConfig

from studio.exported_weights import load_weights
from studio.renderer.scene import boxes_of
from studio.segmenter.examples import LOW, MEAN, SIZE, STD, TRAIN, SegmenterExample, held_out_example, training_example

BATCH = 8
"""Pictures in a step."""


def micro_sam() -> SamModel:
    """SAM with 24 x 24 tokens of 8 pixels, three windowed layers and a global one, and random weights."""
    # transformers sets SAM up for loading, not for training: it draws the encoder's weights with a deviation of 1e-10,
    # and the frequencies of the position encoding with one of hidden_size / 2 instead of 1, so corners become noise.
    vision = SamVisionConfig(
        hidden_size=128,
        num_hidden_layers=4,
        num_attention_heads=2,
        mlp_dim=384,
        image_size=SIZE,
        patch_size=8,
        window_size=8,
        global_attn_indexes=[2],
        output_channels=64,
        num_pos_feats=32,
    )
    prompt = SamPromptEncoderConfig(hidden_size=64, image_size=SIZE, patch_size=8, mask_input_channels=8)
    decoder = SamMaskDecoderConfig(
        hidden_size=64, mlp_dim=128, num_hidden_layers=2, num_attention_heads=4, iou_head_hidden_dim=64
    )
    parts = {"vision_config": vision, "prompt_encoder_config": prompt, "mask_decoder_config": decoder}
    model = SamModel(SamConfig(**{name: part.to_dict() for name, part in parts.items()}))
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d | nn.Embedding):
            module.reset_parameters()
    model.shared_image_embedding.positional_embedding.normal_()
    model.prompt_encoder.shared_embedding.positional_embedding.copy_(model.shared_image_embedding.positional_embedding)
    nn.init.normal_(model.vision_encoder.pos_embed, std=0.02)
    return model


class SegmenterBatches(Dataset[tuple[torch.Tensor, ...]]):
    """Item k is always the batch of step k: pixels[B, 3, 192, 192], boxes[B, N, 4], low[B, N, 96, 96]."""

    def __getitem__(self, step: int) -> tuple[torch.Tensor, ...]:
        examples = [training_example(np.random.default_rng((TRAIN, step, index))) for index in range(BATCH)]
        columns = ([getattr(example, name) for example in examples] for name in ("pixels", "boxes", "low"))
        return tuple(torch.from_numpy(np.stack(column)) for column in columns)


def losses(logits: torch.Tensor, iou_scores: torch.Tensor, boxes: torch.Tensor, low: torch.Tensor) -> torch.Tensor:
    """BCE per area of the box, dice, and a little of the IoU head's squared error.

    Args:
        logits: float[B, N, 96, 96], of the masks.
        iou_scores: float[B, N], what the model expects its IoU to be.
        boxes: float[B, N, 4].
        low: float[B, N, 96, 96], the true masks.
    """
    sides = (boxes[..., 2:] - boxes[..., :2]).clamp(min=8) * (LOW / SIZE)
    # Dividing by the box's area gives small objects the weight of large ones.
    bce = F.binary_cross_entropy_with_logits(logits, low, reduction="none").sum(dim=(2, 3)) / sides.prod(dim=-1)
    share = logits.sigmoid()
    dice = 1 - (2 * (share * low).sum(dim=(2, 3)) + 1) / (share.sum(dim=(2, 3)) + low.sum(dim=(2, 3)) + 1)
    with torch.no_grad():
        found, true = logits > 0, low > 0.5
        iou = (found & true).sum(dim=(2, 3)) / (found | true).sum(dim=(2, 3)).clamp(min=1)
    return (bce + dice + 0.1 * (iou_scores - iou) ** 2).mean()


@torch.no_grad()
def predict(model: SamModel, example: SegmenterExample) -> NDArray[np.bool_]:
    """bool[N, 192, 192]: the masks in an example's boxes, upsampled bilinearly and cut at 0, as in the runtime."""
    out = model(
        pixel_values=torch.from_numpy(example.pixels)[None],
        input_boxes=torch.from_numpy(example.boxes)[None],
        multimask_output=False,
    )
    logits = F.interpolate(out.pred_masks[0], size=(SIZE, SIZE), mode="bilinear", align_corners=False)
    return (logits[:, 0] > 0).numpy()


def evaluate(model: SamModel, count: int, jitter: float = 0.0, padded: bool = False) -> dict[str, float]:
    """Mean IoU at 192 pixels of the objects of `count` held-out scenes: all, by size of the box, and thin ones."""
    model.eval()
    ious, sides, fills = [], [], []
    for index in range(count):
        example = held_out_example(index, jitter, padded)
        found, true = predict(model, example), example.masks
        ious.append((found & true).sum(axis=(1, 2)) / (found | true).sum(axis=(1, 2)))
        width, height = (boxes := boxes_of(true))[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
        sides.append(np.maximum(width, height))
        fills.append(true.sum(axis=(1, 2)) / (width * height))
    iou, side, fill = np.concatenate(ious), np.concatenate(sides), np.concatenate(fills)
    groups = {
        "iou": side > 0,
        "small (side < 48 px)": side < 48,
        "middle (48 to 64 px)": (side >= 48) & (side < 64),
        "large (64 px and more)": side >= 64,
        "thin (fills < 45 % of its box)": fill < 0.45,
    }
    figures = {name: round(float(iou[group].mean()), 4) for name, group in groups.items() if group.any()}
    return {**figures, "share under 0.7": round(float((iou < 0.7).mean()), 4), "objects": len(iou)}


def draw_sheet(model: SamModel, path: Path, count: int = 24) -> None:
    """Draws held-out pictures, six in a row, with the masks tinted green, missed pixels blue, and false ones red."""
    model.eval()
    tiles = []
    for index in range(count):
        example = held_out_example(5_000 + index, jitter=0.04, padded=index % 6 == 5)
        found, true = predict(model, example), example.masks
        picture = (example.pixels.transpose(1, 2, 0) * STD + MEAN) * 255
        for mask, colour in ((found & true, (40, 220, 80)), (found & ~true, (255, 0, 0)), (true & ~found, (0, 0, 255))):
            here = mask.any(axis=0)
            picture[here] = picture[here] * 0.45 + np.array(colour) * 0.55
        plain = (example.pixels.transpose(1, 2, 0) * STD + MEAN) * 255
        tiles.append(np.vstack([plain, picture]))
    rows = [np.hstack(tiles[start : start + 6]) for start in range(0, count, 6)]
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows).clip(0, 255).astype(np.uint8), cv2.COLOR_RGB2BGR))


def save(out: Path, model: SamModel, state: dict[str, object]) -> None:
    """Writes the averaged model in Hugging Face's layout and the training state; an interruption loses nothing."""
    fresh = out / "model.part"
    shutil.rmtree(fresh, ignore_errors=True)
    model.save_pretrained(fresh)
    for file in fresh.iterdir():
        os.replace(file, out / file.name)
    fresh.rmdir()
    torch.save(state, out / "state.part")
    os.replace(out / "state.part", out / "state.pt")


def rate(progress: float, peak: float) -> float:
    """The learning rate after a share of the time budget: a warm-up over 2 %, then a cosine down to a hundredth."""
    return peak * min(progress / 0.02, 0.505 + 0.495 * math.cos(math.pi * min(progress, 1.0)))


def train(out: Path, minutes: float, *, every: float, peak: float, compiled: bool, start: Path | None) -> None:
    """Trains, or resumes, until so many minutes were spent altogether; evaluates and saves every so many minutes."""
    torch.manual_seed(0)
    model = micro_sam()
    if start is not None:
        load_weights(model, [start / "sam_encoder.onnx", start / "sam_decoder.onnx"])
    average = copy.deepcopy(model)
    optimiser = torch.optim.AdamW(model.parameters(), lr=peak, betas=(0.9, 0.98), weight_decay=0.01)
    step, spent = 0, 0.0
    if (out / "state.pt").exists():
        state = torch.load(out / "state.pt", weights_only=True)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent = state["step"], state["spent"]
    forward = torch.compile(model) if compiled else model
    budget, last, recent = minutes * 60, spent, []
    log = (out / "train.log").open("a", buffering=1)
    print(f"from step {step}, {sum(p.numel() for p in model.parameters()):,} parameters", file=log)
    model.train()
    clock = time.perf_counter()
    for pixels, boxes, low in DataLoader(
        SegmenterBatches(), batch_size=None, sampler=range(step, 10**9), num_workers=1
    ):
        with torch.autocast("cpu", torch.bfloat16):
            result = forward(pixel_values=pixels, input_boxes=boxes, multimask_output=False)
        loss = losses(result.pred_masks[:, :, 0].float(), result.iou_scores[:, :, 0].float(), boxes, low)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimiser.param_groups:
            group["lr"] = rate(spent / budget, peak)
        optimiser.step()
        keep = min(0.998, step / (step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - keep)
        now = time.perf_counter()
        step, spent, clock = step + 1, spent + now - clock, now
        recent.append(loss.item())
        if step % 50 == 0:
            print(f"step {step} images {step * BATCH} minutes {spent / 60:.1f} loss {np.mean(recent):.4f}", file=log)
            recent = []
        if spent - last >= every * 60 or spent >= budget:
            last = spent
            trained = {"model": model, "average": average, "optimiser": optimiser}
            state = {name: part.state_dict() for name, part in trained.items()}
            save(out, average, {**state, "step": step, "spent": spent})
            print(f"step {step} minutes {spent / 60:.1f} {json.dumps(evaluate(average, 50))}", file=log)
        if spent >= budget:
            return


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--out", type=Path, required=True, help="folder of the checkpoint, the state and the log")
    command_line.add_argument("--minutes", type=float, default=45, help="time budget; the learning rate follows it")
    command_line.add_argument("--every", type=float, default=3, help="minutes between evaluations and checkpoints")
    command_line.add_argument("--rate", type=float, default=1e-3, help="peak learning rate")
    command_line.add_argument("--start", type=Path, metavar="BUNDLE", help="a bundle whose segmenter is trained on")
    command_line.add_argument("--threads", type=int, default=1)
    command_line.add_argument(
        "--compile", action="store_true", help="torch.compile: faster, after a minute or two of compiling"
    )
    command_line.add_argument("--evaluate", type=int, metavar="N", help="no training: figures over N held-out scenes")
    command_line.add_argument("--sheet", type=Path, help="no training: a PNG of held-out pictures with their masks")
    options = command_line.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.evaluate is None and options.sheet is None:
        train(
            options.out,
            options.minutes,
            every=options.every,
            peak=options.rate,
            compiled=options.compile,
            start=options.start,
        )
        return
    model = SamModel.from_pretrained(options.out)
    if options.evaluate is not None:
        for name, kind in (("true boxes", {}), ("boxes off by 8 %", {"jitter": 0.08}), ("padded", {"padded": True})):
            print(name, json.dumps(evaluate(model, options.evaluate, **kind)))
    if options.sheet is not None:
        draw_sheet(model, options.sheet)


if __name__ == "__main__":
    main()
