"""Text from a language model, token by token."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError, UsageError
from dltrain.core.seeds import stream
from dltrain.data.parts import silent
from dltrain.data.sources.text import Text
from dltrain.data.tokens import TOKENS
from dltrain.inference.model import Model
from dltrain.inference.readers import reader_of

START = "\n"
"""What a text without a prompt begins behind, where the model knows it."""


def generate(
    model: Model, prompt: str, *, tokens: int, temperature: float = 1.0, top_k: int | None = None,
    seed: int = 0, say: Callable[[str], None] = silent,
) -> Iterator[str]:  # fmt: skip
    """Give `tokens` pieces of text, each drawn by what the model makes of the text before it.

    Probabilities are taken to the power of 1 / `temperature`, and only the `top_k` largest count;
    temperature 0 takes the likeliest token always. `say` is told where the network cannot take
    the text token by token, which is slower.
    Raises: UsageError where the model was not trained on a text, DataError where it does not know a
    token of the prompt.
    """
    source, names = model.config.dataset, model.class_names
    outputs = (model.input_shape[0], len(names or ()))
    if not isinstance(source, Text) or names is None or model.network.output_shape != outputs:
        raise UsageError(
            f"{model.path} is not a language model",
            hint="train one on a dataset of type text, with an output for each step",
        )
    known = _numbers(TOKENS[source.tokens](prompt), names)
    if not known:
        known = [names.index(START) if START in names else 0]
    joint = " " if source.tokens == "words" else ""
    generator = stream(seed, "generate")
    reader = reader_of(model, len(known) + tokens - 1, say)
    for _ in range(tokens):
        number = draw(reader(known), temperature, top_k, generator.random())
        known.append(number)
        yield joint + names[number]


def draw(
    probabilities: NDArray[np.float32], temperature: float, top_k: int | None, chance: float
) -> int:
    """Give the number of one token; `chance` in [0, 1) decides which."""
    if temperature == 0:
        return int(np.argmax(probabilities))
    with np.errstate(divide="ignore"):
        scores = np.log(probabilities.astype(np.float64)) / temperature
    if top_k is not None and top_k < len(scores):
        scores[np.argsort(-scores, kind="stable")[top_k:]] = -np.inf
    shares = np.exp(scores - scores.max())
    below = np.cumsum(shares) / shares.sum()
    return min(int(np.searchsorted(below, chance, side="right")), len(scores) - 1)


def _numbers(tokens: Sequence[str], names: Sequence[str]) -> list[int]:
    places = {token: number for number, token in enumerate(names)}
    for token in tokens:
        if token not in places:
            raise DataError(
                f"the model does not know the token {token!r} of the prompt",
                hint=f"it knows {len(names)} tokens, those of the text that it was trained on",
            )
    return [places[token] for token in tokens]
