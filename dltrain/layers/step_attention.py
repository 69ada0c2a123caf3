"""Attention of the step that has just come, with the keys and values of those before."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, ClassVar

from dltrain.core.lowering import Buffer, Lowering
from dltrain.core.shapes import Shape
from dltrain.layers.base import Layer, ParameterSpec
from dltrain.layers.positions import wave_table, write_waves
from dltrain.layers.step_product import multiply_row

if TYPE_CHECKING:
    from dltrain.layers.multi_head_attention import MultiHeadAttention


class StepAttention(Layer, listed=False):
    """Keep the key and the value of a step, and let it take in those of all steps so far.

    Shapes: x, y (1, features). Kept from step to step: keys (groups, key features, room) and values
    (room, groups, value features).
    """

    bounded: ClassVar[bool] = True

    num_heads: int
    num_kv_heads: int
    key_dim: int
    value_dim: int
    room: int
    """Steps that are kept, at most."""
    use_bias: bool
    rotary_base: float | None
    """Of rotary positions, where there are any."""

    @classmethod
    def of(cls, layer: MultiHeadAttention, room: int) -> StepAttention:
        """Take over an attention's fields."""
        return cls(
            num_heads=layer.num_heads,
            num_kv_heads=layer.num_kv_heads or layer.num_heads,
            key_dim=layer.key_dim,
            value_dim=layer.value_dim or layer.key_dim,
            room=room,
            use_bias=layer.use_bias,
            rotary_base=layer.rotary_base if layer.rotary else None,
        )

    def output_shape(self, *inputs: Shape) -> Shape:
        """Keep the shape."""
        return inputs[0]

    def parameters(self, *inputs: Shape) -> dict[str, ParameterSpec]:
        """Ask for nothing: the attention has asked."""
        return {}

    def forward(self, at: Lowering) -> None:
        """Write the rows of q, k and v, of attention, and of the output."""
        groups, context = self.num_kv_heads, at.scratch((self.num_heads * self.value_dim,))
        query = self._inward(at, "query", self.num_heads * self.key_dim)
        key = self._inward(at, "key", groups * self.key_dim)
        value = self._inward(at, "value", groups * self.value_dim)
        for each, heads in ((query, self.num_heads), (key, groups)):
            self._rotate(at, each, heads)
        at.row(
            "attention_step",
            reads=(query, key, value, at.cells),
            writes=(
                at.shared("keys", (groups, self.key_dim, self.room)),
                at.shared("values", (self.room, groups, self.value_dim)),
                at.scratch((self.room,)),
                context,
            ),
            sizes=(self.num_heads, groups, self.key_dim, self.value_dim, self.room),
            numbers=(1 / sqrt(self.key_dim),),
        )
        bias = "output_bias" if self.use_bias else None
        multiply_row(at, context, "output_kernel", bias, at.output)

    def _inward(self, at: Lowering, name: str, size: int) -> Buffer:
        y, bias = at.scratch((size,)), f"{name}_bias" if self.use_bias else None
        x = at.inputs[min({"query": 0, "key": 2, "value": 1}[name], len(at.inputs) - 1)]
        multiply_row(at, x, f"{name}_kernel", bias, y)
        return y

    def _rotate(self, at: Lowering, x: Buffer, heads: int) -> None:
        """Write the rows that turn a query or key by its position."""
        if self.rotary_base is None:
            return
        waves = wave_table(at, self.room, self.key_dim)
        if heads == self.num_heads:
            write_waves(at, waves, self.rotary_base, alternating=False)
        at.row(
            "rotate_step",
            reads=(waves, at.cells),
            writes=(x,),
            sizes=(heads, self.key_dim // 2),
        )
