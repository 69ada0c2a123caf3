"""The workloads' networks of sequences in PyTorch: fused LSTM, fused attention."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Caches = list[tuple[Tensor, Tensor]]


class Block(nn.Module):
    """A pre-norm block; queries, keys and values are one product."""

    def __init__(self, features: int, heads: int, hidden: int, *, causal: bool, bias: bool) -> None:
        """Choose sizes."""
        super().__init__()
        self.heads, self.causal = heads, causal
        self.norms = nn.ModuleList(nn.LayerNorm(features) for _ in range(2))
        self.inward = nn.Linear(features, 3 * features, bias=bias)
        self.outward = nn.Linear(features, features, bias=bias)
        self.dense = nn.Sequential(
            nn.Linear(features, hidden, bias=bias),
            nn.GELU(),
            nn.Linear(hidden, features, bias=bias),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Attend, then take each step through the dense layers."""
        q, k, v = self.parts(x)
        return self.finished(x, F.scaled_dot_product_attention(q, k, v, is_causal=self.causal))

    def parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Give queries, keys and values (batch, heads, time, numbers)."""
        batch, time, features = x.shape
        y = self.inward(self.norms[0](x)).view(batch, time, 3, self.heads, features // self.heads)
        q, k, v = y.permute(2, 0, 3, 1, 4)
        return q, k, v

    def finished(self, x: Tensor, y: Tensor) -> Tensor:
        """Do what comes behind attention."""
        x = x + self.outward(y.transpose(1, 2).reshape(x.shape))
        whole: Tensor = x + self.dense(self.norms[1](x))
        return whole


class Lstm(nn.Module):
    """Embedding, LSTM, two classes of its last state."""

    def __init__(self) -> None:
        """Build it."""
        super().__init__()
        self.embedding = nn.Embedding(5000, 128)
        self.lstm = nn.LSTM(128, 128, batch_first=True)
        self.output = nn.Linear(128, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Give logits."""
        logits: Tensor = self.output(self.lstm(self.embedding(x))[0][:, -1])
        return logits


class Transformer(nn.Module):
    """Four encoders of tokens, pooled."""

    def __init__(self) -> None:
        """Build it."""
        super().__init__()
        self.embedding = nn.Embedding(5000, 128)
        self.positions = nn.Parameter(0.02 * torch.randn(64, 128))
        self.blocks = nn.Sequential(
            *(Block(128, 4, 512, causal=False, bias=True) for _ in range(4)), nn.LayerNorm(128)
        )
        self.output = nn.Linear(128, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Give logits."""
        logits: Tensor = self.output(self.blocks(self.embedding(x) + self.positions).mean(1))
        return logits


class Gpt(nn.Module):
    """A language model of 65 characters."""

    length = 64

    def __init__(self) -> None:
        """Build it."""
        super().__init__()
        self.embedding = nn.Embedding(65, 128)
        self.positions = nn.Parameter(0.02 * torch.randn(self.length, 128))
        self.blocks = nn.ModuleList(Block(128, 4, 512, causal=True, bias=False) for _ in range(4))
        self.norm = nn.LayerNorm(128)
        self.output = nn.Linear(128, 65)

    def forward(self, x: Tensor) -> Tensor:
        """Give logits of all steps."""
        x = self.embedding(x) + self.positions
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.output(self.norm(x))
        return logits

    def caches(self) -> Caches:
        """Give room for keys and values."""
        shape = (1, 4, self.length, 32)
        return [(torch.zeros(shape), torch.zeros(shape)) for _ in self.blocks]

    def step(self, token: Tensor, place: int, caches: Caches) -> Tensor:
        """Give logits of one step, which sees the part of the caches that is filled."""
        x = self.embedding(token) + self.positions[place]
        for block, (keys, values) in zip(self.blocks, caches, strict=True):
            q, keys[:, :, place : place + 1], values[:, :, place : place + 1] = block.parts(x)
            seen = keys[:, :, : place + 1], values[:, :, : place + 1]
            x = block.finished(x, F.scaled_dot_product_attention(q, *seen))
        logits: Tensor = self.output(self.norm(x))
        return logits

    def step_masked(self, token: Tensor, place: Tensor, caches: Caches) -> Tensor:
        """Do the same with shapes that stay: all of the caches under a mask."""
        x = self.embedding(token) + self.positions[place]
        mask = (torch.arange(self.length) <= place)[None]
        for block, (keys, values) in zip(self.blocks, caches, strict=True):
            q, k, v = block.parts(x)
            keys.index_copy_(2, place, k)
            values.index_copy_(2, place, v)
            y = F.scaled_dot_product_attention(q, keys, values, attn_mask=mask)
            x = block.finished(x, y)
        logits: Tensor = self.output(self.norm(x))
        return logits


class VisionTransformer(nn.Module):
    """ViT-Tiny with patches of 4x4 for images of 32x32."""

    def __init__(self) -> None:
        """Build it."""
        super().__init__()
        self.patches = nn.Conv2d(3, 192, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, 192))
        self.positions = nn.Parameter(0.02 * torch.randn(65, 192))
        self.blocks = nn.Sequential(
            *(Block(192, 3, 768, causal=False, bias=True) for _ in range(12)), nn.LayerNorm(192)
        )
        self.output = nn.Linear(192, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Give logits of the class token."""
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.positions
        logits: Tensor = self.output(self.blocks(x)[:, 0])
        return logits
