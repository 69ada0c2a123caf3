"""Branches side by side."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from dltrain.layers.add import Add
from dltrain.layers.base import Builder, Layer
from dltrain.layers.concatenate import Concatenate
from dltrain.layers.maximum import Maximum
from dltrain.layers.multiply import Multiply

JOINS: dict[str, type[Layer]] = {
    "concatenate": Concatenate,
    "add": Add,
    "multiply": Multiply,
    "maximum": Maximum,
}


class Parallel(Layer):
    """Give the input to several branches, and join what they make of it.

    Raises: ShapeError where the branches' shapes cannot be joined.
    """

    branches: Annotated[tuple[tuple[Layer, ...], ...], Field(min_length=1)]
    """The branches, each a list of layers; an empty one passes the input on."""
    merge: Literal["concatenate", "add", "multiply", "maximum"] = "concatenate"
    """`concatenate` puts the results side by side along the last axis, `add` sums them, `multiply`
    gives their product, `maximum` the largest of each element."""

    def build(self, graph: Builder, *inputs: Any) -> Any:
        """Add the branches and what joins them."""
        with graph.scope(self):
            values = [
                graph.sequence(branch, inputs[0], "branches", index)
                for index, branch in enumerate(self.branches)
            ]
            joined = graph.node(JOINS[self.merge](), *values)
            return graph.activate(self.activation, joined)
