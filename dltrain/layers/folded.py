"""A convolution and the batch normalization behind it, as one convolution outside of training."""

from __future__ import annotations

from typing import ClassVar

from dltrain.activations.base import Activation
from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.parts import parts_of
from dltrain.core.shapes import Shape, size_of
from dltrain.layers.add import Add
from dltrain.layers.base import Layer, ParameterSpec
from dltrain.layers.batch_normalization import BatchNormalization
from dltrain.layers.part import part

ROWS = 2**14
"""Elements of a kernel that a thread scales at a time."""


class Folded(Layer, listed=False):
    """Convolve with a kernel scaled by gamma / deviation, and a bias that holds what is left.

    Then add the second input, where there is one, and apply the activation. Kernel and bias are
    made at the head of each run, so that parameters and statistics can be written to at any time.
    """

    fuses: ClassVar[frozenset[str]] = frozenset({"relu", "relu6"})

    convolution: Layer
    """The convolution, without an activation."""
    normalization: BatchNormalization
    """The normalization of its output, without an activation."""
    added: bool = False
    """Whether a second input is added."""

    @classmethod
    def of(cls, convolution: Layer, following: Layer) -> Folded | None:
        """Join a convolution with what follows it, where that is a normalization."""
        if not isinstance(following, BatchNormalization) or convolution.activation is not None:
            return None
        if following.activation is not None and following.activation.type_name not in cls.fuses:
            return None
        plain = following.model_copy(update={"activation": None})
        return cls(convolution=convolution, normalization=plain, activation=following.activation)

    def output_shape(self, *inputs: Shape) -> Shape:
        """Give the convolution's output shape."""
        return self.convolution.output_shape(inputs[0])

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for what both ask for."""
        between = self.convolution.output_shape(inputs[0])
        return self.convolution.parameters(inputs[0]) | self.normalization.parameters(between)

    def joined(self, following: Layer, *, predicting: bool = False) -> Layer | None:
        """Take in a sum or a piecewise linear activation that follows."""
        if self.activation is not None:
            return None
        function = following.activation
        if isinstance(following, Add):
            fits = not self.added and (function is None or function.type_name in self.fuses)
            return self.model_copy(update={"added": True, "activation": function}) if fits else None
        fits = following.type_name == "activation" and function is not None
        if not fits or function is None or function.type_name not in self.fuses:
            return None
        return self.model_copy(update={"activation": function})

    def forward(self, at: Lowering) -> None:
        """Write the rows of kernel and bias, of the convolution, and of what comes after it."""
        fused = self._fused
        update = {"use_bias": True, "activation": fused}
        folded = {"kernel": self._kernel(at), "bias": self._bias(at)}
        # In place these rows would not vectorize: each writes to memory of its own.
        applied = self.activation is not None and fused is None
        shape, sizes = at.output.shape, (1, at.output.size)
        y = at.scratch(shape) if self.added or applied else at.output
        view = part(at, at.inputs[:1], y, names=folded)
        self.convolution.model_copy(update=update).forward(view)
        if self.added:
            total = at.scratch(shape) if applied else at.output
            at.row("add_forward", reads=(y, at.inputs[1]), writes=(total,), sizes=sizes)
            y = total
        if self.activation is not None and applied:
            name = f"{self.activation.type_name}_forward"
            at.row(name, reads=(y,), writes=(at.output,), sizes=sizes)

    @property
    def _fused(self) -> Activation | None:
        """Give the activation where the convolution's own kernels can apply it."""
        relu = self.activation is not None and self.activation.type_name == "relu"
        return self.activation if relu and not self.added else None

    def _kernel(self, at: Lowering) -> Buffer:
        """Write the rows of the scale and of the scaled kernel."""
        layer, kernel, channels = self.normalization, at.parameter("kernel"), at.output.shape[-1]
        mean, inverse, scale = (
            at.shared(name, (channels,)) for name in ("mean", "inverse", "scale")
        )
        gamma = at.parameter("gamma") if layer.scale else mean
        at.row(
            "kept_statistics",
            variant=(int(layer.scale),),
            reads=(gamma, at.parameter("moving_mean"), at.parameter("moving_variance")),
            writes=(mean, inverse, scale),
            numbers=(layer.epsilon,),
            per="run",
            parts=((0, channels),),
        )
        folded = at.shared("folded_kernel", kernel.shape)
        rows = size_of(kernel.shape) // channels
        step = max(1, ROWS // channels)
        at.row(
            "scale_columns",
            reads=(kernel, scale),
            writes=(folded,),
            sizes=(channels,),
            per="run",
            parts=parts_of(rows, step=step),
        )
        return folded

    def _bias(self, at: Lowering) -> Buffer:
        """Write the row of the bias."""
        channels, biased = (
            at.output.shape[-1],
            "bias" in self.convolution.parameters(at.inputs[0].shape),
        )
        centered, mean = self.normalization.center, at.shared("mean", (channels,))
        bias = at.shared("folded_bias", (channels,))
        at.row(
            "fold_bias",
            variant=(int(biased), int(centered)),
            reads=(
                at.parameter("bias") if biased else mean,
                *(
                    at.parameter("beta") if centered else mean,
                    mean,
                    at.shared("scale", (channels,)),
                ),
            ),
            writes=(bias,),
            per="run",
            parts=((0, channels),),
        )
        return bias
