"""What begins and ends networks of encoders, in float64: patches, tokens, steps, shared tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.reference.twin_layers import Array, Backward, Config, Own


def patch_embedding(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    kernel, biased = own["kernel"], config.get("use_bias", True)
    high, wide = kernel.shape[:2]
    down, across = x.shape[1] // high, x.shape[2] // wide
    places = [
        (slice(None), slice(i * high, (i + 1) * high), slice(j * wide, (j + 1) * wide))
        for i in range(down)
        for j in range(across)
    ]
    y = np.stack([np.tensordot(x[place], kernel, 3) for place in places], 1)

    def backward(dy: Array) -> Array:
        dx = np.zeros_like(x)
        for number, place in enumerate(places):
            own.add("kernel", np.tensordot(x[place], dy[:, number], (0, 0)))
            dx[place] = np.tensordot(dy[:, number], kernel, (1, 3))
        if biased:
            own.add("bias", dy.sum((0, 1)))
        return dx

    return y + (own["bias"] if biased else 0.0), backward


def class_token(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    token = np.broadcast_to(own["token"], (len(x), 1, x.shape[2]))

    def backward(dy: Array) -> Array:
        own.add("token", dy[:, 0].sum(0))
        return dy[:, 1:]

    return np.concatenate([token, x], 1), backward


def take_step(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    step = config.get("step", 0)

    def backward(dy: Array) -> Array:
        dx = np.zeros_like(x)
        dx[:, step] = dy
        return dx

    return x[:, step], backward


def take_steps(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    steps = slice(config.get("start", 0), config.get("stop"))

    def backward(dy: Array) -> Array:
        dx = np.zeros_like(x)
        dx[:, steps] = dy
        return dx

    return x[:, steps], backward


def cropping1d(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    ends = config.get("cropping", 1)
    before, after = (ends, ends) if isinstance(ends, int) else ends
    around = ((0, 0), (before, after), (0, 0))
    return x[:, before : x.shape[1] - after], lambda dy: np.pad(dy, around)


def tied_dense(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    table, biased = own.of(config["embedding"])["embeddings"], config.get("use_bias", False)

    def backward(dy: Array) -> Array:
        rows, drows = x.reshape(-1, x.shape[-1]), dy.reshape(-1, dy.shape[-1])
        own.of(config["embedding"]).add("embeddings", drows.T @ rows)
        if biased:
            own.add("bias", drows.sum(0))
        return dy @ table

    return x @ table.T + (own["bias"] if biased else 0.0), backward


PATCH_LAYERS: dict[str, Callable[[Config, Array, Own], tuple[Array, Backward]]] = {
    "class_token": class_token,
    "cropping1d": cropping1d,
    "patch_embedding": patch_embedding,
    "take_step": take_step,
    "take_steps": take_steps,
    "tied_dense": tied_dense,
}
