"""One training, assembled: the network at work, and what of it goes into checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.config.draft import Draft
from dltrain.config.dump import to_yaml
from dltrain.core.errors import ConfigError
from dltrain.data.encoders.base import restored
from dltrain.data.encoders.language import LanguageEncoder
from dltrain.data.loader import Loader
from dltrain.data.samples import Data
from dltrain.engine.check import nothing_to_train
from dltrain.engine.evaluator import Evaluator
from dltrain.engine.graph import Graph
from dltrain.engine.threads import available
from dltrain.engine.trainer import Trainer
from dltrain.layers.category_embedding import CategoryEmbedding
from dltrain.layers.embedding import Embedding
from dltrain.storage import checkpoint
from dltrain.storage.checkpoint import Checkpoint
from dltrain.storage.tensors import fill, move, slot_tensors
from dltrain.training import environment
from dltrain.training.evaluate import Scores, evaluate
from dltrain.training.events import Compiling, Event, Notice, TrainingStarted
from dltrain.training.interrupts import Interrupts
from dltrain.training.loop import Session
from dltrain.training.memory import Demand, require_memory, resident_memory
from dltrain.training.moments import learn_moments
from dltrain.training.names import metric_names, monitor_of
from dltrain.training.plan import Plan
from dltrain.training.prepare import build_network, require_monitored
from dltrain.training.state import TrainingState


class Job:
    """Network, trainer and evaluator of one run."""

    def __init__(
        self,
        draft: Draft,
        data: Data,
        state: TrainingState,
        observe: Callable[[Event], None],
        tensors: dict[str, NDArray[Any]] | None = None,
    ) -> None:
        """Build the network; nothing is compiled yet.

        `tensors` are those of the checkpoint that a resume begins with, for `restore`.
        """
        loaded = draft.loaded()
        self.config, self.settings = loaded.config, loaded.config.training
        self.data, self.state, self.observe = data, state, observe
        self.tensors = tensors or {}
        self.train = data.splits["train"]
        self.names = metric_names(self.settings.metrics)
        self.validated = "validation" in data.splits
        self.monitor = monitor_of(self.settings, validated=self.validated)
        kinds = ("train", "val") if self.validated else ("train",)
        measured = tuple(f"{kind}_{name}" for kind in kinds for name in ("loss", *self.names))
        require_monitored(loaded, self.monitor, measured)
        wanted = self.settings.threads
        self.threads = available() if wanted == "auto" else wanted
        self.plan = Plan(self.settings, len(self.train))
        self.batch_size = self.plan.batch_size
        self.network = build_network(
            draft,
            data.input_shape,
            data.classes,
            data.target_form,
            target_shape=data.target_shape,
            facts=data.inputs,
            lengths=data.lengths,
            fitting=lambda graph: require_memory(loaded, self._demand(graph)),
        )
        if problems := nothing_to_train(loaded, self.network.graph):
            raise ConfigError(problems)

    def _demand(self, graph: Graph) -> Demand:
        # Before the first step they are moved into the network and the optimizer.
        given = sum(tensor.nbytes for tensor in self.tensors.values())
        return Demand(
            self.config, graph, self.data.target_form, self.data.target_shape,
            samples=len(self.train),
            validated=self.validated,
            held=resident_memory() - given,
            lengths=self.data.lengths,
        )  # fmt: skip

    @property
    def resolved(self) -> str:
        """Every value in force, as YAML."""
        return to_yaml(self.config.dump())

    @property
    def environment(self) -> dict[str, Any]:
        """What the run runs on."""
        return environment.describe(
            threads=self.threads, seed=self.config.seed, fingerprint=self.data.fingerprint
        )

    @cached_property
    def trainer(self) -> Trainer:
        """The compiled training step."""
        return Trainer(
            self.network,
            loss=self.settings.loss,
            metrics=self.settings.metrics,
            optimizer=self.config.optimizer,
            batch_size=self.batch_size,
            threads=self.threads,
            seed=self.config.seed,
            total_steps=self.plan.steps,
            target_form=self.data.target_form,
            scales=self.data.scales,
            on_compile=self._compiling,
        )

    @cached_property
    def evaluator(self) -> Evaluator:
        """The compiled forward pass with loss and metrics."""
        return Evaluator(
            self.network,
            loss=self.settings.loss,
            metrics=self.settings.metrics,
            batch_size=self.batch_size,
            threads=self.threads,
            target_form=self.data.target_form,
            scales=self.data.scales,
            on_compile=self._compiling,
        )

    def session(self, interrupts: Interrupts) -> Session:
        """Compile what is left to compile, and give all that the loop needs."""
        self._warn()
        trainer = self.trainer
        if self.validated:
            _ = self.evaluator
        self.observe(self._started())
        return Session(
            trainer=trainer,
            batches=self._batches,
            validate=(lambda: self.scores("validation")) if self.validated else None,
            metric_names=self.names,
            monitor=self.monitor,
            plan=self.plan,
            state=self.state,
            interrupts=interrupts,
        )

    def scores(self, split: str) -> Scores:
        """Evaluate the network as it is."""
        loader = Loader(self.data.splits[split], self.batch_size, seed=self.config.seed)
        return evaluate(self.evaluator, loader, self.names)

    def test(self, best: Path) -> dict[str, Any]:
        """Give the final result: the best weights on the test split, or on the nearest to it."""
        # What only training needs goes before a second copy of the parameters comes.
        self.__dict__.pop("trainer", None)
        saved = checkpoint.load(best)
        fill({**self.network.parameters, **self.network.state}, saved.tensors, at=str(best))
        split = next(name for name in ("test", "validation", "train") if name in self.data.splits)
        result = self.scores(split).as_json(split)
        state = self.state
        result |= {"best_epoch": state.best_epoch, "best_step": state.best_step}
        return {**result, "epochs": state.epoch, "steps": state.step}

    def best(self) -> Checkpoint:
        """Give the checkpoint that predictions use."""
        return self._checkpoint({})

    def first(self) -> Checkpoint:
        """Give the checkpoint of a run that has not begun: what the optimizer remembers is zero."""
        learn_moments(
            self.network, lambda: Loader(self.train, self.batch_size), size=self.batch_size
        )
        arrays = self.network.store.named()
        # All of them are parts of one array, which costs nothing where it is only read.
        zero = np.zeros(max(array.size for array in arrays.values()), np.float32)
        zeros = {name: zero[: array.size].reshape(array.shape) for name, array in arrays.items()}
        slots = dict.fromkeys(self.config.optimizer.slots(), zeros)
        return self._checkpoint(slot_tensors(slots), self.state.as_json())

    def last(self) -> Checkpoint:
        """Give the checkpoint that a resume begins with."""
        return self._checkpoint(slot_tensors(self.trainer.slots), self.state.as_json())

    def restore(self, *, at: str) -> None:
        """Put network and optimizer where the checkpoint of a resume left them."""
        arrays = {**self.network.parameters, **self.network.state}
        move({**arrays, **slot_tensors(self.trainer.slots)}, self.tensors, at=at)
        self.tensors.clear()
        self.trainer.steps = self.state.step

    def _checkpoint(self, more: dict[str, Any], training: Any = None) -> Checkpoint:
        return Checkpoint(
            config=self.config.dump(),
            class_names=self.data.class_names,
            classes=self.data.classes,
            input_shape=tuple(self.data.input_shape),
            preprocessing=self.data.preprocessing,
            metrics=self.state.history[-1] if self.state.history else {},
            dataset_fingerprint=self.data.fingerprint,
            tensors={**self.network.parameters, **self.network.state, **more},
            training=training,
        )

    def _batches(self, epoch: int, *, first: int, batches: int) -> Loader:
        return Loader(
            self.train, self.batch_size, seed=self.config.seed, epoch=epoch, shuffle=True,
            augment=True, first=first, batches=batches,
        )  # fmt: skip

    def _compiling(self, done: int, total: int, name: str) -> None:
        self.observe(Compiling(done, total, name))

    def _started(self) -> TrainingStarted:
        splits = self.data.splits
        return TrainingStarted(
            epochs=self.settings.epochs,
            epoch=self.state.epoch,
            steps=self.plan.steps,
            steps_per_epoch=self.plan.steps_per_epoch,
            batch_size=self.batch_size,
            samples=len(self.train),
            validation_samples=len(splits["validation"]) if self.validated else 0,
            parameters=sum(array.size for array in self.network.store.named().values()),
            threads=self.threads,
        )

    def _warn(self) -> None:
        encoder = restored(self.data.preprocessing)
        nodes = self.network.graph.nodes
        seeing = next((node.name for node in nodes if node.layer.sees_later), None)
        if isinstance(encoder, LanguageEncoder) and seeing is not None:
            self.observe(
                Notice(
                    f"{seeing} sees the tokens that are to be told, so that nothing is learnt: "
                    "write `causal: true` in attention, and read in one direction alone",
                    warning=True,
                )
            )
        count = len(self.train)
        if self.settings.batch_size > count:
            self.observe(
                Notice(
                    f"batch_size {self.settings.batch_size} is larger than the training split "
                    f"({count} sample{'s' if count > 1 else ''}): each epoch is one batch",
                    warning=True,
                )
            )
        if any(self.data.inputs.categories) and not self._reads_categories():
            self.observe(
                Notice(
                    "columns of the table hold categories, whose numbers are taken for "
                    "measurements: begin the layers with `- category_embedding`",
                    warning=True,
                )
            )

    def _reads_categories(self) -> bool:
        """Tell whether a layer makes vectors of the numbers of categories."""
        layers = (node.layer for node in self.network.graph.nodes)
        return any(isinstance(layer, CategoryEmbedding | Embedding) for layer in layers)
