"""Checking a config against its data: shapes, classes and loss, each mistake located."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dltrain.config.draft import Draft, LoadedConfig, in_order
from dltrain.config.monitors import monitored
from dltrain.core.errors import ConfigError, DataError, Problem, ShapeError
from dltrain.core.inputs import NOTHING_KNOWN, InputFacts
from dltrain.core.shapes import Shape
from dltrain.data.samples import DataFacts
from dltrain.data.sources.base import Dataset
from dltrain.engine.facts import history
from dltrain.engine.graph import Graph, build_graph
from dltrain.engine.lengths import check_lengths
from dltrain.engine.positions import Targets, check_targets
from dltrain.engine.presets import of_preset
from dltrain.engine.target import host
from dltrain.layers.activation import Activation as ActivationLayer
from dltrain.layers.base import Layer
from dltrain.losses.base import Loss
from dltrain.metrics.base import Metric

Location = tuple[str | int, ...]
PROBABILITIES = ("softmax", "sigmoid")
"""Activations behind which an output is a class that is told."""


@dataclass(frozen=True)
class Checked:
    """What a config comes to on its data."""

    draft: Draft
    problems: tuple[Problem, ...]
    """All mistakes in the config, in the order of the file."""
    data_error: DataError | None = None
    """Why the data cannot be described, where that is the reason for an unchecked shape."""
    facts: DataFacts | None = None
    graph: Graph | None = None

    def loaded(self) -> LoadedConfig:
        """Give the config; raise ConfigError with its problems, or else the DataError."""
        if self.problems:
            raise ConfigError(self.problems)
        loaded = self.draft.loaded()
        if self.data_error is not None:
            raise self.data_error
        return loaded


def check(draft: Draft) -> Checked:
    """Check what could be read of a config, as far as the data can be described cheaply."""
    facts, data_error, found = _describe(draft)
    if facts is None:
        problems = in_order([*draft.problems, *found, *unsupported(draft)])
        return Checked(draft, tuple(problems), data_error)
    found = _unmeasured(draft, facts)
    targets = (facts.target_form, facts.target_shape)
    checked = check_shapes(
        draft,
        facts.input_shape,
        facts.classes,
        facts=facts.inputs,
        lengths=facts.lengths,
        targets=targets,
        found=tuple(found),
    )
    if checked.graph is not None and not checked.problems:
        checked = replace(checked, problems=nothing_to_train(draft, checked.graph))
    return replace(checked, data_error=data_error, facts=facts)


def check_shapes(
    draft: Draft,
    input_shape: Shape,
    classes: int | None,
    *,
    facts: InputFacts = NOTHING_KNOWN,
    targets: Targets | None = None,
    lengths: tuple[int, ...] = (),
    found: tuple[Problem, ...] = (),
) -> Checked:
    """Check what could be read of a config for samples of a shape, classes and known targets."""
    graph, error = None, None
    if draft.layers:
        try:
            graph = build_graph(draft.layers, input_shape, classes, facts)
            check_lengths(graph, lengths)
            if draft.complete and draft.loss is not None:
                check_loss(draft.loss, draft.layers, graph, classes, targets)
            if draft.config is not None:
                check_metrics(draft.config.training.metrics, graph, classes, targets)
        except ShapeError as raised:
            error = raised
    shapes = (shape_problem(draft, error),) if error is not None else ()
    problems = tuple(in_order([*draft.problems, *found, *unsupported(draft), *shapes]))
    return Checked(draft, problems, graph=None if error else graph)


def unsupported(draft: Draft) -> tuple[Problem, ...]:
    """Find a precision that this computer cannot train in."""
    if draft.config is None or draft.config.training.precision == "float32" or host().bfloat16:
        return ()
    problem = draft.problem(
        ("training", "precision"),
        "bfloat16 needs a CPU with AVX512-BF16 (avx512_bf16), which this one does not have",
        allowed="float32",
        hint="leave precision out, or train on an AMD CPU from Zen 4 or a server CPU of Intel from "
        "Sapphire Rapids on",
    )
    return (problem,)


def nothing_to_train(draft: Draft | LoadedConfig, graph: Graph) -> tuple[Problem, ...]:
    """Find a network that training cannot change."""
    if any(parameter.learns for parameter in graph.parameters):
        return ()
    frozen = any(parameter.frozen for parameter in graph.parameters)
    message = "all parameters are frozen" if frozen else "no layer has parameters"
    hint = "remove `trainable: false` somewhere" if frozen else "add a dense layer"
    return (draft.problem(("model",), f"there is nothing to train: {message}", hint=hint),)


def check_loss(
    loss: Loss,
    layers: tuple[Layer, ...],
    graph: Graph,
    classes: int | None,
    targets: Targets | None = None,
) -> None:
    """Raise ShapeError, with the place at fault, where the output does not suit the loss."""
    assert graph.output is not None  # noqa: S101 - a graph is built before it is checked
    try:
        loss.check(graph.output.shape, _last_activation(graph), classes)
        if targets is not None:
            check_targets(targets, graph.output.shape, classes)
    except ShapeError as error:
        own = error.field in type(loss).model_fields
        error.loc = error.loc or (
            ("training", "loss", str(error.field)) if own else _last(layers, error.field)
        )
        error.history = error.history or history(graph.output)
        raise


def check_metrics(
    metrics: tuple[Metric, ...], graph: Graph, classes: int | None, targets: Targets | None = None
) -> None:
    """Raise ShapeError, with the metric at fault, where the output does not suit it."""
    assert graph.output is not None  # noqa: S101 - a graph is built before it is checked
    for position, metric in enumerate(metrics):
        try:
            metric.check(graph.output.shape, classes)
            _require_activation(metric, _last_activation(graph))
            if classes is None and targets is not None:
                _require_classes(metric, _last_activation(graph), targets)
        except ShapeError as error:
            loc: Location = ("training", "metrics", position)
            error.loc = (*loc, error.field) if error.field else loc
            raise


def _require_activation(metric: Metric, activation: str) -> None:
    if metric.activation in (None, activation):
        return
    raise ShapeError(
        f"{metric.type_name} takes the probabilities of a {metric.activation}, but the last "
        f"activation is {activation}",
        hint=f"write `activation: {metric.activation}` in the last layer",
    )


def _require_classes(metric: Metric, activation: str, targets: Targets) -> None:
    if not metric.counts_classes or targets[0] == "labels" or activation in PROBABILITIES:
        return
    raise ShapeError(
        f"{metric.type_name} counts how classes are told, but the data set has numbers to tell",
        hint="take mean_absolute_error, root_mean_squared_error or r2_score",
    )


def shape_problem(draft: Draft | LoadedConfig, error: ShapeError) -> Problem:
    """Say where in the config a shape goes wrong."""
    error = of_preset(draft.written.value, error)
    return draft.problem(error.loc, error.message, hint=error.hint, history=error.history)


def _describe(draft: Draft) -> tuple[DataFacts | None, DataError | None, list[Problem]]:
    if draft.dataset is None:
        return None, None, []
    try:
        return draft.dataset.describe(draft.seed), None, []
    except DataError as error:
        return _published(draft.dataset), error, []
    except ShapeError as error:
        return None, None, [shape_problem(draft, error)]


def _published(dataset: Dataset) -> DataFacts | None:
    """Tell what a published set holds, though the files are not where the config says."""
    field = type(dataset).model_fields.get("path")
    if field is None or field.is_required():
        return None
    try:
        return dataset.model_copy(update={"path": None}).describe()
    except (DataError, ShapeError):
        return None


def _unmeasured(draft: Draft, facts: DataFacts) -> list[Problem]:
    """Find a best checkpoint chosen by a validation that there is not."""
    config = draft.config
    monitor = config.training.checkpoint.monitor if config else None
    if config is None or monitor is None or "validation" in facts.samples:
        return []
    if monitor not in monitored(config):
        return []  # the draft says so already
    names = monitored(config, validation=False)
    if monitor in names:
        return []
    problem = draft.problem(
        ("training", "checkpoint", "monitor"),
        f"{monitor!r} is not measured: there is no validation",
        allowed=", ".join(names),
        hint="add `dataset.validation`, such as 0.1",
    )
    return [problem]


def _last_activation(graph: Graph) -> str:
    node = graph.output.node if graph.output else None
    activation = node.layer.activation if node else None
    return activation.type_name if activation else "linear"


def _last(layers: tuple[Layer, ...], field: str | None) -> Location:
    """Find the last layer that has a field, such as the units that are too many."""
    wanted = "filters" if field == "units" else field
    for index in range(len(layers) - 1, -1, -1):
        layer = layers[index]
        plain = not isinstance(layer, ActivationLayer) or field == "activation"
        for name in (field, wanted):
            if plain and name in type(layer).model_fields:
                return ("model", "layers", index, str(name))
    return ("model", "layers", len(layers) - 1)
