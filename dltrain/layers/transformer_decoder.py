"""The block of a transformer that reads what an encoder made."""

from __future__ import annotations

from typing import Any, ClassVar

from dltrain.activations.base import Activation
from dltrain.activations.gelu import Gelu
from dltrain.core.errors import ShapeError
from dltrain.core.fields import Flag, NonNegative, PositiveInteger, PositiveNumber, Share
from dltrain.initializers.base import Initializer
from dltrain.initializers.glorot_uniform import GlorotUniform
from dltrain.layers.base import Builder, Layer, require
from dltrain.layers.transformer_parts import Parts
from dltrain.regularizers.base import Regularizer


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
    """Share of numbers that is dropped: of attentions' weights, behind attentions and behind the
    dense layers."""
    activation: Activation | None = Gelu()
    """Function between the two dense layers."""
    use_bias: Flag = True
    """Whether attentions and dense layers have biases."""
    layer_norm_epsilon: NonNegative = 1e-5
    """Added to each variance."""
    kernel_initializer: Initializer = GlorotUniform()
    """Starting values of the kernels of attentions and dense layers."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on these kernels, added to the loss."""

    def build(self, graph: Builder, *inputs: Any) -> Any:
        """Add the two attentions and the dense layers, each with a way around it."""
        if len(inputs) != 2:
            message = f"transformer_decoder takes two sequences, but {len(inputs)} are named"
            raise ShapeError(message, field="inputs", hint="name them as [decoder, encoder]")
        value, encoded = inputs
        for each in inputs:
            require(each.shape, (2,), self, hint="put an embedding, or `reshape`, before it")
        parts, turned = Parts(graph, self), {"rotary": self.rotary, "rotary_base": self.rotary_base}
        own = parts.attention("self_attention", value.shape, causal=True, **turned)
        other = parts.attention("cross_attention", value.shape)
        with graph.scope(self):
            value = parts.around("self_attention", lambda x: graph.node(own, x), value)
            value = parts.around("cross_attention", lambda x: graph.node(other, x, encoded), value)
            return parts.around("feed_forward", parts.dense, value)
