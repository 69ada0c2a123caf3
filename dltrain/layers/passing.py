"""Gradients that go through a layer as they are."""

from __future__ import annotations

from dltrain.core.lowering import Lowering


def pass_gradient(at: Lowering, inputs: int = 1) -> None:
    """Give each of the inputs the output's gradient: one of them in place, the others a copy."""
    dy = at.output_gradient
    handed = next((index for index in range(inputs) if at.hand_on(index)), None)
    for index in range(inputs):
        gradient = at.input_gradient(index) if index != handed else None
        if gradient is not None:
            at.row(
                "linear_backward",
                variant=(int(gradient.accumulate),),
                reads=(dy, dy),
                writes=(gradient.buffer,),
                sizes=(1, dy.size),
            )
