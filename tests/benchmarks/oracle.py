"""How far a network is from PyTorch in float64, and how far PyTorch in float32 is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.engine.trainer import Trainer
from dltrain.layers.base import Layer
from dltrain.losses.base import Loss
from dltrain.models.base import Model
from dltrain.optimizers.base import Optimizer
from tests.benchmarks import torch_reference
from tests.reference.architectures import with_fields, without_chance

Arrays = Mapping[str, NDArray[Any]]
LOSS = "categorical_crossentropy"
CLASSES = 10


@dataclass(frozen=True)
class Pass:
    """What a network makes of a batch."""

    outputs: NDArray[Any]
    gradients: Arrays
    state: Arrays
    """Moving statistics after the step; in inference as they were."""


@dataclass(frozen=True)
class Errors:
    """Relative errors by norm against float64, over all gradients and over all statistics."""

    outputs: float
    gradients: float
    state: float


class Case:
    """A model with weights that all matter, and a batch."""

    def __init__(
        self,
        model: dict[str, Any],
        *,
        input_shape: tuple[int, ...],
        samples: int,
        smooth: bool = False,
    ) -> None:
        """Build the network without what is drawn anew in each step.

        `smooth` puts silu in the place of relu.
        """
        layers = without_chance([layer.dump() for layer in Model.parse(model).expand()])
        self.layers = [_smoothed(layer) for layer in layers] if smooth else layers
        self.network = Network.build(
            tuple(Layer.parse(layer) for layer in self.layers),
            input_shape=input_shape,
            classes=CLASSES,
            objective=Objective(Loss.parse(LOSS), (), "labels"),
        )
        self.trainer = Trainer(
            self.network,
            loss=Loss.parse(LOSS),
            metrics=(),
            optimizer=Optimizer.parse("sgd"),
            batch_size=samples,
            threads=self.network.threads,
            seed=0,
            total_steps=1,
        )
        self.shape = (samples, *input_shape)
        self.draw(0)

    def draw(self, seed: int) -> None:
        """Draw a batch, and all that would else be ones, zeros or next to nothing."""
        generator = np.random.default_rng(seed)
        for name, values in self.network.parameters.items():
            _enliven(name, values, generator)
        self.x = generator.normal(size=self.shape).astype(np.float32)
        self.y = generator.integers(0, CLASSES, len(self.x)).astype(np.int32)
        self._settle(generator)

    def errors(self, *, training: bool) -> tuple[Errors, Errors]:
        """Give the errors of dltrain and of PyTorch in float32."""
        wanted = self.with_torch(torch.float64, training=training)
        found = self.with_torch(torch.float32, training=training), self.own(training=training)
        reference, own = (errors_of(one, wanted) for one in found)
        return own, reference

    def own(self, *, training: bool) -> Pass:
        """Run dltrain; a training step is taken on weights that are put back."""
        network = self.network
        outputs = network.forward(self.x, training=training)
        _, gradients = network.loss_and_gradients(self.x, self.y, training=training)
        if not training:
            return Pass(outputs, gradients, network.state)
        arrays = {**network.parameters, **network.state}
        before = {name: values.copy() for name, values in arrays.items()}
        self.trainer.step(self.x, self.y)
        state = {name: values.copy() for name, values in network.state.items()}
        for name, values in arrays.items():
            values[...] = before[name]
        return Pass(outputs, gradients, state)

    def with_torch(self, kind: torch.dtype, *, training: bool) -> Pass:
        """Run PyTorch with the same weights."""
        network = self.network
        trained = {
            name: torch.tensor(values, dtype=kind, requires_grad=True)
            for name, values in network.parameters.items()
        }
        state = {name: torch.tensor(one, dtype=kind) for name, one in network.state.items()}
        outputs, moved = torch_reference.run(
            self.layers, torch.tensor(self.x, dtype=kind), {**trained, **state}, training=training
        )
        loss = torch_reference.loss(LOSS, outputs, torch.tensor(self.y, dtype=torch.int64))
        gradients = torch.autograd.grad(loss, list(trained.values()))
        return Pass(
            outputs.detach().numpy(),
            dict(zip(trained, (one.numpy() for one in gradients), strict=True)),
            {name: moved[name].numpy() for name in state},
        )

    def _settle(self, generator: np.random.Generator) -> None:
        """Make the moving statistics those of the batch and some more: signals stay small."""
        network, kind = self.network, torch.float64
        more = generator.normal(size=(8, *self.shape[1:]))
        x = torch.tensor(np.concatenate([self.x, more]), dtype=kind)
        arrays = {**network.parameters, **network.state}
        held = {name: torch.tensor(one, dtype=kind) for name, one in arrays.items()}
        layers = with_fields(self.layers, momentum=0.0)
        _, moved = torch_reference.run(layers, x, held, training=True)
        for name, values in network.state.items():
            values[...] = moved[name].numpy()


def _smoothed(config: Any) -> Any:
    if isinstance(config, list):
        return [_smoothed(one) for one in config]
    if not isinstance(config, dict):
        return config
    if config.get("type") in ("relu", "relu6"):
        return {"type": "silu"}
    return {key: _smoothed(value) for key, value in config.items()}


def _enliven(name: str, values: NDArray[Any], generator: np.random.Generator) -> None:
    key = name.rsplit("/", 1)[-1]
    if key == "gamma":
        values[...] = generator.uniform(0.5, 1.5, values.shape)
    elif key in ("beta", "bias"):
        values[...] = generator.normal(0, 0.3, values.shape)


def errors_of(found: Pass, wanted: Pass) -> Errors:
    """Measure how far a pass is from another."""
    return Errors(
        _relative({"": found.outputs}, {"": wanted.outputs}),
        _relative(found.gradients, wanted.gradients),
        _relative(found.state, wanted.state) if wanted.state else 0.0,
    )


def _relative(found: Arrays, wanted: Arrays) -> float:
    assert list(found) == list(wanted)
    flat = [
        np.concatenate([values.ravel().astype(np.float64) for values in one.values()])
        for one in (found, wanted)
    ]
    return float(np.linalg.norm(flat[0] - flat[1]) / np.linalg.norm(flat[1]))
