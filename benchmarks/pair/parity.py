"""Does the exported pair graph compute what PyTorch computes at full size, and how long does one pair take?

    python -m benchmarks.pair.parity [--folder FOLDER] [--pairs 16] [--threads 2] [--rounds 20]

A CLIP ViT-B/16 with random weights (`common.random_checkpoints`) is exported as ViFi-CLIP. Its mean of two frames, and
its texts, are compared with transformers' on drawn inputs; then one pair and one text at a time are timed, warm, on
tensors. Needs the `export` extra, 3 GB of memory, and 1.2 GB of disk.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor
from transformers import CLIPModel

from benchmarks.common.random_checkpoints import save
from benchmarks.common.reporting import Figure, show
from editjudge_export.architectures import vifi_clip
from editjudge_export.architectures.vifi_clip import FRAMES
from editjudge_export.checkpoints.checkpoint import load_model

MODEL = "clip-vit-base-patch16"
GOAL = 1e-5
SEED = 20
SCALE = 1e6
"""Differences are told in millionths."""

Run = Callable[..., np.ndarray]


def open_graph(path: Path, threads: int) -> Run:
    """A graph on ONNX Runtime's CPU provider, as a function of its inputs by name."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda **feeds: np.asarray(session.run(None, feeds)[0])


def draw_texts(model: CLIPModel, count: int) -> Tensor:
    """int64[N, context]: texts of 3 tokens to as many as fit, each with its end token."""
    config, generator = model.config.text_config, torch.Generator().manual_seed(SEED)
    length = config.max_position_embeddings
    ids = torch.randint(1000, config.vocab_size - 2, (count, length), generator=generator)
    ids[:, 0] = config.bos_token_id
    for row, end in zip(ids, torch.linspace(2, length - 1, count).round().int().tolist(), strict=True):
        row[end:] = config.eos_token_id
    return ids


def compare(given: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
    """How far vectors float32[N, D] lie from PyTorch's at the most, in millionths."""
    lengths = np.linalg.norm(wanted, axis=1, keepdims=True)
    gap = np.abs(given - wanted)
    units = np.abs(given / np.linalg.norm(given, axis=1, keepdims=True) - wanted / lengths)
    return {
        "as they come, 1e-6": SCALE * float(gap.max()),
        "as a share of their length, 1e-6": SCALE * float((gap / lengths).max()),
        "of length 1, 1e-6": SCALE * float(units.max()),
        "length, mean": float(lengths.mean()),
    }


def measure(run: Callable[[], object], rounds: int) -> dict[str, float]:
    """Milliseconds of one call, warm."""
    spent = []
    for _ in range(rounds + 2):
        start = time.perf_counter()
        run()
        spent.append((time.perf_counter() - start) * 1e3)
    return {name: float(np.quantile(spent[2:], q)) for name, q in (("least", 0.0), ("p50", 0.5), ("p95", 0.95))}


def batches(values: Tensor, size: int = 4) -> Iterator[Tensor]:
    yield from values.split(size)


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--folder", type=Path, help="where the checkpoint and the graphs are left; else nowhere")
    command_line.add_argument("--pairs", type=int, default=16, help="and as many texts")
    command_line.add_argument("--threads", type=int, default=2)
    command_line.add_argument("--rounds", type=int, default=20)
    options = command_line.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        checkpoint = folder / MODEL if (folder / MODEL).is_dir() else save(MODEL, folder)
        pair_file, text_file, _ = vifi_clip.export(checkpoint, folder / "vifi_clip")
        pair, text = open_graph(pair_file.path, options.threads), open_graph(text_file.path, options.threads)
        model = load_model(checkpoint, CLIPModel)
        side = model.config.vision_config.image_size
        generator = torch.Generator().manual_seed(SEED)
        frames = torch.randn(options.pairs, FRAMES, 3, side, side, generator=generator)
        ids = draw_texts(model, options.pairs)
        seen = torch.ones_like(ids)
        with torch.inference_mode():
            wanted = [
                torch.stack([model.get_image_features(clip).mean(dim=0) for clip in part]) for part in batches(frames)
            ]
            texts = model.get_text_features(ids, seen).numpy()
        given = [pair(frames=part.numpy()) for part in batches(frames)]
        differences = {
            "pair": compare(np.concatenate(given), torch.cat(wanted).numpy()),
            "text": compare(text(input_ids=ids.numpy(), attention_mask=seen.numpy()), texts),
        }
        one, words = frames[:1].numpy(), ids[:1].numpy()
        milliseconds = {
            "pair": measure(lambda: pair(frames=one), options.rounds),
            "text": measure(lambda: text(input_ids=words, attention_mask=np.ones_like(words)), options.rounds),
        }
    figures = [
        Figure(f"{name}_{key}", f"{name}: {what}, of {options.pairs}", row[column], goal and SCALE * goal, False, "e-6")
        for name, row in differences.items()
        for key, what, column, goal in (
            ("share", "largest difference as a share of its vector's length", "as a share of their length, 1e-6", GOAL),
            ("unit", "largest difference of vectors of length 1", "of length 1, 1e-6", GOAL),
        )
    ]
    figures += [Figure(f"{name}_ms", f"one {name}, warm", row["p50"], unit=" ms") for name, row in milliseconds.items()]
    show(
        "pairs as clips at full size",
        figures,
        model=MODEL,
        threads=options.threads,
        difference_from_PyTorch=differences,
        milliseconds=milliseconds,
    )


if __name__ == "__main__":
    main()
