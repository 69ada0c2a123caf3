"""Layers of sequences in float64, step by step, forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.reference.joins import Joined
from tests.reference.twin_layers import Array, Backward, Config, Own

Step = Callable[[Array, Array], tuple[Array, Array]]


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def embedding(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    table, rows = own["embeddings"], x.astype(int)

    def backward(dy: Array) -> Array:
        gradient = np.zeros_like(table)
        np.add.at(gradient, rows, dy)
        own.add("embeddings", gradient)
        return np.zeros_like(x)

    return table[rows], backward


def category_embedding(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    if isinstance(config["categories"], str):  # of data without any, nothing is filled in
        return x, lambda dy: dy
    measured = [column for column, count in enumerate(config["categories"]) if not count]
    rest = [column for column, count in enumerate(config["categories"]) if count]
    tables = [own[f"embeddings_{column}"] for column in rest]
    vectors = [table[x[:, column].astype(int)] for column, table in zip(rest, tables, strict=True)]

    def backward(dy: Array) -> Array:
        dx, place = np.zeros_like(x), len(measured)
        dx[:, measured] = dy[:, :place]
        for column, table in zip(rest, tables, strict=True):
            gradient = np.zeros_like(table)
            part = dy[:, place : place + table.shape[1]]
            np.add.at(gradient, x[:, column].astype(int), part)
            own.add(f"embeddings_{column}", gradient)
            place += table.shape[1]
        return dx

    return np.concatenate([x[:, measured], *vectors], 1), backward


def position_embedding(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    def backward(dy: Array) -> Array:
        own.add("embeddings", dy.sum(0))
        return dy

    return x + own["embeddings"], backward


def sinusoidal_position_embedding(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    features, longest = x.shape[2], config.get("max_wavelength", 10000)
    waves = np.zeros(x.shape[1:])
    for t, k in np.ndindex(*waves.shape):
        angle = t / longest ** (k // 2 * 2 / features)
        waves[t, k] = np.cos(angle) if k % 2 else np.sin(angle)
    return x + waves, lambda dy: dy


def rotated(x: Array, base: float, *, back: bool = False) -> Array:
    """Turn pairs of numbers of the last axis, half of it apart, by the angles of their step."""
    half = x.shape[-1] // 2
    angles = np.arange(x.shape[1])[:, None] / base ** (np.arange(half) / half)
    turns = np.exp((-1j if back else 1j) * angles)[:, None]
    turned = (x[..., :half] + 1j * x[..., half:]) * turns
    return np.concatenate([turned.real, turned.imag], -1)


def simple_rnn(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    u = own["recurrent_kernel"]

    def step(z: Array, state: tuple[Array]) -> tuple[tuple[Array], Any]:
        (before,) = state
        h = np.tanh(z + before @ u)

        def back(dstate: tuple[Array]) -> tuple[Array, tuple[Array]]:
            dz = dstate[0] * (1 - h**2)
            own.add("recurrent_kernel", before.T @ dz)
            return dz, (dz @ u.T,)

        return (h,), back

    return _through_time(config, x, own, step, states=1)


def lstm(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    u = own["recurrent_kernel"]

    def step(z: Array, state: tuple[Array, Array]) -> tuple[tuple[Array, Array], Any]:
        before, memory = state
        zi, zf, zg, zo = np.split(z + before @ u, 4, -1)
        i, f, g, o = sigmoid(zi), sigmoid(zf), np.tanh(zg), sigmoid(zo)
        c = f * memory + i * g

        def back(dstate: tuple[Array, Array]) -> tuple[Array, tuple[Array, Array]]:
            dh, dc = dstate
            dc = dc + dh * o * (1 - np.tanh(c) ** 2)
            parts = (
                dc * g * i * (1 - i), dc * memory * f * (1 - f), dc * i * (1 - g**2),
                dh * np.tanh(c) * o * (1 - o),
            )  # fmt: skip
            dz = np.concatenate(parts, -1)
            own.add("recurrent_kernel", before.T @ dz)
            return dz, (dz @ u.T, dc * f)

        return (o * np.tanh(c), c), back

    return _through_time(config, x, own, step, states=2)


def gru(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    u, biased = own["recurrent_kernel"], config.get("use_bias", True)
    bias = own["bias"] if biased else np.zeros((2, u.shape[1]))

    def step(z: Array, state: tuple[Array]) -> tuple[tuple[Array], Any]:
        (before,) = state
        xz, xr, xg = np.split(z + bias[0], 3, -1)
        qz, qr, qg = np.split(before @ u + bias[1], 3, -1)
        update, reset = sigmoid(xz + qz), sigmoid(xr + qr)
        g = np.tanh(xg + reset * qg)

        def back(dstate: tuple[Array]) -> tuple[Array, tuple[Array]]:
            (dh,) = dstate
            dg = dh * (1 - update) * (1 - g**2)
            dupdate = dh * (before - g) * update * (1 - update)
            dreset = dg * qg * reset * (1 - reset)
            dz = np.concatenate([dupdate, dreset, dg], -1)
            dq = np.concatenate([dupdate, dreset, dg * reset], -1)
            own.add("recurrent_kernel", before.T @ dq)
            if biased:
                own.add("bias", np.stack([dz.sum(0), dq.sum(0)]))
            return dz, (dh * update + dq @ u.T,)

        return (update * before + (1 - update) * g,), back

    return _through_time({**config, "use_bias": False}, x, own, step, states=1)


def _through_time(
    config: Config, x: Array, own: Own, step: Any, *, states: int
) -> tuple[Array, Backward]:
    """Run a cell over all steps of x kernel + bias; its first state is the output."""
    kernel, units, biased = own["kernel"], config["units"], config.get("use_bias", True)
    order = range(x.shape[1])[:: -1 if config.get("go_backwards") else 1]
    whole = config.get("return_sequences", False)
    state = tuple(np.zeros((len(x), units)) for _ in range(states))
    outputs, backs = [], []
    for t in order:
        state, back = step(x[:, t] @ kernel + (own["bias"] if biased else 0.0), state)
        outputs.append(state[0])
        backs.append(back)

    def backward(dy: Array) -> Array:
        dx = np.zeros_like(x)
        dstate = tuple(np.zeros((len(x), units)) for _ in range(states))
        for number, (t, back) in reversed(list(enumerate(zip(order, backs, strict=True)))):
            if whole:
                dstate = (dstate[0] + dy[:, number], *dstate[1:])
            elif number == len(backs) - 1:
                dstate = (dstate[0] + dy, *dstate[1:])
            dz, dstate = back(dstate)
            own.add("kernel", x[:, t].T @ dz)
            if biased:
                own.add("bias", dz.sum(0))
            dx[:, t] = dz @ kernel.T
        return dx

    return (np.stack(outputs, 1) if whole else outputs[-1]), backward


def attention(config: Config, inputs: list[Array], own: Own) -> Joined:
    """Let queries of the first input meet keys and values of the second, or keys of a third."""
    biased = config.get("use_bias", True)
    sources = {"query": 0, "key": len(inputs) - 1, "value": min(1, len(inputs) - 1)}

    def project(name: str) -> Array:
        bias = own[f"{name}_bias"] if biased else 0.0
        return np.einsum("ntd,dhk->nthk", inputs[sources[name]], own[f"{name}_kernel"]) + bias

    q, k, v = (project(name) for name in ("query", "key", "value"))
    base = config.get("rotary_base", 10000) if config.get("rotary") else None
    if base is not None:
        q, k = rotated(q, base), rotated(k, base)
    times = q.shape[2] // k.shape[2]
    keys, values = (np.repeat(each, times, 2) for each in (k, v))
    scale = 1 / np.sqrt(q.shape[-1])
    scores = np.einsum("nqhc,nkhc->nhqk", q, keys) * scale
    if config.get("causal"):
        scores = np.where(np.tri(q.shape[1], dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    context = np.einsum("nhqk,nkhc->nqhc", weights, values)
    y = np.einsum("nqhc,hcd->nqd", context, own["output_kernel"])

    def backward(dy: Array) -> list[Array]:
        dcontext = np.einsum("nqd,hcd->nqhc", dy, own["output_kernel"])
        own.add("output_kernel", np.einsum("nqhc,nqd->hcd", context, dy))
        dweights = np.einsum("nqhc,nkhc->nhqk", dcontext, values)
        dscores = weights * (dweights - (weights * dweights).sum(-1, keepdims=True)) * scale
        grouped = (*k.shape[:3], times)
        gradients = {
            "query": np.einsum("nhqk,nkhc->nqhc", dscores, keys),
            "key": np.einsum("nhqk,nqhc->nkhc", dscores, q).reshape(*grouped, -1).sum(3),
            "value": np.einsum("nhqk,nqhc->nkhc", weights, dcontext).reshape(*grouped, -1).sum(3),
        }
        if base is not None:
            for name in ("query", "key"):
                gradients[name] = rotated(gradients[name], base, back=True)
        dx = [np.zeros_like(x) for x in inputs]
        for name, gradient in gradients.items():
            x = inputs[sources[name]]
            own.add(f"{name}_kernel", np.einsum("ntd,nthk->dhk", x, gradient))
            dx[sources[name]] += np.einsum("nthk,dhk->ntd", gradient, own[f"{name}_kernel"])
            if biased:
                own.add(f"{name}_bias", gradient.sum((0, 1)))
        if biased:
            own.add("output_bias", dy.sum((0, 1)))
        return dx

    return y + (own["output_bias"] if biased else 0.0), backward


def multi_head_attention(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    y, backward = attention(config, [x], own)
    return y, lambda dy: backward(dy)[0]


def masking(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    kept = (x != config.get("mask_value", 0.0)).any(-1, keepdims=True)
    return x * kept, lambda dy: dy * kept


def reverse(config: Config, x: Array, own: Own) -> tuple[Array, Backward]:
    return x[:, ::-1], lambda dy: dy[:, ::-1]


ELSEWHERE = {
    *("bidirectional", "category_embedding", "class_token", "cropping1d", "embedding"),
    *("gru", "lstm", "masking"),
    *("multi_head_attention", "patch_embedding", "position_embedding", "simple_rnn"),
    *("sinusoidal_position_embedding", "take_step", "take_steps", "tied_dense"),
    *("time_distributed", "transformer_decoder", "transformer_encoder"),
}
"""Layers that have networks of their own to be tested in, not the random ones."""
SEQUENCE_LAYERS = {
    "category_embedding": category_embedding,
    "embedding": embedding,
    "gru": gru,
    "lstm": lstm,
    "masking": masking,
    "multi_head_attention": multi_head_attention,
    "position_embedding": position_embedding,
    "reverse": reverse,
    "simple_rnn": simple_rnn,
    "sinusoidal_position_embedding": sinusoidal_position_embedding,
}
