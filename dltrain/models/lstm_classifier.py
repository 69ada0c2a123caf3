"""An LSTM that reads texts."""

from __future__ import annotations

from typing import ClassVar

from dltrain.activations.base import Activation
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, Share
from dltrain.layers.base import Layer
from dltrain.layers.lstm import LSTM
from dltrain.models.base import Model
from dltrain.models.texts import recurrent_classifier


class LstmClassifier(Model):
    """LSTM classifier: tokens one after another, and what is left of them at the end.

    Source: Hochreiter, Schmidhuber 1997, Neural Computation 9.
    """

    reads_text: ClassVar[bool] = True

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    embedding_dim: PositiveInteger = 128
    """Numbers of a token's vector."""
    units: PositiveInteger = 128
    """Units of each recurrent layer."""
    depth: PositiveInteger = 1
    """Recurrent layers, one above the other."""
    dropout: Share = 0.5
    """Share of numbers left out before the last layer while training."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        return recurrent_classifier(self, LSTM, bidirectional=False)
