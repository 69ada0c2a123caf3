"""The multi-layer perceptron."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from dltrain.activations.base import Activation
from dltrain.activations.relu import Relu
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, Share
from dltrain.layers.base import Layer
from dltrain.layers.category_embedding import CategoryEmbedding
from dltrain.layers.dense import Dense
from dltrain.layers.dropout import Dropout
from dltrain.layers.flatten import Flatten
from dltrain.models.base import Model
from dltrain.models.parts import classifier, penalized
from dltrain.regularizers.base import Regularizer


class Mlp(Model):
    """Multi-layer perceptron: dense layers, each over all that the one before gives.

    Categories of a table become vectors first.

    Source: Rumelhart, Hinton, Williams 1986, Nature 323.
    """

    image_size: ClassVar[int] = 28

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    units: Annotated[tuple[PositiveInteger, ...], Field(min_length=1)] = (512, 512)
    """Outputs of each layer but the last."""
    activation: Activation = Relu()
    """Function after each layer but the last."""
    dropout: Share = 0.0
    """Share of numbers left out after each of these layers while training."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        layers: list[Layer] = [Flatten(), CategoryEmbedding(name="categories")]
        for number, units in enumerate(self.units, start=1):
            layers.append(Dense(name=f"hidden{number}", units=units, activation=self.activation))
            if self.dropout:
                layers.append(Dropout(rate=self.dropout))
        return penalized((*layers, classifier(self)), self.kernel_regularizer)
