"""A transformer that tells classes of texts."""

from __future__ import annotations

from typing import ClassVar

from dltrain.activations.base import Activation
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, Share
from dltrain.layers.base import Layer
from dltrain.layers.dropout import Dropout
from dltrain.layers.global_average_pooling1d import GlobalAveragePooling1D
from dltrain.layers.layer_normalization import LayerNormalization
from dltrain.layers.transformer_encoder import TransformerEncoder
from dltrain.models.base import Model
from dltrain.models.texts import classified, token_vectors
from dltrain.models.token_parts import Positions, position_layers


class TransformerClassifier(Model):
    """Transformer encoders over the tokens of a text, and the mean of what they give.

    Padding is left out by attention and by the mean.
    Source: the encoder of Vaswani and others 2017, arXiv:1706.03762, normalized before each part;
    sizes for thousands of short texts.
    """

    reads_text: ClassVar[bool] = True

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    embedding_dim: PositiveInteger = 128
    """Numbers of a token's vector."""
    num_layers: PositiveInteger = 2
    """Encoders."""
    num_heads: PositiveInteger = 4
    """Heads of an attention."""
    positions: Positions = "learnt"
    """`learnt` vectors are added, or `sinusoidal` ones, or `rotary` attention turns its queries and
    keys."""
    dropout: Share = 0.1
    """Share of numbers left out behind embedding, attentions, dense layers and the mean."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        encoders = (
            TransformerEncoder(
                name=f"encoder{number}", num_heads=self.num_heads, dropout=self.dropout,
                intermediate_dim=4 * self.embedding_dim, rotary=self.positions == "rotary",
            )
            for number in range(1, self.num_layers + 1)
        )  # fmt: skip
        return (
            token_vectors(self),
            *position_layers(self.positions),
            *((Dropout(rate=self.dropout),) if self.dropout else ()),
            *encoders,
            LayerNormalization(name="norm", epsilon=1e-5),
            GlobalAveragePooling1D(),
            *classified(self),
        )
