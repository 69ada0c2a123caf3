"""The rows of a convolution whose factors are rounded to bfloat16; its sums stay float32.

The processor multiplies words of two numbers and adds both products. Forward the two are
neighbouring channels, for the input's gradient neighbouring filters, for the kernel's neighbouring
pixels of the output.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

from dltrain.core.lowering import Buffer, Lowering
from dltrain.layers.convolution import Convolution, LaidOut
from dltrain.layers.strided import Strided


@dataclass(frozen=True)
class HalfConvolution:
    """Writes the rows of a convolution in bfloat16."""

    geometry: Convolution

    @staticmethod
    def suits(at: Lowering, geometry: Convolution) -> bool:
        """Tell whether to round: where the config asks for it and groups have whole words."""
        if at.precision != "bfloat16" or geometry.is_depthwise:
            return False
        each = geometry.channels // geometry.groups, geometry.filters // geometry.groups
        return geometry.groups == 1 or not any(count % 2 for count in each)

    def forward(
        self, at: Lowering, x: Buffer, bias: Buffer, y: Buffer, *, start: int, relu: int
    ) -> None:
        """Write the rows of y = x * kernel; start as in `Convolution`."""
        geometry, width = self.geometry, at.target.width
        inputs, words = geometry.channels // geometry.groups, _words(geometry.channels)
        padded = at.scratch((*geometry.padded, words))
        sizes = (*geometry.input, geometry.channels, *geometry.padded, *geometry.before, 1, 1)
        _copy(at, "pad_halves", x, padded, sizes)
        kernel = at.prepared(
            "kernel",
            "pair_inputs",
            variant=(width,),
            shape=(*geometry.kernel, _words(inputs), geometry.filters),
            sizes=(geometry.kernel[0] * geometry.kernel[1], inputs, geometry.filters),
        )
        inside = replace(geometry, channels=words)
        inside.convolve(at, padded, kernel, bias, y, start=start, relu=relu, halves=1)

    def backward(
        self, at: Lowering, dy: Buffer, bias: Buffer, dx: Buffer, *, start: int, relu: int
    ) -> None:
        """Write the rows of the way back, such as the input's gradient."""
        geometry = self.geometry
        outputs, words = geometry.filters // geometry.groups, _words(geometry.filters)
        kernel = at.prepared(
            "kernel",
            "flip_pairs",
            variant=(at.target.width,),
            shape=(*geometry.kernel, _words(outputs), geometry.channels),
            sizes=geometry.flip_sizes,
        )
        strided = Strided(replace(geometry, filters=words))
        if Strided.suits(geometry) and not (start == 1 and strided.leaves_gaps):
            padded = at.scratch((*strided.frame[:2], words))
            sizes = (*geometry.output, geometry.filters, *strided.frame, 1, 1)
            _copy(at, "pad_halves", dy, padded, sizes)
            given = strided.laid_out(padded)
            strided.emit(at, given, kernel, bias, dx, start=start, relu=relu, halves=1)
            return
        inside = replace(geometry.reversed(), channels=words)
        spread = at.scratch((*inside.input, words))
        _copy(at, "pad_halves", dy, spread, geometry.spread_sizes)
        inside.convolve(at, spread, kernel, bias, dx, start=start, relu=relu, halves=1)

    def gradients(self, at: Lowering, dy: Buffer) -> None:
        """Write the rows of the gradients of a layer's kernel and input."""
        dw, dx = at.parameter_gradient("kernel", per="sample"), at.input_gradient()
        if dw is not None:
            self.weights(at, at.inputs[0], dy, dw.buffer)
        if dx is not None:
            self.backward(at, dy, at.parameter("kernel"), dx.buffer, start=dx.start, relu=0)

    def weights(self, at: Lowering, x: Buffer, dy: Buffer, dw: Buffer) -> None:
        """Write the rows that add the kernel's gradient to dw."""
        geometry = self.geometry.in_one_row()
        (high, wide), (down, across) = geometry.output, geometry.strides
        pairs = ceil(wide / 2)
        each, columns, step = 1, geometry.padded[1], 2 * across
        if geometry.kernel[1] == 1:  # only words of whole pairs are read
            each, columns, step = 2 * across, pairs, 1
        x_pairs = at.scratch((geometry.padded[0], columns, geometry.channels))
        dy_pairs = at.scratch((high, pairs, geometry.filters))
        image = (*geometry.input, geometry.channels, geometry.padded[0], columns)
        _copy(at, "pair_pixels", x, x_pairs, (*image, *geometry.before, each, across))
        sizes = (high, wide, geometry.filters, high, pairs, 0, 0, 2, 1)
        _copy(at, "pair_pixels", dy, dy_pairs, sizes)
        walk = replace(
            geometry,
            input=(geometry.padded[0], columns),
            before=(0, 0),
            after=(0, 0),
            strides=(down, step),
            output=(high, pairs),
        )
        walk.weights(at, x_pairs, LaidOut.plain(dy_pairs), dw, halves=1)


def _words(numbers: int) -> int:
    """Count the words of two that hold so many numbers."""
    return ceil(numbers / 2)


def _copy(at: Lowering, kernel: str, x: Buffer, y: Buffer, sizes: tuple[int, ...]) -> None:
    at.row(kernel, variant=(at.target.width,), reads=(x,), writes=(y,), sizes=sizes, per="sample")
