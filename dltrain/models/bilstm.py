"""An LSTM that reads texts in both directions."""

from __future__ import annotations

from typing import ClassVar

from dltrain.activations.base import Activation
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, Share
from dltrain.layers.base import Layer
from dltrain.layers.lstm import LSTM
from dltrain.models.base import Model
from dltrain.models.texts import recurrent_classifier


class Bilstm(Model):
    """Bidirectional LSTM: texts read forwards and backwards, and both ends side by side.

    Source: Graves, Schmidhuber 2005, Neural Networks 18.
    """

    reads_text: ClassVar[bool] = True

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    embedding_dim: PositiveInteger = 128
    """Numbers of a token's vector."""
    units: PositiveInteger = 64
    """Units of each recurrent layer, in each direction."""
    depth: PositiveInteger = 1
    """Recurrent layers, one above the other."""
    dropout: Share = 0.5
    """Share of numbers left out before the last layer while training."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        return recurrent_classifier(self, LSTM, bidirectional=True)
