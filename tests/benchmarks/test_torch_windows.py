"""Layers with windows against PyTorch's own in float64: paddings, windows that hang over, sizes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dltrain.core.lowering import Target
from tests.reference.layer_twin import normal
from tests.reference.parameter_bench import ParameterBench

if TYPE_CHECKING:
    from types import ModuleType

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("default")]

Config = dict[str, Any]
IMAGE, SEQUENCE = (7, 10, 6), (11, 6)


@pytest.fixture(scope="module")
def torch() -> ModuleType:
    return pytest.importorskip("torch", reason="needs the `peers` extra")


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize(
    ("size", "strides", "padding"),
    [case for case in product((2, 3, 5), (1, 2, 3, 4), (0, 1, 2)) if case[2] <= case[0] // 2],
)
@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("kind", ["max", "average", "average of all"])
def test_poolings_are_those_of_torch(
    kind: str, axes: int, size: int, strides: int, padding: int, ceil_mode: bool, torch: Any
) -> None:
    name = "max" if kind == "max" else "average"
    layer: Config = {"type": f"{name}_pooling{axes}d", "pool_size": size, "strides": strides}
    layer |= {"padding": padding, "ceil_mode": ceil_mode}
    pool = getattr(torch.nn.functional, f"{'max' if kind == 'max' else 'avg'}_pool{axes}d")
    fields = {"stride": strides, "padding": padding, "ceil_mode": ceil_mode}
    if name == "average":
        layer["count_include_pad"] = fields["count_include_pad"] = kind == "average of all"
    compare(layer, torch, lambda x, _: pool(x, size, **fields))


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("padding", [0, 1, [0, 2]])
@pytest.mark.parametrize(("strides", "added"), [(1, 0), (2, 0), (2, 1), ([3, 1], [2, 0])])
@pytest.mark.parametrize("size", [1, 2, 3, [2, 5]])
def test_transposed_convolutions_are_those_of_torch(
    size: Any, strides: Any, added: Any, padding: Any, dilation: int, torch: Any
) -> None:
    layer = {
        "type": "conv2d_transpose",
        "filters": 5,
        "kernel_size": size,
        "strides": strides,
        "padding": padding,
        "output_padding": added,
        "dilation_rate": dilation,
    }
    fields = {"stride": strides, "padding": padding, "output_padding": added, "dilation": dilation}

    def peer(x: Any, parameters: dict[str, Any]) -> Any:
        weight, bias = parameters["kernel"].permute(3, 2, 0, 1), parameters["bias"]
        return torch.nn.functional.conv_transpose2d(x, weight, bias, **fields)

    compare(layer, torch, peer)


@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("padding", [0, 2])
@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("groups", [1, 2, 6])
def test_convolutions_over_time_are_those_of_torch(
    groups: int, strides: int, padding: int, dilation: int, torch: Any
) -> None:
    layer: Config = {"type": "conv1d", "filters": 12, "kernel_size": 3, "groups": groups}
    layer |= {"strides": strides, "padding": padding, "dilation_rate": dilation}
    fields = {"stride": strides, "padding": padding, "dilation": dilation, "groups": groups}

    def peer(x: Any, parameters: dict[str, Any]) -> Any:
        weight, bias = parameters["kernel"].permute(2, 1, 0), parameters["bias"]
        return torch.nn.functional.conv1d(x, weight, bias, **fields)

    compare(layer, torch, peer)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("size", [2, 3, [4, 1]])
def test_larger_images_are_those_of_torch(size: Any, interpolation: str, torch: Any) -> None:
    layer = {"type": "up_sampling2d", "size": size, "interpolation": interpolation}
    times = [float(value) for value in (size if isinstance(size, list) else [size, size])]
    interpolate = torch.nn.functional.interpolate
    compare(layer, torch, lambda x, _: interpolate(x, scale_factor=times, mode=interpolation))


def compare(layer: Config, torch: Any, peer: Callable[[Any, dict[str, Any]], Any]) -> None:
    """Hold output and all gradients against a function of x, channels first, and parameters."""
    given = normal(2, *(SEQUENCE if layer["type"].endswith("1d") else IMAGE))
    bench = ParameterBench(layer, given, target=Target(16, 32))
    x = torch.tensor(given, dtype=torch.float64, requires_grad=True)
    parameters = {
        name: torch.tensor(values, dtype=torch.float64, requires_grad=True)
        for name, values in bench.parameters.items()
    }
    y = peer(x.movedim(-1, 1), parameters).movedim(1, -1)
    assert bench.y.shape == tuple(y.shape)
    np.testing.assert_allclose(bench.forward(), y.detach().numpy(), rtol=1e-5, atol=2e-5)
    dy = normal(*y.shape, seed=1)
    y.backward(torch.tensor(dy, dtype=torch.float64))
    (dx,) = bench.backward(dy)
    np.testing.assert_allclose(dx, x.grad.numpy(), rtol=1e-5, atol=4e-5)
    assert set(bench.parameter_gradients) == set(parameters)
    for name, found in bench.parameter_gradients.items():
        np.testing.assert_allclose(found, parameters[name].grad.numpy(), rtol=1e-5, atol=1e-4)
