"""A convolution and the max pooling behind it, as one step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, ParameterSpec
from dltrain.layers.conv2d import Conv2D
from dltrain.layers.convolution import Convolution, Pair
from dltrain.layers.half_convolution import HalfConvolution
from dltrain.layers.max_pooling2d import MaxPooling2D
from dltrain.layers.sparse import SparseGradients
from dltrain.layers.windows import pair


class PooledConv2D(Layer, listed=False):
    """Convolve, take the largest of each window, then relu: what two layers do, in one.

    relu comes last because both orders give the same and this one does less. Pixels that no window
    covers are never computed. Kept for backward: x, and one byte for each pooled value.
    """

    convolution: Conv2D
    """The convolution."""
    pooling: MaxPooling2D
    """The pooling; its windows do not overlap and leave no padding."""

    @classmethod
    def of(cls, convolution: Conv2D, following: Any) -> PooledConv2D | None:
        """Join a convolution with what follows it, where that is a pooling that suits."""
        if not isinstance(following, MaxPooling2D) or following.activation is not None:
            return None
        size = pair(following.pool_size)
        strides = size if following.strides is None else pair(following.strides)
        plain = following.padding == "valid" and not following.ceil_mode and strides == size
        if not plain or size[0] * size[1] > 254:
            return None
        return cls(convolution=convolution, pooling=following)

    def output_shape(self, *inputs: Shape) -> Shape:
        """Give the pooling's output shape."""
        return self.pooling.output_shape(self.convolution.output_shape(*inputs))

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for what the convolution asks for."""
        return self.convolution.parameters(*inputs)

    def multiply_adds(self, *inputs: Shape) -> int:
        """Count the convolution's."""
        return self.convolution.multiply_adds(*inputs)

    def forward(self, at: Lowering) -> None:
        """Write the rows of convolution and pooling."""
        geometry = self._geometry(at)
        z = at.scratch((*geometry.output, geometry.filters))
        self._convolve(at, geometry, z)
        coded = at.needs_gradient
        at.row(
            "pool_forward",
            variant=(*self._pool, self._relu, int(coded)),
            reads=(z,),
            writes=(at.output, self._codes(at) if coded else at.output),
            sizes=(*at.output.shape, geometry.output[1]),
            per="sample",
        )

    def _convolve(self, at: Lowering, geometry: Convolution, z: Buffer) -> None:
        convolution, kernel = self.convolution, at.parameter("kernel")
        start, bias = int(convolution.use_bias), kernel
        if convolution.use_bias:
            bias = at.parameter("bias")
        if HalfConvolution.suits(at, geometry):
            HalfConvolution(geometry).forward(at, at.inputs[0], bias, z, start=start, relu=0)
            return
        x = convolution.padded_input(at, geometry)
        geometry.convolve(at, x, kernel, bias, z, start=start, relu=0)

    def backward(self, at: Lowering) -> None:
        """Write the rows of the gradients, from the pooled values that have one."""
        geometry = self._geometry(at)
        suits = SparseGradients.suits(geometry, at.target)
        if suits and at.owns_parameters and not at.frozen:
            sparse = SparseGradients(geometry, self._pool, relu=False)
            x = self.convolution.padded_input(at, geometry)
            sparse.emit(at, x, self._codes(at), bias=self.convolution.use_bias)
            return
        dz = at.scratch((*geometry.output, geometry.filters))
        biased = self.convolution.use_bias
        bias = at.parameter_gradient("bias", per="sample") if biased else None
        at.row(
            "unpool",
            variant=(*self._pool, int(bias is not None)),
            reads=(at.output_gradient, self._codes(at)),
            writes=(dz, dz if bias is None else bias.buffer),
            sizes=(*at.output.shape, geometry.output[1]),
            per="sample",
        )
        if HalfConvolution.suits(at, geometry):
            HalfConvolution(geometry).gradients(at, dz)
            return
        self.convolution.dense_gradients(at, geometry, dz)

    @property
    def _pool(self) -> Pair:
        return pair(self.pooling.pool_size)

    @property
    def _relu(self) -> int:
        return int(self.convolution.activation is not None)

    def _codes(self, at: Lowering) -> Buffer:
        return at.keep("codes", at.output.shape, width=1)

    def _geometry(self, at: Lowering) -> Convolution:
        """Give the convolution's geometry without the pixels that no window covers."""
        geometry = self.convolution.geometry(at.inputs[0].shape)
        rows, columns, _ = at.output.shape
        return replace(geometry, output=(rows * self._pool[0], columns * self._pool[1]))
