"""What models of tokens are made of."""

from __future__ import annotations

from typing import Literal

from dltrain.initializers.random_normal import RandomNormal
from dltrain.layers.base import Layer
from dltrain.layers.position_embedding import PositionEmbedding
from dltrain.layers.sinusoidal_position_embedding import SinusoidalPositionEmbedding

Positions = Literal["learnt", "sinusoidal", "rotary"]
"""Vectors learnt for each position, waves, or queries and keys that are turned."""


def position_layers(positions: Positions) -> tuple[Layer, ...]:
    """Give what adds the positions to a sequence; rotary ones are the attentions'."""
    if positions == "rotary":
        return ()
    if positions == "sinusoidal":
        return (SinusoidalPositionEmbedding(name="positions"),)
    start = RandomNormal(stddev=0.02)
    return (PositionEmbedding(name="positions", embeddings_initializer=start),)
