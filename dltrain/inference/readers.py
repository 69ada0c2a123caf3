"""What a language model makes of a text that grows: step by step, or window by window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import UsageError
from dltrain.engine.stepper import Stepper
from dltrain.inference.model import Model

Reader = Callable[[list[int]], NDArray[np.float32]]
"""Gives the probabilities of the token behind a text, valid until it is asked again.

Each text begins with the one before, and has at least one more token."""


def reader_of(model: Model, longest: int, say: Callable[[str], None]) -> Reader:
    """Choose the quickest way that a network allows for texts of up to `longest` tokens.

    `say` is told where that is the slow one.
    """
    windows = WindowReader(model)
    try:
        stepper = Stepper(model.network, threads=model.threads, on_compile=model.on_compile)
    except UsageError as error:
        say(f"{error.message}: each token takes a run of the whole window")
        return windows
    if stepper.room is not None and longest > stepper.room:
        _ = model.predictor  # compiled now, not in the middle of the text
    return StepReader(stepper, windows)


@dataclass
class WindowReader:
    """Runs the network on the last window of the text."""

    model: Model

    def __call__(self, text: list[int]) -> NDArray[np.float32]:
        """Give the probabilities of the next token."""
        length = self.model.input_shape[0]
        text = text[-length:]
        window = np.zeros((1, length), np.float32)
        window[0, : len(text)] = text
        found: NDArray[np.float32] = self.model.predictor(window)[0, len(text) - 1]
        return found


@dataclass
class StepReader:
    """Takes a step for each token that is new.

    Where a network has room for so many steps only, a longer text is read by `windows`: each
    token then stands elsewhere than before. One without positions goes on.
    """

    stepper: Stepper
    windows: WindowReader

    def __call__(self, text: list[int]) -> NDArray[np.float32]:
        """Give the probabilities of the next token."""
        room = self.stepper.room
        if room is not None and len(text) > room:
            return self.windows(text)
        for token in text[self.stepper.position :]:
            found = self.stepper(token)
        return found
