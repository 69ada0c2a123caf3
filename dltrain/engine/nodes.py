"""The parts of a network: layers at work, the values between them, the arrays that they learn."""

from __future__ import annotations

from dataclasses import dataclass

from dltrain.core.shapes import Shape, size_of
from dltrain.layers.activation import Activation as ActivationLayer
from dltrain.layers.base import Layer, ParameterSpec


@dataclass(frozen=True, eq=False)
class Parameter:
    """An array that a network learns or keeps, named `<layer>/<parameter>`."""

    name: str
    spec: ParameterSpec
    frozen: bool = False
    """Whether a layer's `trainable: false` keeps it as it is."""

    @property
    def learns(self) -> bool:
        """Tell whether training changes it."""
        return self.spec.trainable and not self.frozen

    @property
    def size(self) -> int:
        """Count its elements."""
        return size_of(self.spec.shape)


@dataclass(frozen=True, eq=False)
class Value:
    """An edge of the graph: the output of a node, or an input of the network."""

    shape: Shape
    node: Node | None = None


@dataclass(frozen=True, eq=False)
class Node:
    """A layer at work, on inputs, with parameters."""

    name: str
    layer: Layer
    inputs: tuple[Value, ...]
    parameters: dict[str, Parameter]
    frozen: bool = False
    """Whether `trainable: false` stands at the layer or at a container around it."""
    mask: Value | None = None
    """Which steps of its input are padding, where it reads that."""

    @property
    def reads(self) -> tuple[Value, ...]:
        """Give all values that it depends on."""
        return self.inputs if self.mask is None else (*self.inputs, self.mask)

    @property
    def learns(self) -> bool:
        """Tell whether training changes any of its parameters."""
        return any(parameter.learns for parameter in self.parameters.values())

    @property
    def type(self) -> str:
        """The layer's type; of an activation, the activation's."""
        activation = self.layer.activation if self.is_activation else None
        return self.layer.type_name if activation is None else activation.type_name

    @property
    def is_activation(self) -> bool:
        """Tell whether it applies an activation alone."""
        return isinstance(self.layer, ActivationLayer)

    @property
    def is_part(self) -> bool:
        """Tell whether it is the activation of the layer before, which stands apart from it."""
        before = self.inputs[0].node
        return self.is_activation and before is not None and before.name == self.name
