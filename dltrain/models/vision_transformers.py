"""The networks of Dosovitskiy and others 2020, arXiv:2010.11929."""

from __future__ import annotations

from typing import Protocol

from dltrain.initializers.lecun_normal import LecunNormal
from dltrain.initializers.random_normal import RandomNormal
from dltrain.initializers.zeros import Zeros
from dltrain.layers.base import Layer
from dltrain.layers.class_token import ClassToken
from dltrain.layers.dropout import Dropout
from dltrain.layers.layer_normalization import LayerNormalization
from dltrain.layers.patch_embedding import PatchEmbedding
from dltrain.layers.position_embedding import PositionEmbedding
from dltrain.layers.take_step import TakeStep
from dltrain.layers.transformer_encoder import TransformerEncoder
from dltrain.models.parts import Classifies, classifier, penalized
from dltrain.regularizers.base import Regularizer

EPSILON = 1e-6
"""That of the paper's code, of torchvision and of timm."""


class Options(Classifies, Protocol):
    """What a preset of this family may choose."""

    @property
    def patch_size(self) -> int | tuple[int, int]:
        """The pixels of a patch."""

    @property
    def num_layers(self) -> int:
        """The encoders."""

    @property
    def dropout(self) -> float:
        """The share of numbers left out."""

    @property
    def kernel_regularizer(self) -> Regularizer | None:
        """The penalty on kernels."""


def vision_transformer(options: Options, hidden_dim: int, num_heads: int) -> tuple[Layer, ...]:
    """Give the layers: patches behind a class token, encoders, and what the token has gathered."""
    layers: list[Layer] = [
        PatchEmbedding(
            name="patches", patch_size=options.patch_size, output_dim=hidden_dim,
            kernel_initializer=LecunNormal(),
        ),
        ClassToken(name="class_token"),
        PositionEmbedding(name="positions", embeddings_initializer=RandomNormal(stddev=0.02)),
    ]  # fmt: skip
    if options.dropout:
        layers.append(Dropout(rate=options.dropout))
    layers += [
        TransformerEncoder(
            name=f"encoder{number}", num_heads=num_heads, intermediate_dim=4 * hidden_dim,
            dropout=options.dropout, layer_norm_epsilon=EPSILON,
        )
        for number in range(1, options.num_layers + 1)
    ]  # fmt: skip
    last = classifier(options, kernel_initializer=Zeros())
    ending = (LayerNormalization(name="norm", epsilon=EPSILON), TakeStep(), last)
    return penalized((*layers, *ending), options.kernel_regularizer)
