"""Text from a language model, token by token."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import UsageError
from dltrain.core.seeds import stream
from dltrain.data.encoders.language import LanguageEncoder
from dltrain.data.parts import silent
from dltrain.data.tokenizers.base import UNKNOWN, Tokenizer
from dltrain.inference.model import Model
from dltrain.inference.readers import reader_of

START = "\n"
"""What a text without a prompt begins behind, where the model knows it."""
PARTIAL = "\N{REPLACEMENT CHARACTER}"
"""What stands for a character of which some bytes are still to come."""
CONTEXT = 8
"""Tokens before a piece that tell what stands between: a space, or the rest of a character."""


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
    encoder, names = model.preprocessor.encoder, model.class_names
    outputs = (model.input_shape[0], len(names or ()))
    if not isinstance(encoder, LanguageEncoder) or model.network.output_shape != outputs:
        raise UsageError(
            f"{model.path} is not a language model",
            hint="train one on a dataset of type text, with an output for each step",
        )
    known = encoder.numbers(prompt, at="the prompt").tolist() or _start(encoder.tokens)
    generator = stream(seed, "generate")
    reader = reader_of(model, len(known) + tokens - 1, say)
    shown = len(known)
    for left in range(tokens - 1, -1, -1):
        known.append(draw(reader(known), temperature, top_k, generator.random()))
        piece = _piece(encoder.tokens, known, shown)
        if piece.endswith(PARTIAL) and left:
            piece = ""
        else:
            shown = len(known)
        yield piece


def _start(tokens: Tokenizer) -> list[int]:
    """Give what a text without a prompt begins behind."""
    return [number for number in tokens.numbers(START) if number != UNKNOWN] or [0]


def _piece(tokens: Tokenizer, known: list[int], shown: int) -> str:
    """Give the text of the tokens from number `shown` on, as it stands behind those before."""
    first = max(0, shown - CONTEXT)
    before = tokens.text(known[first:shown])
    return tokens.text(known[first:])[len(before) :]


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
