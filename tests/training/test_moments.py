from typing import ClassVar

import numpy as np

from dltrain.core.shapes import Shape
from dltrain.data.loader import Batch
from dltrain.engine.network import Network
from dltrain.initializers.ones import Ones
from dltrain.initializers.zeros import Zeros
from dltrain.layers.base import Layer, ParameterSpec
from dltrain.layers.dense import Dense
from dltrain.layers.flatten import Flatten
from dltrain.training.moments import learn_moments


class Watching(Layer, listed=False):
    """Passes its input on; its state is what a measuring layer would have."""

    alias: ClassVar[bool] = True

    @property
    def is_measured(self) -> bool:
        return True

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        features = inputs[0][-1:]
        return {
            "mean": ParameterSpec(features, Zeros(), trainable=False),
            "variance": ParameterSpec(features, Ones(), trainable=False),
        }


def batches(x: np.ndarray, size: int) -> list[Batch]:
    parts = [x[start : start + size] for start in range(0, len(x), size)]
    return [Batch(part, np.zeros(len(part), np.int32), len(part)) for part in parts]


def test_moments_of_the_input_are_those_over_all_samples_and_positions() -> None:
    x = np.random.default_rng(0).normal(3, 2, (23, 5, 4)).astype(np.float32)
    network = Network.build((Watching(), Flatten(), Dense(units=2)), input_shape=(5, 4))
    learn_moments(network, lambda: batches(x, 7), size=7)
    rows = x.reshape(-1, 4).astype(np.float64)
    np.testing.assert_allclose(network.state["watching_1/mean"], rows.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(network.state["watching_1/variance"], rows.var(axis=0), rtol=1e-6)


def test_moments_behind_other_layers_are_those_of_what_these_give() -> None:
    x = np.random.default_rng(1).normal(size=(20, 6)).astype(np.float32)
    network = Network.build((Dense(units=3), Watching(), Dense(units=2)), input_shape=(6,))
    learn_moments(network, lambda: batches(x, 8), size=8)
    before = x @ network.parameters["dense_1/kernel"]
    np.testing.assert_allclose(network.state["watching_1/mean"], before.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(network.state["watching_1/variance"], before.var(axis=0), rtol=1e-4)
