"""What normalizing layers learn: a factor gamma and an offset beta for each channel."""

from __future__ import annotations

from typing import Protocol

from dltrain.core.lowering import Buffer, Gradient, Lowering
from dltrain.core.shapes import Shape
from dltrain.initializers.base import Initializer
from dltrain.layers.base import ParameterSpec
from dltrain.regularizers.base import Regularizer


class Scaling(Protocol):
    """A layer that may multiply channels by gamma."""

    @property
    def scale(self) -> bool:
        """Whether it does."""

    @property
    def gamma_initializer(self) -> Initializer:
        """Starting values of gamma."""

    @property
    def gamma_regularizer(self) -> Regularizer | None:
        """Penalty on gamma."""


class Centring(Protocol):
    """A layer that may add beta to channels."""

    @property
    def center(self) -> bool:
        """Whether it does."""

    @property
    def beta_initializer(self) -> Initializer:
        """Starting values of beta."""

    @property
    def beta_regularizer(self) -> Regularizer | None:
        """Penalty on beta."""


def gamma(layer: Scaling, shape: Shape) -> dict[str, ParameterSpec]:
    """Ask for gamma where the layer scales."""
    if not layer.scale:
        return {}
    return {"gamma": ParameterSpec(shape[-1:], layer.gamma_initializer, layer.gamma_regularizer)}


def beta(layer: Centring, shape: Shape) -> dict[str, ParameterSpec]:
    """Ask for beta where the layer shifts."""
    if not layer.center:
        return {}
    return {"beta": ParameterSpec(shape[-1:], layer.beta_initializer, layer.beta_regularizer)}


def given(at: Lowering, name: str, *, there: bool) -> Buffer:
    """Give a parameter; what its kernel does not read where it is not there."""
    return at.parameter(name) if there else at.inputs[0]


def gradient_of(at: Lowering, name: str, *, there: bool) -> Buffer | None:
    """Give where samples add to a parameter's gradient; None where there is none to take."""
    gradient = at.parameter_gradient(name, per="sample") if there else None
    return None if gradient is None else gradient.buffer


def mode_of(gradient: Gradient | None) -> int:
    """Number what a kernel does with its input's gradient: nothing, store it, add it."""
    return 0 if gradient is None else 2 if gradient.accumulate else 1
