"""A recurrent layer in both directions."""

from __future__ import annotations

from typing import Any, Literal

from dltrain.core.errors import ShapeError
from dltrain.layers.base import Builder, Layer
from dltrain.layers.parallel import JOINS
from dltrain.layers.reverse import Reverse


class Bidirectional(Layer):
    """Take a sequence forwards and backwards, by two layers of a kind, and join their outputs.

    With `return_sequences`, each step has what both directions know of it.

    Raises: ShapeError where the layer is not recurrent.
    Source: Schuster, Paliwal 1997, "Bidirectional recurrent neural networks".
    """

    layer: Layer
    """The recurrent layer; the second one is the same with parameters of its own."""
    merge: Literal["concatenate", "add", "multiply"] = "concatenate"
    """`concatenate` puts the outputs side by side, `add` sums them, `multiply` gives their
    product."""

    def build(self, graph: Builder, *inputs: Any) -> Any:
        """Add both layers and what joins them."""
        turned = not getattr(self.layer, "go_backwards", None)
        if "go_backwards" not in type(self.layer).model_fields:
            raise ShapeError(
                f"bidirectional takes a recurrent layer, not {self.layer.type_name}",
                field="layer",
                hint="lstm, gru and simple_rnn are recurrent",
            )
        other = self.layer.model_copy(update={"go_backwards": turned})
        with graph.scope(self):
            values = [self._one_way(graph, layer, inputs[0]) for layer in (self.layer, other)]
            joined = graph.node(JOINS[self.merge](), *values)
            return graph.activate(self.activation, joined)

    def _one_way(self, graph: Builder, layer: Any, value: Any) -> Any:
        """Add one direction; its outputs come in the order of the inputs."""
        output = graph.node(layer, value)
        in_order = not (layer.go_backwards and layer.return_sequences)
        return output if in_order else graph.node(Reverse(), output)
