"""A layer that does part of another layer's work, under that layer's names and on its buffers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dltrain.core.lowering import Buffer, Gradient, Lowering, Per, Target
from dltrain.core.shapes import Shape


@dataclass(frozen=True)
class Part:
    """What the layer within sees: the lowering of the whole, some names and buffers changed."""

    whole: Lowering
    inputs: tuple[Buffer, ...]
    output: Buffer
    gradients: tuple[Buffer, Gradient | None] | None = None
    """Gradients of output and input, backward."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The whole's name of a parameter, by that of the layer within; others are alike."""

    @property
    def training(self) -> bool:
        """Whether dropout and its like are active."""
        return self.whole.training

    @property
    def frozen(self) -> bool:
        """Whether parameters and statistics stay as they are."""
        return self.whole.frozen

    @property
    def needs_gradient(self) -> bool:
        """Whether a backward pass will follow."""
        return self.whole.needs_gradient

    @property
    def target(self) -> Target:
        """The vector unit."""
        return self.whole.target

    @property
    def cells(self) -> Buffer:
        """Float64 values of the step."""
        return self.whole.cells

    @property
    def owns_parameters(self) -> bool:
        """Whether no other layer shares the parameters."""
        return self.whole.owns_parameters

    @property
    def output_gradient(self) -> Buffer:
        """The finished gradient of the output."""
        assert self.gradients is not None  # noqa: S101 - asked for backward only
        return self.gradients[0]

    def input_gradient(self, index: int = 0) -> Gradient | None:
        """Where the gradient of the input goes."""
        assert self.gradients is not None  # noqa: S101 - asked for backward only
        return self.gradients[1]

    def parameter(self, name: str) -> Buffer:
        """A parameter, by the name that it has within."""
        return self.whole.parameter(self._name(name))

    def parameter_gradient(
        self, name: str, *, per: Per, transposed: bool = False
    ) -> Gradient | None:
        """Where the gradient of a parameter goes."""
        return self.whole.parameter_gradient(self._name(name), per=per, transposed=transposed)

    def prepared(self, name: str, kernel: str, *, shape: Shape, sizes: tuple[int, ...]) -> Buffer:
        """A rearranged copy of a parameter."""
        return self.whole.prepared(self._name(name), kernel, shape=shape, sizes=sizes)

    def keep(self, name: str, shape: Shape, *, width: int = 4) -> Buffer:
        """A value per sample that forward leaves for backward, by name."""
        return self.whole.keep(name, shape, width=width)

    def shared(self, name: str, shape: Shape, *, width: int = 4) -> Buffer:
        """An array of the layer's, one for the whole batch, by name."""
        return self.whole.shared(name, shape, width=width)

    def scratch(self, shape: Shape, *, width: int = 4) -> Buffer:
        """A value per sample that lives only between neighbouring rows."""
        return self.whole.scratch(shape, width=width)

    def seed(self) -> int:
        """A number that tells the layer's random stream from all others."""
        return self.whole.seed()

    def row(self, kernel: str, **facts: Any) -> None:
        """Append a row."""
        self.whole.row(kernel, **facts)

    def _name(self, name: str) -> str:
        return self.names.get(name, name)
