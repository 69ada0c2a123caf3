"""What losses and metrics ask of one position: its largest number, log-sum-exp, and weight."""

from __future__ import annotations

import numpy as np

from dltrain.core.cells import LABELLED
from dltrain.kernels.bits import larger
from dltrain.kernels.functions import log
from dltrain.kernels.kernel import device

HALF, NOT_A_NUMBER = np.float32(0.5), np.float32(np.nan)


@device
def top_of(x, start, features):  # type: ignore[no-untyped-def]
    """Give the largest number of a row; NaN where there is one."""
    top = x[start]
    for i in range(start + 1, start + features):
        top = larger(top, x[i])
    return top


@device
def largest(x, start, features):  # type: ignore[no-untyped-def]
    """Give the index of the largest of a row, the first among equals; -1 where there is NaN."""
    best, index, bad = x[start], 0, x[start] != x[start]
    for c in range(1, features):
        value = x[start + c]
        bad = bad or value != value
        if value > best:
            best, index = value, c
    return -1 if bad else index


@device
def log_sum_exp(z, p, start, features):  # type: ignore[no-untyped-def]
    """Give log(sum(exp(z))) of a row from p, its softmax: z - log(p) wherever p is not small.

    Some p is at least the mean of all; NaN where there is none.
    """
    enough = HALF / np.float32(features)
    for i in range(start, start + features):
        if p[i] >= enough:
            return z[i] - log(p[i])
    return NOT_A_NUMBER


@device
def share_of(cells):  # type: ignore[no-untyped-def]
    """Give the share of one position in the mean over a batch; 1 where all positions are void."""
    labelled = cells[LABELLED]
    return 1.0 / labelled if labelled > 1.0 else 1.0
