"""Loss and gradients against PyTorch in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dltrain.layers.base import Layer
from tests.reference.architectures import ACTIVATIONS, architecture, architectures, layer_names
from tests.reference.judge import worst_gradient
from tests.reference.networks import build_network, random_batch

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("default")]

SEEDS = range(48)


@pytest.fixture(scope="module")
def torch() -> ModuleType:
    return pytest.importorskip("torch", reason="needs the `peers` extra")


def test_architectures_cover_every_layer_and_activation() -> None:
    drawn = architectures(len(SEEDS))
    assert set().union(*(layer_names(one["layers"]) for one in drawn)) == set(Layer.registry())
    assert {str(name) for name in ACTIVATIONS} <= set(Layer.other_names())


@pytest.mark.parametrize("seed", SEEDS)
def test_loss_and_gradients_are_those_of_torch(seed: int, torch: Any) -> None:
    from tests.benchmarks import torch_reference

    drawn = architecture(seed)
    network = build_network(drawn, seed=seed)
    x, y = random_batch(drawn, seed=seed)
    loss, gradients = network.loss_and_gradients(x, y, training=False)

    arrays = {**network.parameters, **network.state}
    held = {
        one.name: torch.tensor(arrays[one.name], dtype=torch.float64, requires_grad=one.learns)
        for one in network.graph.parameters
    }
    parameters = {name: value for name, value in held.items() if value.requires_grad}
    target = torch.tensor(y, dtype=torch.int64 if y.ndim == 1 else torch.float64)
    output = torch_reference.forward(drawn["layers"], torch.tensor(x, dtype=torch.float64), held)
    wanted = torch_reference.loss(drawn["loss"], output, target)
    wanted = wanted + torch_reference.penalty(drawn["layers"], parameters)
    wanted.backward()

    assert loss == pytest.approx(float(wanted.detach()), rel=1e-4)
    error, name = worst_gradient(
        gradients, {name: value.grad.numpy() for name, value in parameters.items()}
    )
    assert error < 1e-4, f"{name} in {drawn['layers']}"
