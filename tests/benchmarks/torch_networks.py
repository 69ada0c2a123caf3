"""The workloads' networks in PyTorch, after the papers and torchvision, up to their logits."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from tests.benchmarks.stages import MOBILENET_V2_HALF, RESNET18, RESNET20
from tests.benchmarks.torch_transformers import Gpt, Lstm, Transformer, VisionTransformer


def mnist_cnn() -> nn.Module:
    """Build the network of configs/mnist_cnn.yaml."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(576, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


def mlp() -> nn.Module:
    """Build 784-512-512-10."""
    return nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
    )


def resnet20() -> nn.Module:
    """Build ResNet-20 of He et al. 2015, section 4.2: shortcuts without parameters (option A)."""
    layers: list[nn.Module] = [*_convolution(3, 16, 3), nn.ReLU()]
    for channels, stride in RESNET20:
        for block in range(3):
            first = block == 0 and stride == 2
            shortcut = Widened(channels) if first else nn.Identity()
            inputs = channels // 2 if first else channels
            layers.append(BasicBlock(inputs, channels, 2 if first else 1, shortcut))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def resnet18() -> nn.Module:
    """Build torchvision's ResNet-18 for ten classes."""
    layers: list[nn.Module] = [*_convolution(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    inputs = 64
    for channels, stride in RESNET18:
        shortcut = nn.Sequential(*_convolution(inputs, channels, 1, 2)) if stride == 2 else None
        layers.append(BasicBlock(inputs, channels, stride, shortcut or nn.Identity()))
        layers.append(BasicBlock(channels, channels, 1, nn.Identity()))
        inputs = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def mobilenet_v2() -> nn.Module:
    """Build torchvision's MobileNetV2 of width 0.5 for ten classes.

    Half of 24 channels is 16 in its rounding to multiples of eight; the last 1280 stay.
    """
    layers: list[nn.Module] = [*_convolution(3, 16, 3, 2), nn.ReLU6()]
    inputs = 16
    for expansion, channels, times, stride in MOBILENET_V2_HALF:
        for number in range(times):
            layers.append(Inverted(inputs, channels, stride if number == 0 else 1, expansion))
            inputs = channels
    layers += [*_convolution(inputs, 1280, 1), nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Dropout(0.2), nn.Linear(1280, 10))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(self, inputs: int, channels: int, stride: int, shortcut: nn.Module) -> None:
        """Take the shortcut that fits the stride."""
        super().__init__()
        self.first = nn.Sequential(*_convolution(inputs, channels, 3, stride), nn.ReLU())
        self.second = nn.Sequential(*_convolution(channels, channels, 3))
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Add the shortcut, then relu."""
        return F.relu(self.second(self.first(x)) + self.shortcut(x))


class Widened(nn.Module):
    """Every second pixel, with channels of zeros around."""

    def __init__(self, channels: int) -> None:
        """Pad up to `channels` from half of them."""
        super().__init__()
        self.padding = channels // 4

    def forward(self, x: Tensor) -> Tensor:
        """Subsample and pad."""
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.padding, self.padding))


class Inverted(nn.Module):
    """Widen, convolve channel by channel, narrow; with a shortcut where shapes allow."""

    def __init__(self, inputs: int, channels: int, stride: int, expansion: int) -> None:
        """Leave the widening out where `expansion` is 1."""
        super().__init__()
        wide = inputs * expansion
        layers: list[nn.Module] = []
        if expansion > 1:
            layers += [*_convolution(inputs, wide, 1), nn.ReLU6()]
        layers += [*_convolution(wide, wide, 3, stride, groups=wide), nn.ReLU6()]
        self.layers = nn.Sequential(*layers, *_convolution(wide, channels, 1))
        self.shortcut = stride == 1 and inputs == channels

    def forward(self, x: Tensor) -> Tensor:
        """Add the input where there is a shortcut."""
        return x + self.layers(x) if self.shortcut else self.layers(x)


def load_weights(model: nn.Module, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Copy dltrain's parameters, in layer order, kernels turned to PyTorch's layouts."""
    with torch.no_grad():
        for own, value in zip(model.parameters(), weights.values(), strict=True):
            axes = {4: (3, 2, 0, 1), 2: (1, 0)}.get(value.ndim, range(value.ndim))
            turned = torch.from_numpy(value.transpose(*axes).copy())
            assert own.shape == turned.shape
            own.copy_(turned)


def _convolution(
    inputs: int, channels: int, size: int, stride: int = 1, *, groups: int = 1
) -> tuple[nn.Module, nn.Module]:
    convolution = nn.Conv2d(
        inputs, channels, size, stride, size // 2, groups=groups, bias=False
    )  # fmt: skip
    return convolution, nn.BatchNorm2d(channels)


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    **{build.__name__: build for build in (mnist_cnn, mlp, resnet20, mobilenet_v2, resnet18)},
    "lstm": Lstm,
    "transformer": Transformer,
    "gpt": Gpt,
    "vit_tiny": VisionTransformer,
}
