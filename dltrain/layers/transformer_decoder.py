"""The block of a transformer that reads what an encoder made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from dltrain.activations.base import Activation
from dltrain.activations.gelu import Gelu
from dltrain.core.errors import ShapeError
from dltrain.core.fields import Flag, NonNegative, PositiveInteger, PositiveNumber, Share
from dltrain.layers.add import Add
from dltrain.layers.base import Builder, Layer, require
from dltrain.layers.dense import Dense
from dltrain.layers.dropout import Dropout
from dltrain.layers.layer_normalization import LayerNormalization
from dltrain.layers.multi_head_attention import MultiHeadAttention
from dltrain.layers.transformer_encoder import head_size

Apply = Callable[[Any], Any]


class TransformerDecoder(Layer):
    """Attention to earlier steps, then to all steps of an encoder, then two dense layers.

    `inputs: [decoder, encoder]` name both sequences. Each part has a way around it; with
    `norm_first` each is normalized before it (pre-norm), else each sum behind it (post-norm).

    Raises: ShapeError where the features cannot be shared among the heads.
    Source: Vaswani et al. 2017, arXiv:1706.03762; Xiong et al. 2020, arXiv:2002.04745.
    """

    joins: ClassVar[bool] = True

    num_heads: PositiveInteger
    """Heads of both attentions; each has features / num_heads numbers."""
    intermediate_dim: PositiveInteger
    """Units of the first of the two dense layers."""
    rotary: Flag = False
    """Whether the first attention turns queries and keys by the position of their step."""
    rotary_base: PositiveNumber = 10000.0
    """What the angles of rotary positions are powers of; a larger one reaches farther."""
    norm_first: Flag = True
    """Whether normalization comes before attentions and dense layers, not after the sums."""
    dropout: Share = 0.0
    """Share of numbers that is dropped behind the attentions and behind the dense layers."""
    activation: Activation | None = Gelu()
    """Function between the two dense layers."""
    use_bias: Flag = True
    """Whether attentions and dense layers have biases."""
    layer_norm_epsilon: NonNegative = 1e-5
    """Added to each variance."""

    def build(self, graph: Builder, *inputs: Any) -> Any:
        """Add the two attentions and the dense layers, each with a way around it."""
        if len(inputs) != 2:
            message = f"transformer_decoder takes two sequences, but {len(inputs)} are named"
            raise ShapeError(message, field="inputs", hint="name them as [decoder, encoder]")
        value, encoded = inputs
        for each in inputs:
            require(each.shape, (2,), self, hint="put an embedding, or `reshape`, before it")
        size = head_size(value.shape[-1], self.num_heads)
        turned = {"causal": True, "rotary": self.rotary, "rotary_base": self.rotary_base}
        own, other = self._attention("self", size, **turned), self._attention("cross", size)
        with graph.scope(self):
            value = self._around(graph, "self", lambda x: graph.node(own, x), value)
            value = self._around(graph, "cross", lambda x: graph.node(other, x, encoded), value)
            return self._around(graph, "dense", lambda x: self._dense(graph, x), value)

    def _attention(self, name: str, size: int, **fields: Any) -> Layer:
        return MultiHeadAttention(
            name=f"{name}_attention", num_heads=self.num_heads, key_dim=size,
            use_bias=self.use_bias, **fields,
        )  # fmt: skip

    def _dense(self, graph: Builder, value: Any) -> Any:
        """Add two dense layers, the second with as many units as there are features."""
        units = (self.intermediate_dim, self.activation), (value.shape[-1], None)
        for number, (count, activation) in enumerate(units, start=1):
            name = f"dense{number}"
            layer = Dense(name=name, units=count, activation=activation, use_bias=self.use_bias)
            value = graph.node(layer, value)
        return value

    def _around(self, graph: Builder, name: str, inside: Apply, value: Any) -> Any:
        """Add a part with a way around it, and normalization before or behind."""
        norm = LayerNormalization(name=f"{name}_norm", epsilon=self.layer_norm_epsilon)
        made = inside(graph.node(norm, value) if self.norm_first else value)
        if self.dropout:
            made = graph.node(Dropout(rate=self.dropout), made)
        total = graph.node(Add(), made, value)
        return total if self.norm_first else graph.node(norm, total)
