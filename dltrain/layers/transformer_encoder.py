"""The block of a transformer."""

from __future__ import annotations

from typing import Any

from dltrain.activations.base import Activation
from dltrain.activations.gelu import Gelu
from dltrain.core.errors import ShapeError
from dltrain.core.fields import Flag, NonNegative, PositiveInteger, PositiveNumber, Share
from dltrain.layers.base import Builder, Layer, require
from dltrain.layers.dense import Dense
from dltrain.layers.dropout import Dropout
from dltrain.layers.layer_normalization import LayerNormalization
from dltrain.layers.multi_head_attention import MultiHeadAttention
from dltrain.layers.residual import Residual


class TransformerEncoder(Layer):
    """Attention, then two dense layers for each step, each with a way around it.

    With `norm_first` each is normalized before it (pre-norm), else each sum behind it (post-norm).

    Raises: ShapeError where the features cannot be shared among the heads.
    Source: Vaswani et al. 2017, arXiv:1706.03762; Xiong et al. 2020, arXiv:2002.04745.
    """

    num_heads: PositiveInteger
    """Heads of the attention; each has features / num_heads numbers."""
    intermediate_dim: PositiveInteger
    """Units of the first of the two dense layers."""
    causal: Flag = False
    """Whether a step sees no later one, as in a language model."""
    rotary: Flag = False
    """Whether attention turns queries and keys by the position of their step."""
    rotary_base: PositiveNumber = 10000.0
    """What the angles of rotary positions are powers of; a larger one reaches farther."""
    norm_first: Flag = True
    """Whether normalization comes before attention and dense layers, not after the sums."""
    dropout: Share = 0.0
    """Share of numbers that is dropped behind attention and behind the dense layers."""
    activation: Activation | None = Gelu()
    """Function between the two dense layers."""
    use_bias: Flag = True
    """Whether attention and dense layers have biases."""
    layer_norm_epsilon: NonNegative = 1e-5
    """Added to each variance."""

    def build(self, graph: Builder, *inputs: Any) -> Any:
        """Add two residual blocks."""
        require(inputs[0].shape, (2,), self, hint="put an embedding, or `reshape`, before it")
        features = inputs[0].shape[-1]
        attention = MultiHeadAttention(
            num_heads=self.num_heads,
            key_dim=head_size(features, self.num_heads),
            causal=self.causal,
            rotary=self.rotary,
            rotary_base=self.rotary_base,
            use_bias=self.use_bias,
        )
        dense = (
            Dense(units=self.intermediate_dim, activation=self.activation, use_bias=self.use_bias),
            Dense(units=features, use_bias=self.use_bias),
        )
        with graph.scope(self):
            value = inputs[0]
            for inside in ((attention,), dense):
                value = self._residual(graph, inside, value)
            return value

    def _residual(self, graph: Builder, inside: tuple[Layer, ...], value: Any) -> Any:
        """Add layers with a way around them, and normalization before or behind."""
        norm = LayerNormalization(epsilon=self.layer_norm_epsilon)
        dropped = (Dropout(rate=self.dropout),) if self.dropout else ()
        first = (norm,) if self.norm_first else ()
        value = Residual(layers=(*first, *inside, *dropped)).build(graph, value)
        return value if self.norm_first else graph.node(norm, value)


def head_size(features: int, heads: int) -> int:
    """Share the features among the heads; raises ShapeError where they do not divide."""
    if features % heads:
        raise ShapeError(
            f"{features} features cannot be shared among {heads} heads",
            field="num_heads",
            hint="give a number that divides the features",
        )
    return features // heads
