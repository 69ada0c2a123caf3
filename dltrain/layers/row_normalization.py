"""Rows of the kernels that normalize the last axis, which several layers share."""

from __future__ import annotations

from dataclasses import dataclass

from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.shapes import size_of
from dltrain.layers.affine import given, gradient_of, mode_of


@dataclass(frozen=True)
class RowNormalization:
    """Divide the last axis by its deviation, then scale and shift it."""

    epsilon: float
    centred: bool
    """Whether its mean is taken away first; else the deviation is that from 0."""
    scaled: bool
    """Whether it is multiplied by gamma."""
    shifted: bool
    """Whether beta is added."""

    def forward(self, at: Lowering) -> None:
        """Write the row of y."""
        gamma, beta = given(at, "gamma", there=self.scaled), given(at, "beta", there=self.shifted)
        at.row(
            "normalize_rows_forward",
            variant=(int(self.centred), int(self.scaled), int(self.shifted)),
            reads=(at.inputs[0], gamma, beta),
            writes=(at.output, self._statistics(at)),
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
        learnt = (int(dgamma is not None), int(dbeta is not None))
        dx = dy if gradient is None else gradient.buffer
        at.row(
            "normalize_rows_backward",
            variant=(int(self.centred), int(self.scaled), *learnt, mode_of(gradient)),
            reads=(dy, at.inputs[0], self._statistics(at), given(at, "gamma", there=self.scaled)),
            writes=(dx, dgamma or dy, dbeta or dy),
            sizes=self._sizes(at),
        )

    def _sizes(self, at: Lowering) -> tuple[int, int]:
        shape = at.inputs[0].shape
        return size_of(shape[:-1]), shape[-1]

    def _statistics(self, at: Lowering) -> Buffer:
        shape = (size_of(at.inputs[0].shape[:-1]), 2)
        return at.keep("statistics", shape) if at.needs_gradient else at.scratch(shape)
