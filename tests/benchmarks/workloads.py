"""What is measured: a network, the size of its batches and its optimizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

CLASSES = 10


@dataclass(frozen=True)
class Workload:
    """The same for every contender; each builds the network that has this name."""

    name: str
    input_shape: tuple[int, ...]
    batch_size: int
    optimizer: Literal["adam", "sgd"]
    model: dict[str, Any]
    """The network in dltrain's config."""
    batches: int = 8
    """Different batches, which a round goes through again and again."""
    stored: bool = False
    """Whether its images are MNIST's, from which it is also trained with data loading."""
    classes: int = CLASSES
    tokens: int | None = None
    """Of how many tokens the inputs are drawn, where they are such."""
    writes: bool = False
    """Whether each step has a class, its next token, so that the network can write."""

    @property
    def optimizer_config(self) -> dict[str, Any]:
        """The optimizer in dltrain's config."""
        if self.optimizer == "adam":
            return {"type": "adam", "learning_rate": LEARNING_RATES["adam"]}
        return {"type": "sgd", "learning_rate": LEARNING_RATES["sgd"], "momentum": MOMENTUM}


LEARNING_RATES = {"adam": 1e-3, "sgd": 1e-2}
MOMENTUM = 0.9

_CONVOLUTION = {"type": "conv2d", "kernel_size": 3, "activation": "relu"}
_POOLING = {"type": "max_pooling2d", "pool_size": 2}
_OUTPUT = {"type": "dense", "units": "classes", "activation": "softmax"}
_MNIST_CNN = [
    {**_CONVOLUTION, "filters": 32},
    _POOLING,
    {**_CONVOLUTION, "filters": 64},
    _POOLING,
    {**_CONVOLUTION, "filters": 64},
    "flatten",
    {"type": "dense", "units": 64, "activation": "relu"},
    _OUTPUT,
]
_MLP = [
    {"type": "dense", "units": 512, "activation": "relu"},
    {"type": "dense", "units": 512, "activation": "relu"},
    _OUTPUT,
]
_ENCODER = {"type": "transformer_encoder", "num_heads": 4, "intermediate_dim": 512}
_LSTM = [
    {"type": "embedding", "input_dim": 5000, "output_dim": 128},
    {"type": "lstm", "units": 128},
    _OUTPUT,
]
_TRANSFORMER = [
    {"type": "embedding", "input_dim": 5000, "output_dim": 128},
    "position_embedding",
    {"type": "repeat", "times": 4, "layers": [_ENCODER]},
    {"type": "layer_normalization", "epsilon": 1e-5},
    "global_average_pooling1d",
    _OUTPUT,
]
_GPT = [
    {"type": "embedding", "input_dim": "classes", "output_dim": 128},
    "position_embedding",
    {"type": "repeat", "times": 4, "layers": [{**_ENCODER, "causal": True, "use_bias": False}]},
    {"type": "layer_normalization", "epsilon": 1e-5},
    _OUTPUT,
]

WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload(
            "mnist_cnn", (28, 28, 1), 64, "adam", {"layers": _MNIST_CNN}, batches=60, stored=True
        ),
        Workload("mlp", (784,), 128, "adam", {"layers": _MLP}),
        Workload("resnet20", (32, 32, 3), 128, "sgd", {"type": "resnet20"}),
        Workload("mobilenet_v2", (64, 64, 3), 32, "sgd", {"type": "mobilenet_v2", "width": 0.5}),
        Workload("resnet18", (64, 64, 3), 32, "sgd", {"type": "resnet18"}),
        Workload("lstm", (100,), 64, "adam", {"layers": _LSTM}, classes=2, tokens=5000),
        Workload(
            "transformer", (64,), 64, "adam", {"layers": _TRANSFORMER}, classes=2, tokens=5000
        ),
        Workload("gpt", (64,), 12, "adam", {"layers": _GPT}, classes=65, tokens=65, writes=True),
        Workload("vit_tiny", (32, 32, 3), 64, "adam", {"type": "vit_tiny", "patch_size": 4}),
    )
}
