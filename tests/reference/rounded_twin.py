"""A network in float64 whose convolutions and large dense layers round as bfloat16 does."""

from __future__ import annotations

from dltrain.layers.half_dense import LEAST_WEIGHTS
from tests.reference.bfloat16 import rounded
from tests.reference.twin import Twin
from tests.reference.twin_layers import Array, Backward, Config


class RoundedTwin(Twin):
    """Rounds the factors of each product, on both ways; sums and all else stay float64."""

    def _layer(self, config: Config, x: Array, name: str) -> tuple[Array, Backward]:
        kernel = self.values.get(f"{name}/kernel")
        large = config["type"] == "dense" and kernel is not None and kernel.size >= LEAST_WEIGHTS
        if kernel is None or not (large or config["type"] == "conv2d"):
            return super()._layer(config, x, name)
        self.values[f"{name}/kernel"] = _rounded(kernel)
        y, backward = super()._layer(config, _rounded(x), name)
        # The way back reads the kernel again, but not its bias.
        self.values[f"{name}/kernel"] = kernel

        def rounding(dy: Array) -> Array:
            dx = backward(_rounded(dy))
            if config.get("use_bias", True):
                self.gradients[f"{name}/bias"] = dy.sum(tuple(range(dy.ndim - 1)))
            return dx

        return y, rounding


def _rounded(x: Array) -> Array:
    return rounded(x).astype(float)
