"""Writing a first config for data that lie somewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dltrain.config.dump import to_line
from dltrain.config.found_data import find_dataset, images_differ
from dltrain.config.json_schema import first_line
from dltrain.config.paths import resolve_paths
from dltrain.core.errors import DataError
from dltrain.core.shapes import describe
from dltrain.data.label_maps import is_map
from dltrain.data.samples import DataFacts
from dltrain.data.sources.base import Dataset
from dltrain.models.base import Model

_LARGEST_IMAGE = 96
_RESIZED = 64
_OF_ROWS = ("table", "labelled_series", "text_csv")
_OF_FILES = ("image_folder", "segmentation_folder", "csv_manifest")

Fields = dict[str, Any]
Goal = tuple[str, list[str], str]
_LABELS: Goal = ("categorical_crossentropy", ["accuracy"], "softmax")
_PIXELS: Goal = ("categorical_crossentropy", ["accuracy", "mean_iou"], "softmax")
_NUMBERS: Goal = ("mean_squared_error", ["mean_absolute_error"], "linear")


def starter(data: Path, folder: Path, model: type[Model] | None = None) -> str:
    """Give a commented config for what lies at `data`, with paths as seen from `folder`.

    Without a preset the model is a small network that suits the data.
    Raises: DataError where nothing is found to train on, or it cannot be read.
    """
    dataset = find_dataset(data, folder)
    size = model.image_size if model is not None else _RESIZED
    if dataset["type"] in _OF_FILES and images_differ(dataset, folder, _LARGEST_IMAGE):
        dataset["transforms"] = [{"type": "resize", "size": [size, size]}]
    facts = _facts(dataset, folder)
    if "validation" not in facts.samples:
        dataset["validation"] = 0.1
    if "test" not in facts.samples and dataset["type"] in (*_OF_FILES, *_OF_ROWS):
        dataset["test"] = 0.2
    counts = ", ".join(f"{count} {name}" for name, count in facts.samples.items())
    samples = f"Samples of shape {describe(facts.input_shape)}: {counts}."
    goal = _goal(facts)
    if model is not None:
        return _text(samples, dataset, _named(model), goal)
    maps = is_map(facts.target_form == "labels", facts.target_shape, facts.input_shape)
    layers = _pixel_layers() if maps else _layers(facts, goal[2])
    return _text(samples, dataset, layers, goal)


def preset_starter(model: type[Model]) -> str:
    """Give a commented config that trains a preset on what it was made for."""
    datasets: dict[int, Fields] = {28: {"type": "mnist"}, 32: {"type": "cifar10"}}
    resize = {"type": "resize", "size": [model.image_size, model.image_size]}
    photos: Fields = {"type": "image_folder", "path": "photos/", "transforms": [resize]}
    dataset = {**datasets.get(model.image_size, photos), "validation": 0.1}
    if model.per_pixel:
        # Images and masks lie in folders of their own within it.
        dataset |= {"type": "segmentation_folder", "path": "photos/", "transforms": [resize]}
    if model.reads_text:
        columns = {"text": "text", "label": "label"}
        dataset = {"type": "text_csv", "path": "texts.csv", **columns, "validation": 0.1}
    if model.reads_tokens:
        dataset = {"type": "text", "path": "text.txt", "validation": 0.1}
    if model.reads_pairs:
        columns = {"source": "source", "target": "target"}
        dataset = {"type": "text_pairs", "path": "pairs.csv", **columns, "validation": 0.1}
    goal = _PIXELS if model.per_pixel else _LABELS
    if model.reads_series:
        dataset = {"type": "series", "path": "series.csv", "length": 24, "validation": 0.1}
        goal = _NUMBERS
    return _text(first_line(model), dataset, _named(model), goal)


def _facts(dataset: Fields, folder: Path) -> DataFacts:
    found = resolve_paths(Dataset.parse(dataset), lambda _: folder.resolve())
    facts: DataFacts | None = found.describe()
    if facts is None:
        raise DataError("the shape of these data is not known before they are read")
    return facts


def _text(comment: str, dataset: Fields, model: list[str], goal: Goal) -> str:
    loss, metrics, _ = goal
    return "\n".join(
        [
            "# yaml-language-server: $schema=./dltrain.schema.json",
            f"# {comment}",
            "version: 1",
            "seed: 0",
            "dataset:                             # `dltrain list datasets` names all kinds",
            *(f"  {key}: {to_line(value)}" for key, value in dataset.items()),
            *model,
            "optimizer: {type: adam, learning_rate: 1e-3}",
            "training:",
            f"  loss: {loss}",
            f"  metrics: {to_line(metrics)}",
            "  epochs: 10                         # times that every sample is used",
            "  batch_size: 32                     # samples per update",
            "  threads: auto                      # as many as this process may use",
            "",
        ]
    )


def _goal(facts: DataFacts) -> Goal:
    """Choose loss, metrics and the last activation for the form of the targets."""
    if facts.target_form == "labels" or facts.class_names:
        return _PIXELS if facts.target_shape[1:] else _LABELS
    return _NUMBERS


def _named(model: type[Model]) -> list[str]:
    return [f"model: {model.type_name:<30}# `dltrain init --expand` writes its layers out"]


def _pixel_layers() -> list[str]:
    """Choose a small network that answers for each pixel."""
    convolution = {"type": "conv2d", "filters": 32, "kernel_size": 3, "padding": "same"}
    last = {"type": "conv2d", "filters": "classes", "kernel_size": 1, "activation": "softmax"}
    return _written([*[{**convolution, "activation": "relu"}] * 3, last])


def _layers(facts: DataFacts, activation: str) -> list[str]:
    """Choose a small network: convolutions over images, dense layers over all else."""
    shape = facts.input_shape
    layers: list[Any] = []
    if facts.inputs.tokens is not None:
        table = {"type": "embedding", "input_dim": "tokens", "output_dim": 64, "mask_zero": True}
        layers += [table, "global_average_pooling1d"]
    if any(facts.inputs.categories):
        layers.append("category_embedding")
    filters, side = 32, min(shape[:2]) if len(shape) == 3 else 0
    while side >= 6 and filters <= 128:
        convolution = {"type": "conv2d", "filters": filters, "kernel_size": 3, "padding": "same"}
        layers.append({**convolution, "activation": "relu"})
        layers.append({"type": "max_pooling2d", "pool_size": 2})
        filters, side = filters * 2, side // 2
    if len(shape) > 1:
        layers.append("flatten")
    layers.append({"type": "dense", "units": 64, "activation": "relu"})
    layers.append({"type": "dropout", "rate": 0.25})
    last = "classes" if activation == "softmax" else facts.classes or 1
    layers.append({"type": "dense", "units": last, "activation": activation})
    return _written(layers)


def _written(layers: list[Any]) -> list[str]:
    return [
        "model:",
        "  layers:                            # first to last; see `dltrain list layers`",
        *(f"    - {to_line(layer)}" for layer in layers),
    ]
