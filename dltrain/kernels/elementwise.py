"""Kernels of a function of one number, which only differ in that function and its derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from dltrain.kernels.kernel import device, register
from dltrain.kernels.memory import f32, number


@device
def no_constants(args, at):  # type: ignore[no-untyped-def]
    """Read nothing: the function has no constants."""
    return ()


@device
def one_constant(args, at):  # type: ignore[no-untyped-def]
    """Read the function's constant, which stands at word `at`."""
    return (np.float32(number(args, at)),)


def elementwise(name: str, value: Any, gradient: Any, *, constants: Any = no_constants) -> None:
    """Register `<name>_forward`, y = value(x), and `<name>_backward`, dx = gradient(dy, x or y).

    Both functions also take the switches of the variant, then the constants. Operands x, y and
    dy, x or y, dx; sizes rows, features; then the numbers that `constants` reads.
    """

    def forward(*switches):  # type: ignore[no-untyped-def]
        def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
            count = args[8] * args[9]
            numbers = constants(args, 10)
            for n in range(first, last):
                x, y = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
                for i in range(count):
                    y[i] = value(x[i], *switches, *numbers)

        return run

    def backward(*variant):  # type: ignore[no-untyped-def]
        *others, accumulate = variant
        switches = tuple(others)

        def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
            count = args[12] * args[13]
            numbers = constants(args, 14)
            for n in range(first, last):
                dy, kept = f32(args, 0, n, lane, thread), f32(args, 1, n, lane, thread)
                dx = f32(args, 2, n, lane, thread)
                for i in range(count):
                    change = gradient(dy[i], kept[i], *switches, *numbers)
                    dx[i] = dx[i] + change if accumulate else change

        return run

    register(f"{name}_forward", forward)
    register(f"{name}_backward", backward)
