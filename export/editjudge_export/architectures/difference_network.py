"""The network that finds what differs between two pictures: siamese at first, then one trunk on what both show.

Both pictures go through the same first layers; from a quarter of their side on, the features of each and how far they
are apart go through one trunk, whose levels down to a 32nd of the side are added up again, as in a feature pyramid.
Every cell of the finest level says of itself what FCOS says: of what kind a change there is, where its box ends, and
how good that box is.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel

KINDS = 3
"""ADD, REMOVE, EDIT."""
STRIDE = 4
"""Pixels of the input between the centres of two cells."""
REACH = 16.0
"""Pixels that a box's side is away where the network says 1."""
RARE = -4.0
"""The logit of a change before anything was learnt: most cells have none."""


class DifferenceConfig(PretrainedConfig):
    """The widths and depths of the network.

    Args:
        size: Pixels of a side of the pictures; a multiple of 32.
        stem: Channels at a half and a quarter of the side, of each picture.
        widths: Channels of the trunk at a 4th, 8th, 16th and 32nd.
        depths: Residual blocks of the trunk at each.
        pyramid: Channels of the pyramid and the heads.
        folded: Whether the normalisation is folded into the convolutions, as it is once training is over.
    """

    model_type = "editjudge-difference"

    def __init__(
        self,
        size: int = 256,
        stem: tuple[int, int] = (16, 32),
        widths: tuple[int, ...] = (48, 64, 96, 128),
        depths: tuple[int, ...] = (1, 2, 2, 2),
        pyramid: int = 48,
        *,
        folded: bool = False,
        **others: object,
    ) -> None:
        self.size, self.stem, self.widths, self.depths = size, tuple(stem), tuple(widths), tuple(depths)
        self.pyramid, self.folded = pyramid, folded
        super().__init__(**others)


class DifferenceModel(PreTrainedModel):
    """original, edited float32[N, 3, S, S] from 0 to 1 -> kind, box, quality, mask at every fourth pixel.

    kind float32[N, 3, S/4, S/4]: logits of ADD, REMOVE and EDIT. box float32[N, 4, ...]: pixels from the cell's centre
    to the left, top, right and bottom side of the box, from 0. quality float32[N, 1, ...]: the logit of that box's IoU.
    mask float32[N, 1, ...]: the logit that something changed there.
    """

    config_class = DifferenceConfig

    def __init__(self, config: DifferenceConfig) -> None:
        super().__init__(config)
        half, quarter = config.stem
        widths, folded = config.widths, config.folded
        self.stem = nn.Sequential(
            conv(3, half, folded, step=2), conv(half, quarter, folded, step=2), Residual(quarter, folded)
        )
        self.fusion = conv(3 * quarter, widths[0], folded, side=1)
        self.levels = nn.ModuleList(
            nn.Sequential(
                *([conv(widths[level - 1], width, folded, step=2)] if level else []),
                *(Residual(width, folded) for _ in range(depth)),
            )
            for level, (width, depth) in enumerate(zip(widths, config.depths, strict=True))
        )
        self.lateral = nn.ModuleList(nn.Conv2d(width, config.pyramid, 1) for width in widths)
        self.smooth = nn.ModuleList(conv(config.pyramid, config.pyramid, folded) for _ in widths[:-1])
        self.what = nn.Sequential(conv(config.pyramid, config.pyramid, folded), nn.Conv2d(config.pyramid, KINDS + 1, 1))
        self.where = nn.Sequential(conv(config.pyramid, config.pyramid, folded), nn.Conv2d(config.pyramid, 5, 1))
        self.post_init()
        for head, biases in ((self.what, [RARE] * (KINDS + 1)), (self.where, [2.0] * 4 + [0.0])):
            nn.init.normal_(head[-1].weight, std=0.01)
            head[-1].bias.data.copy_(torch.tensor(biases))

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    def forward(self, original: Tensor, edited: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        one, other = self.stem(original), self.stem(edited)
        values = self.fusion(torch.cat([one, other, (one - other).abs()], dim=1))
        found = []
        for level in self.levels:
            values = level(values)
            found.append(values)
        pyramid = self.lateral[-1](found[-1])
        for lateral, smooth, features in zip(self.lateral[-2::-1], self.smooth, found[-2::-1], strict=True):
            pyramid = smooth(lateral(features) + F.interpolate(pyramid, scale_factor=2.0, mode="nearest"))
        what, where = self.what(pyramid), self.where(pyramid)
        return what[:, :KINDS], F.softplus(where[:, :4]) * REACH, where[:, 4:], what[:, KINDS:]


class Residual(nn.Module):
    """Two convolutions whose result is added to what they were given."""

    def __init__(self, width: int, folded: bool) -> None:
        super().__init__()
        self.first = conv(width, width, folded)
        self.second = conv(width, width, folded)[:-1]

    def forward(self, values: Tensor) -> Tensor:
        return F.relu(values + self.second(self.first(values)))


def conv(given: int, made: int, folded: bool, *, side: int = 3, step: int = 1) -> nn.Sequential:
    """A convolution, its normalisation unless that is folded into it, and what is over 0."""
    layer = nn.Conv2d(given, made, side, step, side // 2, bias=folded)
    return nn.Sequential(layer, nn.Identity() if folded else nn.BatchNorm2d(made), nn.ReLU())


def fold(model: DifferenceModel) -> DifferenceModel:
    """The same network in eval mode, without the layers that normalise: their factors are in the convolutions."""
    config = DifferenceConfig.from_dict({**model.config.to_dict(), "folded": True})
    folded = DifferenceModel(config).eval()
    state = dict(model.state_dict())
    for name, module in model.named_modules():
        if isinstance(module, nn.Sequential) and len(module) > 1 and isinstance(module[1], nn.BatchNorm2d):
            fused = nn.utils.fuse_conv_bn_eval(module[0].eval(), module[1].eval())
            state |= {f"{name}.0.weight": fused.weight, f"{name}.0.bias": fused.bias}
    folded.load_state_dict({name: state[name] for name in folded.state_dict()})
    return folded
