"""What losses and metrics ask of one position: its largest number, log-sum-exp, and weight."""

from __future__ import annotations

import numpy as np

from dltrain.core.cells import LABELLED
from dltrain.kernels.bits import larger
from dltrain.kernels.functions import exp, log
from dltrain.kernels.kernel import device

ZERO = np.float32(0)


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
    top = top_of(x, start, features)
    for c in range(features):
        if x[start + c] == top:
            return c
    return -1


@device
def log_sum_exp(x, start, features):  # type: ignore[no-untyped-def]
    """Give log(sum(exp(x))) of one row, without overflow."""
    top = top_of(x, start, features)
    total = ZERO
    for i in range(start, start + features):
        total += exp(x[i] - top)
    return top + log(total)


@device
def share_of(cells):  # type: ignore[no-untyped-def]
    """Give the share of one position in the mean over a batch; 1 where all positions are void."""
    labelled = cells[LABELLED]
    return 1.0 / labelled if labelled > 1.0 else 1.0
