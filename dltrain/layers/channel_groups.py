"""Rows of the kernels that normalize groups of channels, which several layers share."""

from __future__ import annotations

from dataclasses import dataclass

from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.shapes import size_of
from dltrain.layers.affine import given, gradient_of, mode_of

FLOAT64 = 8
"""Bytes of a number of sums over many pixels."""


@dataclass(frozen=True)
class ChannelGroups:
    """Give groups of channels mean 0 and variance 1 over all pixels, then scale and shift them."""

    count: int
    """Groups."""
    epsilon: float
    scaled: bool
    """Whether channels are multiplied by gamma."""
    shifted: bool
    """Whether beta is added."""

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        gamma, beta = given(at, "gamma", there=self.scaled), given(at, "beta", there=self.shifted)
        at.row(
            "normalize_groups_forward",
            variant=(int(self.scaled), int(self.shifted)),
            reads=(at.inputs[0], gamma, beta),
            writes=(at.output, self._statistics(at), self._scratch(at, 2, width=FLOAT64)),
            sizes=self._sizes(at),
            numbers=(self.epsilon,),
        )

    def backward(self, at: Lowering) -> None:
        """Write the row of the gradients of x, gamma and beta."""
        gradient, dy = at.input_gradient(), at.output_gradient
        dgamma = gradient_of(at, "gamma", there=self.scaled)
        dbeta = gradient_of(at, "beta", there=self.shifted)
        if gradient is None and dgamma is None and dbeta is None:
            return
        sums = self._scratch(at, 2, width=FLOAT64)
        factors = sums if gradient is None else self._scratch(at, 3)
        learnt = (int(dgamma is not None), int(dbeta is not None))
        dx = dy if gradient is None else gradient.buffer
        at.row(
            "normalize_groups_backward",
            variant=(int(self.scaled), *learnt, mode_of(gradient)),
            reads=(dy, at.inputs[0], self._statistics(at), given(at, "gamma", there=self.scaled)),
            writes=(dx, dgamma or dy, dbeta or dy, sums, factors),
            sizes=self._sizes(at),
        )

    def _sizes(self, at: Lowering) -> tuple[int, int, int]:
        shape = at.inputs[0].shape
        return size_of(shape[:-1]), shape[-1], self.count

    def _statistics(self, at: Lowering) -> Buffer:
        shape = (2, at.inputs[0].shape[-1])
        return at.keep("statistics", shape) if at.needs_gradient else at.scratch(shape)

    def _scratch(self, at: Lowering, parts: int, *, width: int = 4) -> Buffer:
        return at.scratch((parts, at.inputs[0].shape[-1]), width=width)
