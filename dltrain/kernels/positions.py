"""Sines and cosines of positions, and vectors that they turn."""

from __future__ import annotations

import numpy as np

from dltrain.kernels.kernel import kernel
from dltrain.kernels.memory import f32, number


@kernel
def position_waves():  # type: ignore[no-untyped-def]
    """Write sin(t w) and cos(t w) of waves [first, last) for each position t.

    Operand y (positions, features). Sizes: positions, features; numbers from one wave to the next,
    and from a sine to its cosine, which is left out where it would lie behind the features.
    Numbers: cos w, sin w of each wave. Each step turns the one before, in float64: 10,000 of them
    are off by 1e-12.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        positions, features, step, apart = args[4], args[5], args[6], args[7]
        y = f32(args, 0, 0, 0, 0)
        for wave in range(first, last):
            across, up = number(args, 8 + 2 * wave), number(args, 9 + 2 * wave)
            cosine, sine = 1.0, 0.0
            place = wave * step
            for t in range(positions):
                y[t * features + place] = np.float32(sine)
                if place + apart < features:
                    y[t * features + place + apart] = np.float32(cosine)
                cosine, sine = cosine * across - sine * up, sine * across + cosine * up

    return run


@kernel
def rotate_pairs(back):  # type: ignore[no-untyped-def]
    """Turn pairs of numbers by the angles of their step, or `back`; number i is paired with half+i.

    Operands waves (time, sines and cosines of half), x (time, heads, two halves; changed in place).
    Sizes: time, heads, half.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        time, heads, half = args[8], args[9], args[10]
        waves = f32(args, 0, 0, lane, thread)
        for n in range(first, last):
            x = f32(args, 1, n, lane, thread)
            for t in range(time):
                for head in range(heads):
                    near = (t * heads + head) * 2 * half
                    for i in range(half):
                        sine, cosine = waves[2 * t * half + i], waves[(2 * t + 1) * half + i]
                        if back:
                            sine = -sine
                        a, b = x[near + i], x[near + half + i]
                        x[near + i] = a * cosine - b * sine
                        x[near + half + i] = b * cosine + a * sine

    return run
