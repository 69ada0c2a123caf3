"""What architectures that tell what class a text is of have in common."""

from __future__ import annotations

from typing import Protocol

from dltrain.layers.base import Layer
from dltrain.layers.bidirectional import Bidirectional
from dltrain.layers.dropout import Dropout
from dltrain.layers.embedding import Embedding
from dltrain.models.parts import Classifies, classifier


class ReadsText(Classifies, Protocol):
    """The options of every architecture that reads texts."""

    @property
    def embedding_dim(self) -> int:
        """Numbers of a token's vector."""

    @property
    def dropout(self) -> float:
        """The share left out before the last layer."""


class Recurrent(ReadsText, Protocol):
    """The options of architectures with recurrent layers."""

    @property
    def units(self) -> int:
        """Units of a recurrent layer, in each direction."""

    @property
    def depth(self) -> int:
        """Recurrent layers."""


def token_vectors(options: ReadsText, *, mask_zero: bool = True) -> Layer:
    """Give the first layer: a vector for each token of the data set; token 0 is padding."""
    return Embedding(
        name="tokens",
        input_dim="tokens",
        output_dim=options.embedding_dim,
        mask_zero=mask_zero,
    )


def classified(options: ReadsText) -> tuple[Layer, ...]:
    """Give the end: dropout, and one output for each class."""
    dropped = (Dropout(rate=options.dropout),) if options.dropout else ()
    return (*dropped, classifier(options))


def recurrent_classifier(
    options: Recurrent, kind: type[Layer], *, bidirectional: bool
) -> tuple[Layer, ...]:
    """Give recurrent layers over the tokens; the last one gives its last state alone."""
    layers: list[Layer] = [token_vectors(options)]
    for number in range(1, options.depth + 1):
        fields = {"units": options.units, "return_sequences": number < options.depth}
        name = f"recurrent{number}"
        if bidirectional:
            layers.append(Bidirectional(name=name, layer=kind.model_validate(fields)))
        else:
            layers.append(kind.model_validate({"name": name, **fields}))
    return (*layers, *classified(options))
