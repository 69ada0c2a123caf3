"""A layer that does part of another layer's work, under that layer's names and on its buffers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from dltrain.core.lowering import Buffer, Gradient, Lowering


def part(
    whole: Lowering,
    inputs: tuple[Buffer, ...],
    output: Buffer,
    gradients: tuple[Buffer, Gradient | None] | None = None,
    *,
    names: Mapping[str, str | Buffer] | None = None,
) -> Lowering:
    """Give what the layer within sees: other inputs, output and, backward, their gradients.

    `gradients` are those of the output and of the one input. `names` gives the whole's name of a
    parameter by that of the layer within, or an array that stands for it.
    """
    return cast("Lowering", _Part(whole, inputs, output, gradients, names or {}))


class _Part:
    """A lowering of which all that is not said here is the whole's."""

    def __init__(
        self,
        whole: Lowering,
        inputs: tuple[Buffer, ...],
        output: Buffer,
        gradients: tuple[Buffer, Gradient | None] | None,
        names: Mapping[str, str | Buffer],
    ) -> None:
        self._whole, self._names, self._gradients = whole, names, gradients
        self.inputs, self.output = inputs, output

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    @property
    def output_gradient(self) -> Buffer:
        """The finished gradient of the output."""
        assert self._gradients is not None  # noqa: S101 - asked for backward only
        return self._gradients[0]

    def input_gradient(self, index: int = 0) -> Gradient | None:
        """Where the gradient of the input goes."""
        assert self._gradients is not None  # noqa: S101 - asked for backward only
        return self._gradients[1]

    def hand_on(self, index: int = 0) -> bool:
        """Leave the whole's gradients where they are."""
        return False

    def parameter(self, name: str) -> Buffer:
        """A parameter, by the name that it has within."""
        named = self._named(name)
        return named if isinstance(named, Buffer) else self._whole.parameter(named)

    def parameter_gradient(self, name: str, **facts: Any) -> Gradient | None:
        """Where the gradient of a parameter goes."""
        return self._whole.parameter_gradient(str(self._named(name)), **facts)

    def prepared(self, name: str, kernel: str, **facts: Any) -> Buffer:
        """A rearranged copy of a parameter."""
        return self._whole.prepared(self._named(name), kernel, **facts)

    def _named(self, name: str) -> str | Buffer:
        return self._names.get(name, name)
