"""Fits the probe that tells the studio's world from photographs.

    PYTHONPATH=models python -m studio.calibration.domain_probe runs/clip [--start domain.npz]

It adds up two logits: a linear one on the L2-normalised CLIP embedding of the whole picture, and that of a small
network on the picture itself and that embedding (`editjudge.models.picture_net`). domain.npz, in the folder, has
`weight` float32[D], `bias` float32[] and the layers of the network. The bias is shifted so that a logit below 0 means
out of domain. Of the photographs of packages some are held out, by their names; none of any benchmark is looked at.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import CLIPModel

from editjudge import Scorer
from editjudge.image.transforms import resize
from editjudge.models.clip import Clip
from editjudge.models.domain_probe import Probe
from editjudge.models.picture_net import SIDE, WINDOWS, PictureNet
from editjudge.types import Image
from studio.calibration.domain_pictures import draw_scene, drift
from studio.clip.crops import whole
from studio.clip.evaluate import HELD_OUT_SEED, embed_images
from studio.renderer.everyday import everyday_photographs, photographed_objects
from studio.renderer.photographs import draw_foreign, held_out_photograph

FALSE_ALARMS = 0.03
"""The share of held-out scenes that lie below the threshold."""
THRESHOLD_SEED = HELD_OUT_SEED + 7
CHANNELS = (24, 48)
HIDDEN = 48
SCALE = 4.0
"""What the parts of an embedding of length 1 are multiplied by, to be about as large as the rest."""
HALF_BATCH = 64
RATE = 3e-3
DECAY = 1e-2

Embed = Callable[[list[Image]], NDArray[np.float32]]


class Net(nn.Module):
    """What Probe computes, to be trained."""

    def __init__(self, width: int) -> None:
        super().__init__()
        (side, step), (upper_side, upper_step) = WINDOWS
        self.linear = nn.Linear(width, 1)
        self.edges = nn.Conv2d(3, CHANNELS[0], side, step)
        self.shapes = nn.Conv2d(CHANNELS[0], CHANNELS[1], upper_side, upper_step)
        self.drop = nn.Dropout(0.3)
        self.hidden = nn.Linear(2 * CHANNELS[1] + width, HIDDEN)
        self.output = nn.Linear(HIDDEN, 1, bias=False)

    def forward(self, features: Tensor, pictures: Tensor) -> Tensor:
        """logits[N] of features float32[N, D], L2-normalised, and pictures uint8[N, SIDE, SIDE, 3]."""
        values = F.relu(self.edges(pictures.permute(0, 3, 1, 2) / 255 - 0.5))
        values = F.relu(self.shapes(values))
        known = torch.cat([values.mean((2, 3)), values.amax((2, 3)), features * SCALE], 1)
        seen = self.output(F.relu(self.hidden(self.drop(known))))
        logits: Tensor = (self.linear(self.drop(features) * SCALE) + seen)[:, 0]
        return logits

    def probe(self, threshold: float) -> Probe:
        """The same in NumPy, with 0 as the threshold in place of this one."""

        def flat(layer: nn.Conv2d) -> NDArray[np.float32]:
            return array(layer.weight.permute(2, 3, 1, 0).flatten(0, 2))

        hidden = self.hidden.weight.T.clone()
        hidden[2 * CHANNELS[1] :] *= SCALE
        return Probe(
            array(self.linear.weight[0] * SCALE), self.linear.bias.item() - threshold, 0.0,
            PictureNet(
                flat(self.edges), array(self.edges.bias), flat(self.shapes), array(self.shapes.bias),
                array(hidden), array(self.hidden.bias), array(self.output.weight[0]),
            ),
        )  # fmt: skip

    @torch.no_grad()
    def start_from(self, path: Path) -> None:
        """Takes over the layers that look at windows from the file of another probe; the rest stays random."""
        with np.load(path) as arrays:
            for layer, name in ((self.edges, "edges"), (self.shapes, "shapes")):
                kept, channels, side = torch.from_numpy(arrays[name]), layer.in_channels, layer.kernel_size[0]
                layer.weight.copy_(kept.reshape(side, side, channels, -1).permute(3, 2, 0, 1))
                assert layer.bias is not None
                layer.bias.copy_(torch.from_numpy(arrays[f"{name}_bias"]))


def array(tensor: Tensor | None) -> NDArray[np.float32]:
    assert tensor is not None
    return tensor.detach().contiguous().numpy()


def fit(features: Tensor, pictures: Tensor, inside: int, steps: int, start: Path | None = None) -> Net:
    """The network whose logit is high for the first `inside` pictures; both classes weigh the same."""
    torch.manual_seed(0)
    net = Net(features.shape[1])
    if start:
        net.start_from(start)
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    wanted = torch.cat([torch.ones(HALF_BATCH), torch.zeros(HALF_BATCH)])
    for _ in range(steps):
        chosen = torch.cat([
            torch.randint(0, inside, (HALF_BATCH,)),
            torch.randint(inside, len(pictures), (HALF_BATCH,)),
        ])  # fmt: skip
        loss = F.binary_cross_entropy_with_logits(net(features[chosen], pictures[chosen]), wanted)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return net.eval()


def embedder(folder: Path) -> Embed:
    """Embeds whole pictures with a trained CLIP, or with that of a bundle."""
    if (folder / "config.json").is_file():
        model = CLIPModel.from_pretrained(folder)
        return lambda pictures: embed_images(model, [whole(picture) for picture in pictures]).numpy()
    clip = Scorer.load(str(folder)).models.model(Clip)
    return lambda pictures: np.concatenate([clip.images(pictures[at : at + 64]) for at in range(0, len(pictures), 64)])


def train(embed: Embed, out: Path, count: int, steps: int, start: Path | None = None) -> dict[str, float]:
    """Fits the probe, writes it, and returns its figures on held-out scenes and photographs."""
    photographs, objects = everyday_photographs(held_out=False), photographed_objects(held_out=False)
    rng = np.random.default_rng(1)
    drawn = [drift(rng, draw_scene(rng, photographs)) for _ in range(count)]
    drawn += [drift(rng, draw_foreign(rng, photographs, objects)) for _ in range(count)]
    features = F.normalize(torch.from_numpy(embed(drawn)), dim=-1)
    pictures = torch.from_numpy(np.stack([resize(picture, SIDE, SIDE, "area") for picture in drawn]))
    net = fit(features, pictures, count, steps, start)

    kept, kept_objects = everyday_photographs(held_out=True), photographed_objects(held_out=True)
    some = count // 8
    rng = np.random.default_rng(THRESHOLD_SEED)
    scenes = [draw_scene(rng, kept, held_out=True) for _ in range(2 * some)]
    probe = net.probe(float(np.quantile(logits(net.probe(0.0), embed, scenes), FALSE_ALARMS)))
    write_probe(probe, out)

    rng = np.random.default_rng(HELD_OUT_SEED)
    groups = {
        "scenes_flagged": [draw_scene(rng, kept, held_out=True) for _ in range(some)],
        "photographs_flagged": [held_out_photograph(rng) for _ in range(some)],
        "everyday_photographs_flagged": [draw_foreign(rng, kept, kept_objects) for _ in range(some)],
    }
    return {name: float((logits(probe, embed, group) < 0).mean()) for name, group in groups.items()}


def write_probe(probe: Probe, path: Path) -> None:
    """Writes the file whole or not at all."""
    assert probe.net is not None
    scratch = path.with_suffix(".part.npz")
    np.savez(scratch, weight=probe.weight, bias=np.float32(probe.bias), **vars(probe.net))
    scratch.replace(path)


def logits(probe: Probe, embed: Embed, pictures: list[Image]) -> NDArray[np.float64]:
    """Of each picture."""
    pairs = zip(embed(pictures), pictures, strict=True)
    return np.array([probe.logit(feature, picture) for feature, picture in pairs])


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("clip", type=Path, help="the folder of the trained CLIP, or of a bundle that has it")
    command_line.add_argument("--out", type=Path, help="by default domain.npz in that folder")
    command_line.add_argument("--start", type=Path, help="a probe whose first two layers are the ones to begin with")
    command_line.add_argument("--count", type=int, default=6000, help="pictures of each class")
    command_line.add_argument("--steps", type=int, default=2500)
    options = command_line.parse_args()
    torch.set_num_threads(1)
    out = options.out or options.clip / "domain.npz"
    figures = train(embedder(options.clip), out, options.count, options.steps, options.start)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
