"""Targets told token by token, by a network that was trained on pairs of texts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dltrain.data.encoders.pairs import END, PairEncoder

Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def complete(
    encoder: PairEncoder, network: Network, samples: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Give the likeliest tokens [n, target_length] of each target, one after another.

    `samples` [n, steps] hold sources and the targets' starts; `network` gives the probabilities of
    the token that follows each of the target's.
    """
    samples = samples.copy()
    told = np.full((len(samples), encoder.target_length), END, np.int64)
    ended = np.zeros(len(samples), bool)
    for step in range(encoder.target_length):
        following = network(samples)[:, step].argmax(axis=-1)
        told[:, step] = np.where(ended, END, following)
        ended |= following == END
        if ended.all() or step + 1 == encoder.target_length:
            break
        samples[:, encoder.source_length + step + 1] = told[:, step]
    return told
