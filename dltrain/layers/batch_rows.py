"""The rows of batch normalization, with an activation and a shortcut where they are fused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dltrain.activations.base import Activation
from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.parts import parts_of
from dltrain.core.shapes import size_of

if TYPE_CHECKING:
    from dltrain.layers.batch_normalization import BatchNormalization

ROOM = 16
"""Channels that sums are laid out for come in whole vectors of this many, whatever the target."""
PART = 64
"""Channels that one thread merges the statistics of at a time."""
KINDS = {"relu": 1, "relu6": 2}
"""Activations as the kernels number them; 0 is none."""


@dataclass(frozen=True)
class BatchRows:
    """Writes the rows of a normalization of the first input; a second one is its shortcut."""

    layer: BatchNormalization
    at: Lowering
    activation: Activation | None

    def forward(self) -> None:
        """Write the rows of statistics and of y."""
        at, x = self.at, self.at.inputs[0]
        if self._moving:
            self._use_moving()
        else:
            self._measure()
        at.row(
            "batch_normalize",
            variant=(at.target.width, self._kind, int(self._added)),
            reads=(x, self._shortcut, self._mean, self._scale, self._beta, self._beta),
            writes=(at.output,),
            sizes=self._plain_sizes,
            cheap=not self._added,
            pads=True,
            per="sample",
        )

    def backward(self) -> None:
        """Write the rows of the gradients of the shortcut, gamma, beta and x."""
        at, x, g = self.at, self.at.inputs[0], self.at.output_gradient
        given = at.input_gradient(1) if self._added else None
        sums = at.keep("sums", (2, self._room), width=8)
        at.row(
            "batch_gradient_sums",
            variant=(
                *(at.target.width, self._kind, int(self._added), int(given is not None)),
                int(given is not None and given.accumulate),
            ),
            reads=(x, self._mean, self._scale, self._beta, at.output if self._added else x),
            writes=(g, sums, given.buffer if given is not None else g),
            sizes=(self._pixels, self._channels, self._room),
            per="sample",
        )
        slope, offset = self._coefficients(sums)
        gradient = at.input_gradient()
        if gradient is None:
            return
        at.row(
            "batch_input_gradient",
            variant=(at.target.width, int(gradient.accumulate)),
            reads=(x, g, self._mean, self._scale, slope, offset),
            writes=(gradient.buffer,),
            sizes=self._plain_sizes,
            pads=not gradient.accumulate,
            per="sample",
        )

    def _measure(self) -> None:
        """Write the rows that take the batch's statistics and move the kept ones."""
        at, layer = self.at, self.layer
        moments = at.keep("moments", (2, self._room), width=8)
        sizes = (self._pixels, self._channels, self._room)
        width = (at.target.width,)
        reads = (at.inputs[0],)
        at.row("batch_moments", variant=width, reads=reads, writes=(moments,), sizes=sizes,
               per="sample")  # fmt: skip
        total = at.shared("statistics", (2, self._room), width=8)
        at.row(
            "batch_statistics",
            variant=(int(layer.scale),),
            reads=(moments, self._gamma, at.cells),
            writes=(total, self._mean, self._inverse, self._scale),
            sizes=(self._pixels, self._room),
            numbers=(layer.epsilon,),
            per="batch",
            parts=self._parts,
        )
        if at.training and not at.frozen:
            at.row(
                "move_statistics",
                reads=(total, at.cells),
                writes=(at.parameter("moving_mean"), at.parameter("moving_variance")),
                sizes=(self._room,),
                numbers=(layer.momentum,),
                per="update",
                parts=self._parts,
            )

    def _use_moving(self) -> None:
        at, layer = self.at, self.layer
        at.row(
            "kept_statistics",
            variant=(int(layer.scale),),
            reads=(self._gamma, at.parameter("moving_mean"), at.parameter("moving_variance")),
            writes=(self._mean, self._inverse, self._scale),
            numbers=(layer.epsilon,),
            per="run",
            parts=self._parts,
        )

    def _coefficients(self, sums: Buffer) -> tuple[Buffer, Buffer]:
        """Write the row that makes the gradients of gamma and beta, and x's coefficients."""
        at, layer = self.at, self.layer
        slope, offset = self._vector("slope"), self._vector("offset")
        total = at.shared("gradient_sums", (2, self._room), width=8)
        modes, gradients = [], []
        for name, wanted in (("gamma", layer.scale), ("beta", layer.center)):
            wanted = wanted and not at.frozen
            learnt = at.parameter_gradient(name, per="batch") if wanted else None
            modes.append(0 if learnt is None else 2 if learnt.accumulate else 1)
            gradients.append(slope if learnt is None else learnt.buffer)
        at.row(
            "batch_coefficients",
            variant=(int(self._moving), *modes),
            reads=(sums, self._inverse, self._scale, at.cells),
            writes=(total, slope, offset, *gradients),
            sizes=(self._pixels, self._room),
            per="batch",
            parts=self._parts,
        )
        return slope, offset

    @property
    def _moving(self) -> bool:
        return self.at.frozen or not self.at.training

    @property
    def _kind(self) -> int:
        return 0 if self.activation is None else KINDS[self.activation.type_name]

    @property
    def _added(self) -> bool:
        return len(self.at.inputs) > 1

    @property
    def _shortcut(self) -> Buffer:
        return self.at.inputs[-1]

    @property
    def _channels(self) -> int:
        return self.at.output.shape[-1]

    @property
    def _pixels(self) -> int:
        return size_of(self.at.output.shape[:-1])

    @property
    def _room(self) -> int:
        return -(-self._channels // ROOM) * ROOM

    @property
    def _parts(self) -> tuple[tuple[int, int], ...]:
        return parts_of(self._channels, step=PART)

    @property
    def _plain_sizes(self) -> tuple[int, ...]:
        """Give the sizes of a `pad` that leaves everything where it is."""
        shape = self.at.output.shape
        high, wide = shape[:2] if len(shape) == 3 else (1, self._pixels)
        return high, wide, self._channels, high, wide, 0, 0, 1, 1

    def _vector(self, name: str) -> Buffer:
        return self.at.shared(name, (self._channels,))

    @property
    def _mean(self) -> Buffer:
        return self._vector("mean")

    @property
    def _inverse(self) -> Buffer:
        return self._vector("inverse")

    @property
    def _scale(self) -> Buffer:
        return self._vector("scale")

    @property
    def _gamma(self) -> Buffer:
        return self.at.parameter("gamma") if self.layer.scale else self._mean

    @property
    def _beta(self) -> Buffer:
        """Give beta; without one a vector of zeros, which nothing ever writes."""
        return self.at.parameter("beta") if self.layer.center else self._vector("no_beta")
