"""The transformer that turns one sequence into another."""

from __future__ import annotations

from math import sqrt
from typing import Any, ClassVar

from dltrain.activations.base import Activation
from dltrain.activations.relu import Relu
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import Flag, PositiveInteger, Share
from dltrain.initializers.random_normal import RandomNormal
from dltrain.layers.base import Layer
from dltrain.layers.dense import Dense
from dltrain.layers.dropout import Dropout
from dltrain.layers.embedding import Embedding
from dltrain.layers.layer_normalization import LayerNormalization
from dltrain.layers.rescaling import Rescaling
from dltrain.layers.sequential import Sequential
from dltrain.layers.sinusoidal_position_embedding import SinusoidalPositionEmbedding
from dltrain.layers.take_steps import TakeSteps
from dltrain.layers.tied_dense import TiedDense
from dltrain.layers.transformer_decoder import TransformerDecoder
from dltrain.layers.transformer_encoder import TransformerEncoder
from dltrain.models.base import Model
from dltrain.models.parts import penalized
from dltrain.regularizers.base import Regularizer


class Seq2seq(Model):
    """Transformer of encoders and decoders: tokens of one sequence told from those of another.

    A sample is one sequence: the source, then the target so far, which begins with a token that
    stands for its start. For each step of the target the output tells the token that follows.
    Token 0 is padding, which attention leaves out. Of a .npz file, `targets: labels` takes whole
    numbers y of [n, target steps], and `ignore_class: 0` leaves padding out of the loss.
    Source: Vaswani and others 2017, arXiv:1706.03762, the base model of table 3, here with a table
    of its own for the source and one for the target.
    """

    reads_tokens: ClassVar[bool] = True
    reads_pairs: ClassVar[bool] = True
    advice: ClassVar[str | None] = "take a data set of tokens, source and target in one sequence"

    classes: PositiveInteger | None = None
    """Kinds of tokens of the target; default: the classes of the data set."""
    tokens: PositiveInteger | None = None
    """Kinds of tokens of the source; default: those of the data set."""
    source_length: PositiveInteger | None = None
    """Steps of the source, behind which the target stands; default: those of the data set."""
    num_layers: PositiveInteger = 6
    """Encoders, and decoders."""
    num_heads: PositiveInteger = 8
    """Heads of an attention."""
    hidden_dim: PositiveInteger = 512
    """Features of a step; between dense layers there are four times as many."""
    norm_first: Flag = False
    """Whether normalization comes before attentions and dense layers, as today, or behind."""
    tied: Flag = True
    """Whether the last layer shares the table of the target's embedding."""
    dropout: Share = 0.1
    """Share of numbers left out behind embeddings, attentions and dense layers while training."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        fields: dict[str, Any] = {
            "num_heads": self.num_heads, "intermediate_dim": 4 * self.hidden_dim,
            "norm_first": self.norm_first, "dropout": self.dropout, "activation": Relu(),
        }  # fmt: skip
        numbers = range(1, self.num_layers + 1)
        encoders = [TransformerEncoder(name=f"encoder{number}", **fields) for number in numbers]
        before, encoded = "target", "encoded" if self.norm_first else encoders[-1].name or ""
        decoders: list[Layer] = []
        for number in numbers:
            name, inputs = f"decoder{number}", (before, encoded)
            decoders.append(TransformerDecoder(name=name, inputs=inputs, **fields))
            before = name
        layers = (
            self._embedded("source", self.tokens or "tokens", stop=self.source_length or "source"),
            *encoders,
            *self._normalized("encoded"),
            self._embedded(
                "target", self.classes or "classes", start=self.source_length or "source"
            ),
            *decoders,
            *self._normalized("decoded"),
            self._classifier(),
        )
        return penalized(layers, self.kernel_regularizer)

    def _normalized(self, name: str) -> tuple[Layer, ...]:
        """Give the normalization behind blocks that begin with one."""
        return (LayerNormalization(name=name, epsilon=1e-5),) if self.norm_first else ()

    def _embedded(self, name: str, kinds: Any, **steps: Any) -> Layer:
        """Give what takes some tokens of the input and makes vectors with positions of them."""
        scale = sqrt(self.hidden_dim)
        layers: tuple[Layer, ...] = (
            TakeSteps(**steps),
            Embedding(
                name="tokens", input_dim=kinds, output_dim=self.hidden_dim, mask_zero=True,
                embeddings_initializer=RandomNormal(stddev=1 / scale),
            ),
            Rescaling(scale=scale),
            SinusoidalPositionEmbedding(),
            *((Dropout(rate=self.dropout),) if self.dropout else ()),
        )  # fmt: skip
        return Sequential(name=name, inputs=("input",), layers=layers)

    def _classifier(self) -> Layer:
        activation = self.classifier_activation
        if self.tied:
            return TiedDense(name="classifier", embedding="target/tokens", activation=activation)
        return Dense(
            name="classifier", units=self.classes or "classes", use_bias=False,
            activation=activation,
        )  # fmt: skip
