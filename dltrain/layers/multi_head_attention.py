"""Attention between the steps of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from dltrain.core.errors import ShapeError
from dltrain.core.fields import Flag, PositiveInteger, PositiveNumber, Share
from dltrain.core.lowering import Buffer, Gradient, Lowering
from dltrain.core.shapes import Shape, size_of
from dltrain.initializers.base import Initializer
from dltrain.initializers.glorot_uniform import GlorotUniform
from dltrain.initializers.zeros import Zeros
from dltrain.layers.base import Layer, ParameterSpec, require
from dltrain.layers.heads import Heads
from dltrain.layers.matrix import Matrix, bias_gradient
from dltrain.layers.positions import wave_table, write_rotation, write_waves
from dltrain.layers.step_attention import StepAttention
from dltrain.regularizers.base import Regularizer

T = TypeVar("T")
SOURCES = {"query": 0, "key": 2, "value": 1}
"""Which input gives what, where there are so many; else the last one does."""


class MultiHeadAttention(Layer):
    """Let each step of a sequence take in values of all steps, head by head.

    `inputs: [a, b]` lets each step of a take in values of b, such as an encoder's output; a third
    one gives the keys, in place of b.

    y = concatenated softmax(q k^T / sqrt(key_dim)) v of all heads, times the output kernel. Memory
    grows with the length, not with its square.

    Shapes: x, y (time, features). Kernels of query, key and value (features of their input, heads,
    key_dim), output (heads, key_dim, features), each followed by its bias; keys and values have
    `num_kv_heads` heads, and `value_dim` numbers.

    With `rotary`, number i of a query or key and number key_dim / 2 + i are a pair, as in GPT-NeoX
    and Llama, that is turned by the angle t * rotary_base ** (-2 i / key_dim) at step t: what meets
    depends on how far apart steps are.

    Source: Vaswani et al. 2017, arXiv:1706.03762; Ainslie et al. 2023, arXiv:2305.13245; rotary
    positions of Su et al. 2021, arXiv:2104.09864, whose pairs are neighbours.
    """

    keeps_mask: ClassVar[bool] = True
    reads_mask: ClassVar[bool] = True
    most_inputs: ClassVar[int] = len(SOURCES)

    num_heads: PositiveInteger
    """Heads."""
    key_dim: PositiveInteger
    """Numbers of a query and of a key, of each head."""
    value_dim: PositiveInteger | None = None
    """Numbers of a value, of each head; default: those of a key."""
    num_kv_heads: PositiveInteger | None = None
    """Heads of keys and values, which groups of heads share; default: as many as heads."""
    causal: Flag = False
    """Whether a step sees no later one."""
    dropout: Share = 0.0
    """Share of the weights that is left out while training, as of numbers by `dropout`."""
    rotary: Flag = False
    """Whether queries and keys are turned by the position of their step."""
    rotary_base: PositiveNumber = 10000.0
    """What the angles of rotary positions are powers of; a larger one reaches farther."""
    use_bias: Flag = True
    """Whether queries, keys, values and outputs have a bias."""
    kernel_initializer: Initializer = GlorotUniform()
    """Starting values of the kernels."""
    bias_initializer: Initializer = Zeros()
    """Starting values of the biases."""
    kernel_regularizer: Regularizer | None = None
    """Penalty on all kernels, added to the loss."""

    @property
    def sees_later(self) -> bool:
        """Tell whether all steps are looked at."""
        return not self.causal

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape of the queries' input."""
        for shape in inputs:
            require(shape, (2,), self, hint="put an embedding, or `reshape`, before it")
        times = [self._given(name, inputs)[0] for name in SOURCES]
        if times[1] != times[2] or (self.causal and times[0] != times[1]):
            message = f"{times[1]} keys do not fit {times[2]} values"
            if times[1] == times[2]:
                message = f"with `causal`, {times[0]} queries do not fit {times[1]} keys"
            raise ShapeError(message, field="inputs", hint="name sequences of one length")
        if self.num_heads % self._groups:
            raise ShapeError(
                f"{self.num_heads} heads cannot share {self._groups} heads of keys and values",
                field="num_kv_heads",
                hint="give a number that divides num_heads",
            )
        if self.rotary and self.key_dim % 2:
            raise ShapeError(
                f"rotary positions turn pairs of numbers, but key_dim is {self.key_dim}",
                field="key_dim",
                hint="give an even number",
            )
        return inputs[0]

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for the kernels and biases of query, key, value and output."""
        specs: dict[str, ParameterSpec] = {}
        for name, (heads, size) in self._inward.items():
            shape = (self._given(name, inputs)[-1], heads, size)
            specs[f"{name}_kernel"] = self._kernel(shape)
            if self.use_bias:
                specs[f"{name}_bias"] = ParameterSpec(shape[1:], self.bias_initializer)
        features = inputs[0][-1]
        shape = (self.num_heads, self._value_dim, features)
        specs["output_kernel"] = self._kernel(shape)
        if self.use_bias:
            specs["output_bias"] = ParameterSpec((features,), self.bias_initializer)
        return specs

    def multiply_adds(self, *inputs: Shape) -> int:
        """Count those of the four kernels, and one for each pair of steps and number of a head."""
        inward = sum(
            size_of(self._given(name, inputs)) * heads * size
            for name, (heads, size) in self._inward.items()
        )
        outward = size_of(inputs[0]) * self.num_heads * self._value_dim
        pairs = inputs[0][0] * self._given("key", inputs)[0]
        return inward + outward + pairs * self.num_heads * (self.key_dim + self._value_dim)

    def stepped(self, *inputs: Shape) -> Layer | None:
        """Keep keys and values from step to step, where no step sees later ones."""
        return StepAttention.of(self, inputs[0][0]) if self.causal else None

    def forward(self, at: Lowering) -> None:
        """Write the rows of q, k and v, of attention, and of the output."""
        heads = self._heads(at)
        for name, kept in zip(SOURCES, heads.inward, strict=True):
            self._multiply(at, name, self._given(name, at.inputs), kept)
        self._rotate(at, heads.query, heads.key)
        heads.forward(at)
        self._multiply(at, "output", heads.context, at.output)

    def backward(self, at: Lowering) -> None:
        """Write the rows of all gradients, from the output's to the inputs'."""
        heads, dy = self._heads(at), at.output_gradient
        self._weights(at, "output", heads.context, dy)
        d_context = at.scratch(heads.context.shape)
        self._matrix(at, "output").input_gradient(dy, Gradient(d_context, accumulate=False))
        gradients = heads.backward(at, d_context)
        self._rotate(at, *gradients[:2], back=True)
        for name, gradient in zip(SOURCES, gradients, strict=True):
            self._weights(at, name, self._given(name, at.inputs), gradient)
        for name, gradient in zip(SOURCES, gradients, strict=True):
            dx = at.input_gradient(self._given(name, range(len(at.inputs))))
            if dx is not None:
                self._matrix(at, name).input_gradient(gradient, dx)

    def _multiply(self, at: Lowering, name: str, x: Buffer, y: Buffer) -> None:
        bias = at.parameter(f"{name}_bias" if self.use_bias else f"{name}_kernel")
        self._matrix(at, name).multiply(x, bias, y, start=int(self.use_bias))

    def _rotate(self, at: Lowering, *vectors: Buffer, back: bool = False) -> None:
        """Write the rows that turn queries and keys, or their gradients back."""
        if not self.rotary:
            return
        waves = wave_table(at, max(each.shape[0] for each in vectors), self.key_dim)
        if not back:
            write_waves(at, waves, self.rotary_base, alternating=False)
        for each in vectors:
            write_rotation(at, waves, each, back=back)

    def _weights(self, at: Lowering, name: str, x: Buffer, dy: Buffer) -> None:
        bias_gradient(at, f"{name}_bias" if self.use_bias else None, dy, dy)
        self._matrix(at, name).weights(x, dy)

    def _matrix(self, at: Lowering, name: str) -> Matrix:
        kernel = at.parameter(f"{name}_kernel").shape
        if name == "output":
            return Matrix(at, "output_kernel", kernel[0] * kernel[1], kernel[2])
        return Matrix(at, f"{name}_kernel", kernel[0], kernel[1] * kernel[2])

    def _heads(self, at: Lowering) -> Heads:
        times = [self._given(name, at.inputs).shape[0] for name in SOURCES]

        def kept(name: str, shape: Shape) -> Buffer:
            return at.keep(name, shape) if at.needs_gradient else at.scratch(shape)

        q, k, v = (
            kept(name, (time, heads * size))
            for time, (name, (heads, size)) in zip(times, self._inward.items(), strict=True)
        )
        return Heads(
            query=q, key=k, value=v,
            context=kept("context", (times[0], self.num_heads * self._value_dim)),
            spans=kept("spans", (self.num_heads, times[0])),
            heads=self.num_heads, groups=self._groups, causal=self.causal,
            dropout=self.dropout if at.training else 0.0,
        )  # fmt: skip

    def _kernel(self, shape: Shape) -> ParameterSpec:
        return ParameterSpec(shape, self.kernel_initializer, self.kernel_regularizer)

    def _given(self, name: str, inputs: Sequence[T]) -> T:
        """Choose among the inputs that of queries, keys or values."""
        return inputs[min(SOURCES[name], len(inputs) - 1)]

    @property
    def _inward(self) -> dict[str, tuple[int, int]]:
        """Give the heads and sizes of query, key and value."""
        return {
            "query": (self.num_heads, self.key_dim),
            "key": (self._groups, self.key_dim),
            "value": (self._groups, self._value_dim),
        }

    @property
    def _groups(self) -> int:
        return self.num_heads if self.num_kv_heads is None else self.num_kv_heads

    @property
    def _value_dim(self) -> int:
        return self.key_dim if self.value_dim is None else self.value_dim
