"""What the blocks of transformers are made of: parts, each with a way around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dltrain.core.errors import ShapeError
from dltrain.core.shapes import Shape
from dltrain.layers.add import Add
from dltrain.layers.base import Builder, Layer
from dltrain.layers.dense import Dense
from dltrain.layers.dropout import Dropout
from dltrain.layers.layer_normalization import LayerNormalization
from dltrain.layers.multi_head_attention import MultiHeadAttention


@dataclass(frozen=True)
class Parts:
    """Adds the parts of one block to a graph, by its options."""

    graph: Builder
    options: Any
    """The block; encoders and decoders have the same fields of attentions and dense layers."""

    def attention(self, name: str, shape: Shape, **fields: Any) -> Layer:
        """Give an attention whose heads share the features.

        Raises: ShapeError where they do not divide.
        """
        features, heads = shape[-1], self.options.num_heads
        if features % heads:
            raise ShapeError(
                f"{features} features cannot be shared among {heads} heads",
                field="num_heads",
                hint="give a number that divides the features",
            )
        return MultiHeadAttention(
            name=name, num_heads=heads, key_dim=features // heads, dropout=self.options.dropout,
            **self._shared, **fields,
        )  # fmt: skip

    def dense(self, value: Any) -> Any:
        """Add two dense layers, the second with as many units as there are features."""
        for name, units, activation in (
            ("dense1", self.options.intermediate_dim, self.options.activation),
            ("dense2", value.shape[-1], None),
        ):
            layer = Dense(name=name, units=units, activation=activation, **self._shared)
            value = self.graph.node(layer, value)
        return value

    def around(self, name: str, part: Callable[[Any], Any], value: Any) -> Any:
        """Add a part with a way around it, and normalization before it or behind the sum."""
        graph, options = self.graph, self.options
        norm = LayerNormalization(name=f"{name}_norm", epsilon=options.layer_norm_epsilon)
        made = part(graph.node(norm, value) if options.norm_first else value)
        if options.dropout:
            made = graph.node(Dropout(name=f"{name}_dropout", rate=options.dropout), made)
        total = graph.node(Add(), made, value)
        return total if options.norm_first else graph.node(norm, total)

    @property
    def _shared(self) -> dict[str, Any]:
        names = ("use_bias", "kernel_initializer", "kernel_regularizer")
        return {name: getattr(self.options, name) for name in names}
