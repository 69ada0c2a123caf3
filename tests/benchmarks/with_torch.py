"""PyTorch: eager in both memory formats, or compiled."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import cycle, islice

# Lets a compiled network take its weights as constants in inference.
os.environ.setdefault("TORCHINDUCTOR_FREEZING", "1")

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.benchmarks.contender import Work
from tests.benchmarks.torch_networks import NETWORKS
from tests.benchmarks.torch_transformers import Gpt
from tests.benchmarks.workloads import LEARNING_RATES, MOMENTUM


class Runner:
    """Trains in the usual loop, predicts without gradients."""

    def __init__(self, *, channels_last: bool, compiled: bool, bfloat16: bool = False) -> None:
        """Choose memory format, mode and precision."""
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.compiled, self.bfloat16 = compiled, bfloat16

    def setup(self, work: Work) -> None:
        """Build model and optimizer, and compile where that is the mode."""
        torch.set_num_threads(work.threads)
        torch.manual_seed(0)
        self.batch_size = work.workload.batch_size
        self.ready = [
            (self._images(torch.from_numpy(x)), torch.from_numpy(y).reshape(-1))
            for x, y in work.batches()
        ]
        if work.workload.tokens is not None:
            self.ready = [(x.long(), y) for x, y in self.ready]
        self.model = NETWORKS[work.workload.name]().to(memory_format=self.format)
        self.optimizer = _optimizer(self.model, work.workload.optimizer)
        self.loss, self.call = self._loss, self._probabilities
        if self.compiled:
            self.loss = torch.compile(self._loss)
            self.call = torch.compile(self._probabilities, dynamic=False)
        self.stepping: Callable[..., Tensor] | None = None
        self.images = torch.from_numpy(work.images)
        self.labels = torch.from_numpy(work.labels)

    def train(self, steps: int) -> None:
        """Take steps on batches that lie ready."""
        self.model.train()
        total = torch.zeros(())
        for x, y in islice(cycle(self.ready), steps):
            total += self._step(x, y)
        float(total)

    def fit(self, steps: int) -> None:
        """Take steps on shuffled images, scaled batch by batch."""
        self.model.train()
        order = torch.randperm(len(self.images))
        total = torch.zeros(())
        for rows in islice(cycle(order.split(self.batch_size)[:-1]), steps):
            x = self._images(self.images[rows].float().div_(255))
            total += self._step(x, self.labels[rows].long())
        float(total)

    def infer(self, batch_size: int, calls: int) -> None:
        """Predict batch after batch."""
        self.model.eval()
        inputs = [x[:batch_size] for x, _ in self.ready]
        # Weights are taken as constants under no_grad only.
        with torch.no_grad() if self.compiled else torch.inference_mode():
            for x in islice(cycle(inputs), calls):
                self.call(x).numpy()

    def write(self, texts: int) -> None:
        """Write texts token by token, with keys and values in caches that are there from before."""
        self.model.eval()
        model = self.model
        assert isinstance(model, Gpt)
        if self.compiled and self.stepping is None:
            self.stepping = torch.compile(model.step_masked, dynamic=False)
        with torch.no_grad():
            caches, places = model.caches(), torch.arange(model.length)
            for _ in range(texts):
                token = torch.zeros((1, 1), dtype=torch.long)
                for place in range(model.length):
                    if self.stepping is not None:
                        logits = self.stepping(token, places[place : place + 1], caches)
                    else:
                        logits = model.step(token, place, caches)
                    token = logits.argmax(-1)
                    int(token)

    def _step(self, x: Tensor, y: Tensor) -> Tensor:
        loss = self.loss(x, y)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def _loss(self, x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(self._logits(x).flatten(0, -2), y)

    def _probabilities(self, x: Tensor) -> Tensor:
        return torch.softmax(self._logits(x).float(), -1)

    def _logits(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            logits: Tensor = self.model(x)
        return logits

    def _images(self, x: Tensor) -> Tensor:
        if x.ndim != 4:
            return x
        return x.permute(0, 3, 1, 2).contiguous(memory_format=self.format)


def _optimizer(model: nn.Module, name: str) -> torch.optim.Optimizer:
    # One pass over all parameters: the fastest of PyTorch's three ways.
    parameters, rate = model.parameters(), LEARNING_RATES[name]
    if name == "adam":
        return torch.optim.Adam(parameters, rate, eps=1e-7, fused=True)
    return torch.optim.SGD(parameters, rate, momentum=MOMENTUM, fused=True)
