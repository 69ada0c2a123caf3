"""Loss and gradients against PyTorch in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from numpy.typing import NDArray

from dltrain.engine.network import Network
from dltrain.layers.base import Layer
from tests.reference.architectures import (
    ACTIVATIONS,
    Architecture,
    architecture,
    architectures,
    layer_names,
    without_chance,
)
from tests.reference.judge import worst_gradient
from tests.reference.networks import build_network, random_batch
from tests.reference.sequence_twins import ELSEWHERE

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("default")]

SEEDS = range(48)


@pytest.fixture(scope="module")
def torch() -> ModuleType:
    return pytest.importorskip("torch", reason="needs the `peers` extra")


def test_architectures_cover_every_layer_and_activation() -> None:
    drawn = architectures(len(SEEDS))
    assert (
        set().union(*(layer_names(one["layers"]) for one in drawn))
        == set(Layer.registry()) - ELSEWHERE
    )
    assert {str(name) for name in ACTIVATIONS} <= set(Layer.other_names())


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("seed", SEEDS)
def test_loss_and_gradients_are_those_of_torch(seed: int, training: bool, torch: Any) -> None:
    drawn = architecture(seed)
    drawn["layers"] = without_chance(drawn["layers"])
    network = build_network(drawn, seed=seed)
    batch = random_batch(drawn, seed=seed)
    loss, gradients = network.loss_and_gradients(*batch, training=training)

    wanted_loss, wanted = with_torch(drawn, network, batch, torch.float64, training=training)
    _, plain = with_torch(drawn, network, batch, torch.float32, training=training)
    assert loss == pytest.approx(wanted_loss, rel=1e-4)
    error, name = worst_gradient(gradients, wanted)
    # A bias before a batch normalization has a gradient of nothing but rounding.
    assert error < max(1e-4, 3 * worst_gradient(plain, wanted)[0]), f"{name} in {drawn['layers']}"


def with_torch(
    drawn: Architecture, network: Network, batch: tuple[Any, Any], kind: Any, *, training: bool
) -> tuple[float, dict[str, NDArray[Any]]]:
    """Give loss and gradients in a precision of PyTorch's."""
    import torch

    from tests.benchmarks import torch_reference

    arrays = {**network.parameters, **network.state}
    held = {
        one.name: torch.tensor(arrays[one.name], dtype=kind, requires_grad=one.learns)
        for one in network.graph.parameters
    }
    parameters = {name: value for name, value in held.items() if value.requires_grad}
    x = torch.tensor(batch[0], dtype=kind)
    target = torch.tensor(batch[1], dtype=torch.int64 if batch[1].ndim == 1 else kind)
    output, _ = torch_reference.run(drawn["layers"], x, held, training=training)
    loss = torch_reference.loss(drawn["loss"], output, target)
    loss = loss + torch_reference.penalty(drawn["layers"], parameters)
    loss.backward()
    return float(loss.detach()), {name: one.grad.numpy() for name, one in parameters.items()}
