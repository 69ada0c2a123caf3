"""An LSTM that tells how a series goes on."""

from __future__ import annotations

from typing import ClassVar

from dltrain.activations.base import Activation
from dltrain.activations.linear import Linear
from dltrain.core.fields import PositiveInteger, Share
from dltrain.layers.base import Layer
from dltrain.layers.dropout import Dropout
from dltrain.layers.lstm import LSTM
from dltrain.models.base import Model
from dltrain.models.parts import classifier


class LstmForecaster(Model):
    """LSTM forecaster: steps one after another, and from what is left of them those to come.

    Source: Hochreiter, Schmidhuber 1997, Neural Computation 9.
    """

    reads_series: ClassVar[bool] = True

    classes: PositiveInteger | None = None
    """Numbers to be told; default: those of the data set."""
    units: PositiveInteger = 64
    """Units of each recurrent layer."""
    depth: PositiveInteger = 1
    """Recurrent layers, one above the other."""
    dropout: Share = 0.0
    """Share of numbers left out before the last layer while training."""
    classifier_activation: Activation = Linear()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        layers: list[Layer] = [
            LSTM(name=f"recurrent{number}", units=self.units, return_sequences=number < self.depth)
            for number in range(1, self.depth + 1)
        ]
        if self.dropout:
            layers.append(Dropout(rate=self.dropout))
        return (*layers, classifier(self))
