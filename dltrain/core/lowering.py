"""What layers, losses, metrics and optimizers say to the engine: buffers, rows and gradients.

A compiled network is a table of rows. A row names a kernel and the buffers and sizes it works on;
the engine decides where buffers lie, how rows are grouped and which thread runs them. Nothing here
knows Numba.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol

from dltrain.core.shapes import Shape, size_of

Per = Literal["sample", "lane", "any", "batch", "run", "update"]
"""How many samples a row wants at once: one, a whole lane, or whatever its neighbours take.

The others are split not by samples but into parts of their result: a row per batch runs when all
lanes have come to it, a row per run at the head of each run, where it reads parameters and state
only, and a row per update beside the optimizer's, once the step is known to be finite."""


Precision = Literal["float32", "bfloat16"]
"""What the factors of contractions are rounded to; everything else is float32, or float64."""


class Home(Enum):
    """How many copies of a buffer exist."""

    SAMPLE = "one for each sample"
    LANE = "one for each lane: gradient and metric sums"
    THREAD = "one for each thread: scratch that a row leaves behind"
    FIXED = "one in all: parameters, optimizer slots, step values"


@dataclass(eq=False)
class Buffer:
    """An array that rows read and write.

    `shape` is that of one copy, in elements of `width` bytes.
    """

    name: str
    shape: Shape
    home: Home = Home.SAMPLE
    width: int = 4
    batch_wide: bool = False
    """Kept for the whole batch at once, as inputs, targets and outputs are."""
    interleaved: bool = False
    """Whether what belongs to one sample does not lie in one piece; nobody else looks inside."""
    source: Buffer | None = None
    """The buffer whose memory this is, under another shape."""

    @property
    def root(self) -> Buffer:
        """Follow views to the buffer that owns the memory."""
        return self if self.source is None else self.source.root

    @property
    def size(self) -> int:
        """Count the elements of one copy."""
        return size_of(self.shape)


@dataclass(frozen=True)
class Gradient:
    """Where a gradient goes; the first writer stores, later ones add."""

    buffer: Buffer
    accumulate: bool

    @property
    def start(self) -> int:
        """What a contraction begins with, as kernels number it: 0, or 2 for what lies there."""
        return 2 if self.accumulate else 0


@dataclass(eq=False)
class Row:
    """One line of the table: a kernel with its compile-time variant, operands and sizes."""

    kernel: str
    variant: tuple[int, ...]
    reads: tuple[Buffer, ...]
    writes: tuple[Buffer, ...]
    sizes: tuple[int, ...] = ()
    numbers: tuple[float, ...] = ()
    per: Per = "any"
    layer: str = ""
    backward: bool = False
    parts: tuple[tuple[int, int], ...] = ()
    """Of a row per batch, run or update: ranges [first, last) of its result that threads take."""
    cheap: bool = False
    """Whether to run it again in a later phase that needs its result costs less than to keep that:
    an elementwise function of one value."""
    pads: bool = False
    """Whether its sizes are those of `pad`, so that it can do the work of a copy behind it: see
    `dltrain.engine.arrange.FORMS`."""


@dataclass(frozen=True)
class Target:
    """The vector unit that rows are chosen for."""

    width: int
    """Float32 numbers in one vector register: 16 with AVX-512, 8 with AVX2, 4 with NEON."""
    registers: int
    """Vector registers: 32 with AVX-512 and NEON, 16 with AVX2."""
    bfloat16: bool = False
    """Whether it multiplies words of two bfloat16: AVX512-BF16."""


class Lowering(Protocol):
    """What one layer sees while it writes its rows, first forward, then backward."""

    @property
    def training(self) -> bool:
        """Whether dropout and its like are active."""

    @property
    def frozen(self) -> bool:
        """Whether the layer's parameters and statistics stay as they are: they have no gradient."""

    @property
    def batch_size(self) -> int:
        """Samples of a batch, at most."""

    @property
    def needs_gradient(self) -> bool:
        """Whether a backward pass of this layer will follow."""

    @property
    def target(self) -> Target:
        """The vector unit."""

    @property
    def precision(self) -> Precision:
        """What layers may round the factors of their contractions to."""

    @property
    def inputs(self) -> tuple[Buffer, ...]:
        """The layer's inputs, one value per sample."""

    @property
    def mask(self) -> Buffer | None:
        """Which steps of the (last) input are padding: (time,), 0 where one is, else 1.

        None where there is no padding.
        """

    @property
    def output(self) -> Buffer:
        """The layer's output."""

    @property
    def cells(self) -> Buffer:
        """Float64 values of the step: see `dltrain.core.cells`."""

    def parameter(self, name: str) -> Buffer:
        """A parameter or state of the layer."""

    def keep(self, name: str, shape: Shape, *, width: int = 4) -> Buffer:
        """A value per sample that forward leaves for backward, by name."""

    def shared(self, name: str, shape: Shape, *, width: int = 4) -> Buffer:
        """An array of the layer's, one for the whole batch, by name: the same for both passes."""

    def scratch(self, shape: Shape, *, width: int = 4, interleaved: bool = False) -> Buffer:
        """A value per sample that lives only between neighbouring rows."""

    def thread_scratch(self, shape: Shape) -> Buffer:
        """Room that a row works in, one for each thread."""

    @property
    def output_gradient(self) -> Buffer:
        """The finished gradient of the output; backward may change it in place."""

    def input_gradient(self, index: int = 0) -> Gradient | None:
        """Where the gradient of an input goes; None when nothing before it learns."""

    def hand_on(self, index: int = 0) -> bool:
        """Let the finished gradient of the output be that of an input, in the same memory.

        False where the input has a gradient already, or wants none. Later rows must not read the
        output's.
        """

    @property
    def owns_parameters(self) -> bool:
        """Whether no other layer shares this one's parameters."""

    def parameter_gradient(
        self, name: str, *, per: Per, transposed: bool = False
    ) -> Gradient | None:
        """Where the gradient of a parameter goes, for a row that runs once per sample or lane.

        None when the layer is frozen.
        A `transposed` one is written with the last axis first; only an owner may ask for it.
        """

    def prepared(
        self,
        name: str | Buffer,
        kernel: str,
        *,
        shape: Shape,
        sizes: tuple[int, ...],
        variant: tuple[int, ...] = (),
        parts: tuple[tuple[int, int], ...] = (),
        scratch: Shape = (),
    ) -> Buffer:
        """A rearranged copy of a parameter, or of an array made of such, at the head of each run.

        Threads take `parts`, by default ranges of the copy's rows (all axes but the last); a
        kernel that asks for `scratch` finds it behind the copy.
        """

    def seed(self) -> int:
        """A number that tells this layer's random stream from all others."""

    def row(
        self,
        kernel: str,
        *,
        variant: tuple[int, ...] = (),
        reads: tuple[Buffer, ...] = (),
        writes: tuple[Buffer, ...] = (),
        sizes: tuple[int, ...] = (),
        numbers: tuple[float, ...] = (),
        per: Per = "any",
        parts: tuple[tuple[int, int], ...] = (),
        cheap: bool = False,
        pads: bool = False,
    ) -> None:
        """Append a row. Its kernel sees the operands `reads + writes`, then sizes, then numbers."""
