"""Loss and metrics of a network over a whole split."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dltrain.core.errors import DataError, ShapeError, UsageError
from dltrain.core.shapes import describe
from dltrain.data.encoders.base import restored as restored_encoder
from dltrain.data.loader import Batch, Loader
from dltrain.data.samples import Data
from dltrain.data.sources.base import Dataset
from dltrain.engine.evaluator import Evaluator
from dltrain.engine.positions import check_targets
from dltrain.engine.predictor import Predictor
from dltrain.engine.restore import Restored, restore
from dltrain.inference.bleu import bleu
from dltrain.training.events import Notice
from dltrain.training.names import metric_names


def _ignore(told: object) -> None:
    """Take what nobody asked for."""


@dataclass(frozen=True)
class Scores:
    """Means over the samples of a split."""

    samples: int
    loss: float
    metrics: dict[str, float]

    def as_json(self, split: str) -> dict[str, Any]:
        """Give the form of `evaluate --json` and result.json; null where JSON has no number."""
        return {
            "split": split,
            "samples": self.samples,
            "loss": finite_or_none(self.loss),
            "metrics": {name: finite_or_none(value) for name, value in self.metrics.items()},
        }


def finite_or_none(value: float) -> float | None:
    """Give null for what JSON cannot hold."""
    return value if math.isfinite(value) else None


def evaluate(
    evaluator: Evaluator, batches: Iterable[Batch], metric_names: tuple[str, ...]
) -> Scores:
    """Run every batch through the network and take the sample-weighted means."""
    evaluator.reset()
    for batch in batches:
        evaluator.add(batch.x, batch.y)
    result = evaluator.result()
    metrics = dict(zip(metric_names, map(float, result.metrics), strict=True))
    return Scores(samples=result.samples, loss=float(result.loss), metrics=metrics)


def evaluate_checkpoint(
    path: str | Path,
    *,
    split: str = "test",
    data: Path | None = None,
    batch_size: int | None = None,
    threads: int | None = None,
    observe: Callable[[Notice], None] = _ignore,
    on_compile: Callable[[int, int, str], None] | None = None,
    check: Callable[[tuple[str, ...]], None] = _ignore,
    with_bleu: bool = False,
) -> Scores:
    """Give loss and metrics of a checkpoint on a split of its data set, or of `data`.

    `with_bleu` compares the texts that it makes with the right ones too. `check` sees the names of
    the metrics before anything is read.
    Raises: UsageError, StorageError, DataError.
    """
    restored = restore(path, threads=threads)
    settings = restored.config.training
    names = metric_names(settings.metrics)
    check((*names, "bleu") if with_bleu else names)
    found = _load(restored, data, observe)
    if split not in found.splits:
        there = ", ".join(found.splits)
        raise DataError(f"there is no split {split!r}", hint=f"choose with --split: {there}")
    samples = found.splits[split]
    size = min(batch_size or settings.batch_size, len(samples))
    evaluator = Evaluator(
        restored.network,
        loss=settings.loss,
        metrics=settings.metrics,
        batch_size=size,
        threads=threads or restored.network.threads,
        target_form=found.target_form,
        scales=found.scales,
        on_compile=on_compile,
    )
    scores = evaluate(evaluator, Loader(samples, size), names)
    if with_bleu:
        encoder = restored_encoder(restored.saved.preprocessing)
        predictor = Predictor(restored.network, batch_size=size, threads=threads)
        scores.metrics["bleu"] = bleu(encoder, predictor, samples, size)
    return scores


def _load(restored: Restored, path: Path | None, observe: Callable[[Notice], None]) -> Data:
    """Read the data set, prepared as it was for the network."""
    saved, config = restored.saved, restored.config
    dataset = config.dataset if path is None else _elsewhere(config.dataset, path)
    if dataset is None:
        raise UsageError("the checkpoint names no data set", hint="name one with --data")
    try:
        data = dataset.load(
            seed=config.seed,
            announce=lambda text: observe(Notice(text)),
            warn=lambda text: observe(Notice(text, warning=True)),
            preprocessing=saved.preprocessing,
            class_names=saved.class_names,
        )
    except ShapeError as error:
        raise DataError(error.message, at=str(path or restored.path), hint=error.hint) from error
    if data.input_shape != restored.network.input_shape:
        wanted, came = describe(restored.network.input_shape), describe(data.input_shape)
        message = f"the network takes samples of shape {wanted}, but the data have {came}"
        raise DataError(message, at=str(path) if path else None)
    try:
        targets = (data.target_form, data.target_shape)
        check_targets(targets, restored.network.output_shape, data.classes)
    except ShapeError as error:
        raise DataError(error.message, at=str(path) if path else None) from error
    return data


def _elsewhere(dataset: Dataset | None, path: Path) -> Dataset:
    """Give the same kind of data set at another place; where it has no place, what lies there."""
    where = str(path.resolve())
    if dataset is not None and "path" in type(dataset).model_fields:
        others = dict.fromkeys({"validation_path", "test_path"} & set(type(dataset).model_fields))
        return dataset.model_copy(update={"path": where, **others})
    kind = "npz" if path.suffix == ".npz" else "image_folder"
    keep = {"validation": dataset.validation} if dataset is not None else {}
    chosen = Dataset.registry()[kind].model_validate({"path": where, **keep})
    transforms = dataset.transforms if dataset is not None else ()
    return chosen.model_copy(update={"transforms": transforms})
