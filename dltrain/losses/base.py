"""What a loss is: one number per sample that training makes small, and its gradient."""

from __future__ import annotations

from typing import ClassVar, Literal, Protocol, TypedDict

from dltrain.core.component import Component
from dltrain.core.errors import ShapeError
from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.shapes import Shape, size_of


class Comparing(Lowering, Protocol):
    """What a loss or metric sees: the output, the target, and where its sum goes."""

    @property
    def output_activation(self) -> str:
        """The name of the last layer's activation; `linear` when it has none."""

    @property
    def logits(self) -> Buffer:
        """The input of the last activation; the output where there is no activation."""

    @property
    def target_buffer(self) -> Buffer:
        """The targets: int32 class indices (positions,), -1 for none, or arrays like the output."""

    @property
    def target_form(self) -> Literal["labels", "dense"]:
        """Which of the two the targets are."""

    @property
    def scales(self) -> tuple[tuple[float, float], ...]:
        """What each number is multiplied by, and what is then added, to have the data's units.

        For the numbers of the last axis; empty where they have these units already.
        """

    @property
    def total(self) -> Buffer:
        """Float64 numbers of each lane, to which rows add."""


class Loss(Component):
    """A measure of how wrong an output is: the mean over all positions that have a label.

    A sample is one position, or has several, such as pixels. `forward` adds the sum over them to
    `at.total`; `backward` writes the gradient of the mean over the batch (divide by
    cells.LABELLED).
    """

    kind: ClassVar[str] = "loss"
    package: ClassVar[str] = "dltrain.losses"

    fuses: ClassVar[str | None] = None
    """The activation whose derivative this loss takes in one stable step with its own."""

    def check(self, output: Shape, activation: str, classes: int | None) -> None:
        """Raise ShapeError where the network's output does not suit this loss."""

    def forward(self, at: Comparing) -> None:
        """Write the rows that add up the loss."""
        raise NotImplementedError

    def backward(self, at: Comparing) -> None:
        """Write the rows of the gradient of logits (fused) or output to `at.input_gradient()`."""
        raise NotImplementedError


class Settings(TypedDict):
    """What a row of a loss takes beside its operands and sizes."""

    numbers: tuple[float, ...]
    variant: tuple[int, ...]


def require_classes(output: Shape, classes: int | None, *, single: bool = False) -> None:
    """Raise ShapeError unless the last axis has one number for each class.

    With `single`, one number is enough for two classes.
    """
    units = output[-1] if output else 1
    if classes is None or units == classes or (single and units == 1 and classes <= 2):
        return
    raise ShapeError(
        f"the last layer gives {units} {'number' if units == 1 else 'numbers'}, but the data set "
        f"has {classes} classes",
        field="units",
        hint=f"write {classes}, or `classes`, in the last layer",
    )


def require_activation(loss: Loss, wanted: str, activation: str) -> None:
    """Raise ShapeError unless the last activation is the one whose logits a loss works on."""
    if activation != wanted:
        raise ShapeError(
            f"{loss.type_name} takes the probabilities of a {wanted}, but the last activation is "
            f"{activation}",
            field="activation",
            hint=f"write `activation: {wanted}` in the last layer",
        )


def require_freedom(loss: Loss, output: Shape, activation: str) -> None:
    """Raise ShapeError where the last activation leaves a single number no choice."""
    if activation == "softmax" and (output[-1] if output else 1) == 1:
        raise ShapeError(
            f"{loss.type_name} compares numbers, but a softmax of one output is always 1",
            field="activation",
            hint="write `activation: linear` in the last layer",
        )


def require_weights(output: Shape, weights: tuple[float, ...] | None, field: str) -> None:
    """Raise ShapeError unless there is a weight for each class."""
    units = output[-1] if output else 1
    if weights is not None and len(weights) != units:
        raise ShapeError(
            f"{field} has {len(weights)} numbers, but there are {units} classes",
            field=field,
            hint="give one number for each class, in their order",
        )


def add_up(
    at: Comparing,
    kernel: str,
    *outputs: Buffer,
    numbers: tuple[float, ...] = (),
    variant: tuple[int, ...] = (),
) -> None:
    """Write the row of a kernel with the operands (outputs, target, total)."""
    at.row(
        kernel,
        variant=(int(at.target_form == "dense"), *variant),
        reads=(*outputs, at.target_buffer),
        writes=(at.total,),
        sizes=rows_of(at.output.shape),
        numbers=numbers,
    )


def differentiate(
    at: Comparing,
    kernel: str,
    *outputs: Buffer,
    numbers: tuple[float, ...] = (),
    variant: tuple[int, ...] = (),
) -> None:
    """Write the row of a kernel with the operands (cells, outputs, target, gradient)."""
    gradient = at.input_gradient()
    if gradient is None:
        return
    at.row(
        kernel,
        variant=(int(at.target_form == "dense"), *variant, int(gradient.accumulate)),
        reads=(at.cells, *outputs, at.target_buffer),
        writes=(gradient.buffer,),
        sizes=rows_of(at.output.shape),
        numbers=numbers,
    )


def rows_of(shape: Shape) -> tuple[int, int]:
    """Split a shape into positions and the numbers of one position."""
    return size_of(shape[:-1]), shape[-1] if shape else 1
