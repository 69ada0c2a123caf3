"""PyTorch: eager in both memory formats, or compiled."""

from __future__ import annotations

import os

# Lets a compiled network take its weights as constants in inference.
os.environ.setdefault("TORCHINDUCTOR_FREEZING", "1")

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.benchmarks.contender import BATCH_SIZE, CLASSES, Work


def build_model() -> nn.Sequential:
    """Build the network of the config file, up to its logits."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(576, 64),
        nn.ReLU(),
        nn.Linear(64, CLASSES),
    )


class Runner:
    """Trains in the usual loop, predicts without gradients."""

    def __init__(self, *, channels_last: bool, compiled: bool) -> None:
        """Choose memory format and mode."""
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.compiled = compiled

    def setup(self, work: Work) -> None:
        """Build model and optimizer, and compile where that is the mode."""
        torch.set_num_threads(work.threads)
        torch.manual_seed(0)
        self.work = work
        self.ready = [
            (self._images(torch.from_numpy(x)), torch.from_numpy(y)) for x, y in work.batches()
        ]
        self.model = build_model().to(memory_format=self.format)
        # One pass over all parameters: the fastest of PyTorch's three ways.
        self.optimizer = torch.optim.Adam(self.model.parameters(), 1e-3, eps=1e-7, fused=True)
        self.loss, self.call = self._loss, self._probabilities
        if self.compiled:
            self.loss = torch.compile(self._loss)
            self.call = torch.compile(self._probabilities, dynamic=False)
        self.images = torch.from_numpy(work.images)
        self.labels = torch.from_numpy(work.labels)

    def train_round(self) -> int:
        """Take the steps on batches that lie ready."""
        self.model.train()
        total = torch.zeros(())
        for x, y in self.ready:
            total += self._step(x, y)
        float(total)
        return len(self.ready) * BATCH_SIZE

    def fit_round(self) -> int:
        """Take the steps on shuffled images, scaled batch by batch."""
        self.model.train()
        order = torch.randperm(len(self.images))
        total = torch.zeros(())
        for number in range(self.work.fit_steps):
            rows = order[number * BATCH_SIZE : (number + 1) * BATCH_SIZE]
            x = self._images(self.images[rows].float().div_(255))
            total += self._step(x, self.labels[rows].long())
        float(total)
        return self.work.fit_steps * BATCH_SIZE

    def infer_round(self, batch_size: int) -> int:
        """Predict batch after batch."""
        self.model.eval()
        calls = self.work.steps * (1 if batch_size == BATCH_SIZE else 4)
        inputs = [x[:batch_size] for x, _ in self.ready]
        # Weights are taken as constants under no_grad only.
        with torch.no_grad() if self.compiled else torch.inference_mode():
            for number in range(calls):
                self.call(inputs[number % len(inputs)]).numpy()
        return calls * batch_size

    def _step(self, x: Tensor, y: Tensor) -> Tensor:
        loss = self.loss(x, y)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def _loss(self, x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(self.model(x), y)

    def _probabilities(self, x: Tensor) -> Tensor:
        return torch.softmax(self.model(x), -1)

    def _images(self, x: Tensor) -> Tensor:
        # One channel: both formats have the same bytes, and only the strides differ.
        return x.reshape(len(x), 1, 28, 28).contiguous(memory_format=self.format)
