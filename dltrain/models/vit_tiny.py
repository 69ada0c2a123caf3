"""ViT-Tiny."""

from __future__ import annotations

from dltrain.activations.base import Activation
from dltrain.activations.softmax import Softmax
from dltrain.core.fields import PositiveInteger, Share
from dltrain.layers.base import Layer
from dltrain.layers.windows import PairField
from dltrain.models.base import Model
from dltrain.models.vision_transformers import vision_transformer
from dltrain.regularizers.base import Regularizer


class VitTiny(Model):
    """ViT-Tiny: an image as a sequence of patches, read by encoders of 192 features.

    With patches of 16x16, for 1000 classes and images of 224x224, there are 5,717,416 parameters.
    Source: Touvron and others 2020, arXiv:2012.12877, table 1, without its second token.
    """

    classes: PositiveInteger | None = None
    """Classes; default: those of the data set."""
    patch_size: PairField = 16
    """Height and width of a patch, in pixels, which divide those of the images; small images take
    small patches."""
    num_layers: PositiveInteger = 12
    """Encoders."""
    dropout: Share = 0.0
    """Share of numbers left out behind positions, attentions and dense layers while training."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""
    classifier_activation: Activation = Softmax()
    """Function of the outputs."""

    def expand(self) -> tuple[Layer, ...]:
        """Give the layers."""
        return vision_transformer(self, hidden_dim=192, num_heads=3)
