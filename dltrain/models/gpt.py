"""GPT-2."""

from __future__ import annotations

from typing import ClassVar, Literal

from dltrain.activations.base import Activation
from dltrain.activations.gelu import Gelu
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import Flag, PositiveInteger, Share
from dltrain.initializers.random_normal import RandomNormal
from dltrain.layers.base import Layer
from dltrain.layers.dense import Dense
from dltrain.layers.dropout import Dropout
from dltrain.layers.embedding import Embedding
from dltrain.layers.layer_normalization import LayerNormalization
from dltrain.layers.tied_dense import TiedDense
from dltrain.layers.transformer_encoder import TransformerEncoder
from dltrain.models.base import Model
from dltrain.models.parts import penalized
from dltrain.models.token_parts import Positions, position_layers
from dltrain.regularizers.base import Regularizer

SIZES = {
    "nano": (3, 3, 48),
    "mini": (6, 6, 192),
    "small": (12, 12, 768),
    "medium": (24, 16, 1024),
    "large": (36, 20, 1280),
    "xl": (48, 25, 1600),
}
"""Layers, heads and features; nano and mini are minGPT's."""
START = RandomNormal(stddev=0.02)


class Gpt(Model):
    """GPT-2, a language model: each token is told from those before it.

    `small` for 1024 tokens of 50,257 kinds has 124,439,808 parameters, as OpenAI's.
    Source: Radford and others 2019, "Language models are unsupervised multitask learners".
    """

    reads_tokens: ClassVar[bool] = True
    advice: ClassVar[str | None] = "take a data set of tokens, such as `type: text`"

    classes: PositiveInteger | None = None
    """Kinds of tokens; default: those of the data set."""
    size: Literal["nano", "mini", "small", "medium", "large", "xl"] = "small"
    """Which numbers of layers, heads and features: GPT-2's from small to xl, or smaller ones."""
    num_layers: PositiveInteger | None = None
    """Blocks, instead of those of the size."""
    num_heads: PositiveInteger | None = None
    """Heads of an attention, instead of those of the size."""
    hidden_dim: PositiveInteger | None = None
    """Features of a step, instead of those of the size."""
    positions: Positions = "learnt"
    """`learnt` vectors are added, or `sinusoidal` ones, or `rotary` attention turns its queries and
    keys."""
    tied: Flag = True
    """Whether the last layer shares the table of the embedding."""
    dropout: Share = 0.1
    """Share of numbers left out behind embedding, attentions and dense layers while training."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        layers, heads, features = SIZES[self.size]
        features, kinds = self.hidden_dim or features, self.classes or "classes"
        block = TransformerEncoder(
            num_heads=self.num_heads or heads, intermediate_dim=4 * features, causal=True,
            rotary=self.positions == "rotary", dropout=self.dropout,
            activation=Gelu(approximate=True), kernel_initializer=START,
        )  # fmt: skip
        numbers = range(1, (self.num_layers or layers) + 1)
        stack: tuple[Layer, ...] = (
            Embedding(
                name="tokens", input_dim=kinds, output_dim=features, embeddings_initializer=START
            ),
            *position_layers(self.positions),
            *((Dropout(rate=self.dropout),) if self.dropout else ()),
            *(block.model_copy(update={"name": f"block{number}"}) for number in numbers),
            LayerNormalization(name="norm", epsilon=1e-5),
            self._classifier(),
        )
        return penalized(stack, self.kernel_regularizer)

    def _classifier(self) -> Layer:
        """Give the last layer, without a bias as GPT-2's."""
        activation = self.classifier_activation
        if self.tied:
            return TiedDense(name="classifier", embedding="tokens", activation=activation)
        return Dense(
            name="classifier", units=self.classes or "classes", use_bias=False,
            activation=activation, kernel_initializer=START,
        )  # fmt: skip
