"""Convolutions over texts."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from dltrain.activations.base import Activation
from dltrain.activations.relu import Relu
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, Share
from dltrain.layers.base import Layer
from dltrain.layers.conv1d import Conv1D
from dltrain.layers.global_max_pooling1d import GlobalMaxPooling1D
from dltrain.layers.parallel import Parallel
from dltrain.models.base import Model
from dltrain.models.texts import classified, token_vectors


class TextCnn(Model):
    """Text CNN: windows of 3, 4 and 5 tokens, and of each filter the place that fits it best.

    Zeros around the text keep windows as many as tokens, so that short texts fit too.
    Source: Kim 2014, arXiv:1408.5882, CNN-rand.
    """

    reads_text: ClassVar[bool] = True

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    embedding_dim: PositiveInteger = 300
    """Numbers of a token's vector."""
    kernel_sizes: Annotated[tuple[PositiveInteger, ...], Field(min_length=2)] = (3, 4, 5)
    """Tokens of the windows."""
    filters: PositiveInteger = 100
    """Filters for each size of window."""
    activation: Activation = Relu()
    """Function of the filters."""
    dropout: Share = 0.5
    """Share of numbers left out before the last layer while training."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        branches = tuple(self._branch(size) for size in self.kernel_sizes)
        windows = Parallel(name="windows", branches=branches)
        return (token_vectors(self, mask_zero=False), windows, *classified(self))

    def _branch(self, size: int) -> tuple[Layer, ...]:
        convolution = Conv1D(
            name=f"conv{size}", filters=self.filters, kernel_size=size, padding="same",
            activation=self.activation,
        )  # fmt: skip
        return convolution, GlobalMaxPooling1D()
