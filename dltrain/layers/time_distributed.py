"""One layer for every step."""

from __future__ import annotations

from typing import Any

from dltrain.core.errors import ShapeError
from dltrain.core.shapes import Shape, describe
from dltrain.layers.base import Builder, Layer
from dltrain.layers.batch_normalization import BatchNormalization
from dltrain.layers.normalization import Normalization
from dltrain.layers.stack import Stack
from dltrain.layers.take_step import TakeStep


class TimeDistributed(Layer):
    """Apply a layer to each step of a sequence of vectors, of images and of sequences.

    All steps share the layer's parameters, whose gradient is the sum of theirs. A layer that takes
    each step of a sequence of vectors by itself, such as dense, is as it is without this one.

    Shapes: x (time, ...); y (time, ...), the layer's output of each step.
    Raises: ShapeError where the layer is made of layers, or keeps statistics of its input.
    """

    layer: Layer
    """The layer."""

    def build(self, graph: Builder, *inputs: Any) -> Any:
        """Add the layer for each step, and what puts its outputs together."""
        (value,) = inputs
        whole = self.layer.stepwise and len(value.shape) == 2
        if not whole:
            self._require_apart(value.shape)
        with graph.scope(self, repeated=True):
            if whole:
                made = graph.node(self.layer, value)
            else:
                made = graph.node(Stack(), *self._steps(graph, value))
            return graph.activate(self.activation, made)

    def _steps(self, graph: Builder, value: Any) -> list[Any]:
        """Add the layer for each step; the first one has the parameters."""
        outputs: list[Any] = []
        for step in range(value.shape[0]):
            taken = graph.node(TakeStep(step=step), value)
            share = outputs[0] if outputs else None
            outputs.append(graph.node(self.layer, taken, share=share))
        return outputs

    def _require_apart(self, shape: Shape) -> None:
        """Raise ShapeError where there are no steps, or the layer cannot take them one by one."""
        if len(shape) < 2:
            message = f"time_distributed takes sequences, but receives vectors of {describe(shape)}"
            raise ShapeError(message, hint="the first axis counts steps: `reshape` makes one")
        if isinstance(self.layer, BatchNormalization | Normalization):
            message = f"{self.layer.type_name} keeps statistics, which steps cannot share"
            hint = "use layer_normalization or group_normalization"
            raise ShapeError(message, field="layer", hint=hint)
        if type(self.layer).build is not Layer.build:
            message = f"time_distributed takes a layer that computes, not {self.layer.type_name}"
            hint = "write a time_distributed for each of the layers inside"
            raise ShapeError(message, field="layer", hint=hint)
