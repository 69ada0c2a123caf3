"""An image as a sequence of patches."""

from __future__ import annotations

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Flag, PositiveInteger
from dltrain.core.lowering import Buffer, Gradient, Lowering
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.initializers.glorot_uniform import GlorotUniform
from dltrain.initializers.zeros import Zeros
from dltrain.layers.base import Layer, ParameterSpec, require
from dltrain.layers.matrix import Matrix, bias_gradient
from dltrain.layers.windows import PairField, pair
from dltrain.regularizers.base import Regularizer


class PatchEmbedding(Layer):
    """Cut an image into patches and give a vector for each, row by row of patches.

    It is a convolution whose strides are its kernel's size, as a sequence. Each patch is copied
    into one row, so that rows meet the kernel as a matrix.

    Shapes: x (height, width, channels); kernel (high, wide, channels, output_dim); y (patches,
    output_dim).
    Raises: ShapeError where the patches do not cover the image.
    Source: Dosovitskiy et al. 2020, arXiv:2010.11929, eq. 1.
    """

    patch_size: PairField
    """Height and width of a patch."""
    output_dim: PositiveInteger
    """Numbers of a patch's vector."""
    use_bias: Flag = True
    """Whether a bias is added."""
    kernel_initializer: Initializer = GlorotUniform()
    """Starting values of the kernel."""
    bias_initializer: Initializer = Zeros()
    """Starting values of the bias."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on the kernel, added to the loss."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """Count the patches."""
        (shape,) = inputs
        require(shape, (3,), self)
        high, wide = pair(self.patch_size)
        if shape[0] % high or shape[1] % wide:
            message = f"patches of {high}x{wide} do not cover an image of {shape[0]}x{shape[1]}"
            hint = "give a patch_size that divides height and width, or resize the images"
            raise ShapeError(message, field="patch_size", hint=hint)
        return (shape[0] // high) * (shape[1] // wide), self.output_dim

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for the kernel and the bias."""
        shape = (*pair(self.patch_size), inputs[0][2], self.output_dim)
        specs = {"kernel": ParameterSpec(shape, self.kernel_initializer, self.kernel_regularizer)}
        if self.use_bias:
            specs["bias"] = ParameterSpec((self.output_dim,), self.bias_initializer)
        return specs

    def multiply_adds(self, *inputs: Shape) -> int:
        """Count one for each number of the image and of a patch's vector."""
        height, width, channels = inputs[0]
        return height * width * channels * self.output_dim

    def forward(self, at: Lowering) -> None:
        """Write the rows that copy the patches and multiply them."""
        bias = at.parameter("bias" if self.use_bias else "kernel")
        matrix = self._matrix(at)
        matrix.multiply(self._patches(at, matrix), bias, at.output, start=int(self.use_bias))

    def backward(self, at: Lowering) -> None:
        """Write the rows of the gradients of bias, kernel and image."""
        dy, matrix, gradient = at.output_gradient, self._matrix(at), at.input_gradient()
        bias_gradient(at, "bias" if self.use_bias else None, dy, dy)
        if not at.frozen:
            matrix.weights(self._patches(at, matrix), dy)
        if gradient is not None:
            patches = at.scratch((dy.shape[0], matrix.features))
            matrix.input_gradient(dy, Gradient(patches, accumulate=False))
            self._put_back(at, patches, gradient)

    def _matrix(self, at: Lowering) -> Matrix:
        high, wide = pair(self.patch_size)
        return Matrix(at, "kernel", high * wide * at.inputs[0].shape[2], self.output_dim)

    def _patches(self, at: Lowering, matrix: Matrix) -> Buffer:
        """Write the row that copies each patch into a row of its own."""
        high, wide = pair(self.patch_size)
        height, width, channels = at.inputs[0].shape
        patches = at.scratch((at.output.shape[0], matrix.features))
        line = width * channels
        sizes = (height // high, width // wide, high, wide, channels)
        steps = (high * line, wide * channels, line, channels)
        writes = (patches,)
        at.row("gather_windows", reads=(at.inputs[0],), writes=writes, sizes=(*sizes, *steps))
        return patches

    def _put_back(self, at: Lowering, patches: Buffer, gradient: Gradient) -> None:
        """Write the rows that copy the patches' gradients to their places in the image's."""
        high, wide = pair(self.patch_size)
        height, width, channels = at.inputs[0].shape
        whole = at.scratch(at.inputs[0].shape) if gradient.accumulate else gradient.buffer
        run, across = wide * channels, width // wide
        # Rows of the image: of a row of patches, line by line, a run of each patch.
        sizes = (height // high, high, across, wide, channels)
        steps = (across * high * run, run, high * run, channels)
        at.row("gather_windows", reads=(patches,), writes=(whole,), sizes=(*sizes, *steps))
        if gradient.accumulate:
            at.row(
                "linear_backward",
                variant=(1,),
                reads=(whole, whole),
                writes=(gradient.buffer,),
                sizes=(1, whole.size),
            )
