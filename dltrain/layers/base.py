"""What a layer is: fields (its YAML), a shape rule, parameters, its rows forward and backward."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Protocol

from pydantic import Field

from dltrain.activations.base import Activation
from dltrain.core.component import Component
from dltrain.core.errors import ShapeError
from dltrain.core.fields import LAYER_NAME, Flag, Text
from dltrain.core.inputs import InputFacts
from dltrain.core.lowering import Lowering
from dltrain.core.shapes import Shape, describe, kind_of
from dltrain.initializers.base import Initializer
from dltrain.regularizers.base import Regularizer


@dataclass(frozen=True)
class ParameterSpec:
    """A parameter that a layer asks for; `trainable=False` makes it state, such as a mean."""

    shape: Shape
    initializer: Initializer
    regularizer: Regularizer | None = None
    trainable: bool = True


class Value(Protocol):
    """An edge of the graph: what one node gives to others."""

    @property
    def shape(self) -> Shape:
        """The shape of one sample."""


class Builder(Protocol):
    """What a layer sees while the graph is built."""

    def node(self, layer: Layer, *inputs: Any, share: Any = None) -> Any:
        """Add a layer that computes; give its output.

        `share` is an output of a layer whose parameters it uses too.
        """

    def earlier(self, name: str, *, field: str) -> tuple[Layer, Any]:
        """Find an earlier layer by a name in a field; give it and its output.

        Raises: ShapeError at the field where there is none.
        """

    def sequence(self, layers: tuple[Layer, ...], value: Any, *field: str | int) -> Any:
        """Build layers one after another; `field` is where they stand in the config."""

    def is_masked(self, value: Any) -> bool:
        """Tell whether some steps of a value may be padding."""

    def activate(self, activation: Activation | None, value: Any) -> Any:
        """Apply an activation to a container's output."""

    def scope(self, layer: Layer, *, repeated: bool = False) -> AbstractContextManager[None]:
        """Name what is built inside after a container: `residual_1/...`.

        Where layers stand there several times, `repeated`, their names are counted too.
        """


class Layer(Component):
    """A step of a network."""

    kind: ClassVar[str] = "layer"
    package: ClassVar[str] = "dltrain.layers"
    shared: ClassVar[tuple[str, ...]] = ("name", "inputs", "trainable")
    """Fields that say how a layer stands in its network, whatever it computes."""

    alias: ClassVar[bool] = False
    """Whether the output is the input's memory under another shape."""
    fuses: ClassVar[frozenset[str]] = frozenset()
    """Activations that the layer's own kernels can apply."""
    joins: ClassVar[bool] = False
    """Whether it takes several inputs, which a config names in `inputs`."""
    most_inputs: ClassVar[int] = 1
    """How many inputs a config may name, of a layer that does not join them."""
    keeps_mask: ClassVar[bool] = False
    """Whether each step of the output is that of the (first) input: what is padding, stays so."""
    by_position: ClassVar[bool] = False
    """Whether its parameters have a row for each step, so that shorter sequences use the first."""
    reads_mask: ClassVar[bool] = False
    """Whether its rows read the mask of the (last) input, where there is one."""

    stepwise: ClassVar[bool] = False
    """Whether each step of the output is made of that step of the inputs alone."""

    activation: Activation | None = None
    """Function applied to the output."""
    name: Annotated[str, Field(strict=True, pattern=LAYER_NAME)] | None = None
    """Name in parameters and in `inputs`; default: the type, counted, as in conv2d_1."""
    inputs: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    """Names of earlier layers to take the outputs of, `input` for the network's input; default: the
    layer before."""
    trainable: Flag = True
    """Whether training changes the parameters; `false` freezes those of all layers inside too."""

    @property
    def mask(self) -> Layer | None:
        """Give the layer that tells padding in the input, where this one knows it."""
        return None

    @property
    def sees_later(self) -> bool:
        """Tell whether steps of the output are made of later ones of the input."""
        return False

    @property
    def is_measured(self) -> bool:
        """Tell whether its state `mean` and `variance` are taken from the training split."""
        return False

    def is_alias(self, *, training: bool) -> bool:
        """Tell whether the output is the input's memory under another shape, with no rows."""
        return self.alias

    def output_shape(self, *inputs: Shape) -> Shape:
        """Give the shape of one output sample; raise ShapeError where inputs do not fit."""
        raise NotImplementedError

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Name the parameters that inputs of these shapes need."""
        return {}

    def multiply_adds(self, *inputs: Shape) -> int:
        """Count the multiply-adds of one sample, forward."""
        return 0

    def resolved(self, classes: int | None, inputs: InputFacts) -> Layer:
        """Fill in what only the data set knows."""
        return self

    def joined(self, following: Layer, *, predicting: bool = False) -> Layer | None:
        """Give one layer that does the work of this and the following one, where that is quicker.

        It has the parameters of both. The engine asks where nothing else reads this one's output;
        `predicting` tells that no gradients are wanted and statistics are those that were kept.
        """
        return None

    def stepped(self, *inputs: Shape) -> Layer | None:
        """Give the layer that takes sequences of these shapes step by step; None without one.

        It has this one's parameters, sees one step in each run, and keeps what later steps need.
        """
        return self if self.stepwise else None

    def build(self, graph: Builder, *inputs: Any) -> Any:
        """Add this layer to the graph; containers add their layers instead."""
        return graph.node(self, *inputs)

    def forward(self, at: Lowering) -> None:
        """Write the rows that compute the output."""
        raise NotImplementedError

    def backward(self, at: Lowering) -> None:
        """Write the rows that compute the gradients of inputs and parameters."""
        raise NotImplementedError

    @classmethod
    def adapt(cls, fields: dict[str, Any]) -> Component | None:
        """Read an activation's name as the layer that applies it."""
        if fields["type"] not in Activation.registry():
            return None
        own = {name: value for name, value in fields.items() if name not in cls.shared}
        shared = {name: value for name, value in fields.items() if name in cls.shared}
        return cls.registry()["activation"].model_validate({"activation": own, **shared})

    @classmethod
    def other_names(cls) -> tuple[str, ...]:
        """Name the activations, which are layers too."""
        return tuple(Activation.registry())

    def dump(self) -> dict[str, Any]:
        """Give the plain mapping, without a name, inputs and freezing where there are none."""
        fields = type(self).model_fields
        plain = [name for name in self.shared if getattr(self, name) == fields[name].default]
        return {name: value for name, value in super().dump().items() if name not in plain}

    def brief(self) -> Any:
        """Give the shortest form; the name comes first, the activation last."""
        form = super().brief()
        if isinstance(form, str):
            return form
        first = {key: form.pop(key) for key in ("type", "name", "inputs") if key in form}
        last = {key: form.pop(key) for key in ("activation", "trainable") if key in form}
        return {**first, **form, **last}


def require(shape: Shape, axes: tuple[int, ...], layer: Layer, *, hint: str | None = None) -> None:
    """Raise ShapeError unless a sample has one of these numbers of axes."""
    if len(shape) in axes:
        return
    wanted = " or ".join(kind_of((1,) * count) for count in axes)
    given = f"{kind_of(shape)} of shape {describe(shape)}"
    raise ShapeError(f"{layer.type_name} takes {wanted}, but receives {given}", hint=hint)
