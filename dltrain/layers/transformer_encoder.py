"""The block of a transformer."""

from __future__ import annotations

from typing import Any

from dltrain.activations.base import Activation
from dltrain.activations.gelu import Gelu
from dltrain.core.fields import Flag, NonNegative, PositiveInteger, PositiveNumber, Share
from dltrain.initializers.base import Initializer
from dltrain.initializers.glorot_uniform import GlorotUniform
from dltrain.layers.base import Builder, Layer, require
from dltrain.layers.transformer_parts import Parts
from dltrain.regularizers.base import Regularizer


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
    """Share of numbers that is dropped: of attention's weights, behind attention and behind the
    dense layers."""
    activation: Activation | None = Gelu()
    """Function between the two dense layers."""
    use_bias: Flag = True
    """Whether attention and dense layers have biases."""
    layer_norm_epsilon: NonNegative = 1e-5
    """Added to each variance."""
    kernel_initializer: Initializer = GlorotUniform()
    """Starting values of the kernels of attention and dense layers."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on these kernels, added to the loss."""

    def build(self, graph: Builder, *inputs: Any) -> Any:
        """Add attention and dense layers, each with a way around it."""
        value, parts = inputs[0], Parts(graph, self)
        require(value.shape, (2,), self, hint="put an embedding, or `reshape`, before it")
        attention = parts.attention(
            "attention",
            value.shape,
            causal=self.causal,
            rotary=self.rotary,
            rotary_base=self.rotary_base,
        )
        with graph.scope(self):
            value = parts.around("attention", lambda x: graph.node(attention, x), value)
            return parts.around("feed_forward", parts.dense, value)
