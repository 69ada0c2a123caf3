"""From what a caller gives to a config, data and a network that fit each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dltrain.config.draft import Draft, LoadedConfig
from dltrain.config.loader import read, read_dict
from dltrain.core.errors import ConfigError, DataError, ShapeError, UsageError
from dltrain.core.inputs import NOTHING_KNOWN, InputFacts
from dltrain.core.shapes import Shape
from dltrain.data.samples import Data, TargetForm
from dltrain.engine.check import check, check_shapes, shape_problem
from dltrain.engine.graph import Graph
from dltrain.engine.lower import Objective
from dltrain.engine.network import Network
from dltrain.training.events import Notice
from dltrain.training.state import Monitor

Source = str | Path | Mapping[str, Any]
"""A config file, or a mapping of the same form."""
Overrides = Mapping[str, Any] | Sequence[str]
"""`{"training.epochs": 1}`, or texts as `--set` takes them."""


def read_config(
    source: Source, overrides: Overrides = (), *, name: str | None = None, dataset: bool = True
) -> Draft:
    """Read a config from a file or a mapping, its mistakes included; `name` is put in it."""
    if name is not None and isinstance(overrides, Mapping):
        overrides = {**overrides, "name": name}
    elif name is not None:
        # In quotes a name of digits stays a text.
        quoted = name.replace("'", "''")
        overrides = [*overrides, f"name='{quoted}'"]
    if isinstance(source, Mapping):
        return read_dict(source, overrides, dataset=dataset)
    return read(source, overrides, dataset=dataset)


def load_data(draft: Draft, observe: Callable[[Notice], None]) -> Data:
    """Check the config as far as the data can be described, then read the data.

    Raises: ConfigError where they do not fit, before anything is fetched; DataError.
    """
    loaded = check(draft).loaded()
    dataset = loaded.config.dataset
    assert dataset is not None  # noqa: S101 - a config without one is not read
    try:
        data = dataset.load(
            seed=loaded.config.seed,
            announce=lambda text: observe(Notice(text)),
            warn=lambda text: observe(Notice(text, warning=True)),
        )
    except ShapeError as error:
        raise ConfigError([shape_problem(loaded, error)]) from error
    if "train" not in data.splits:
        raise DataError(f"there is no train split, only {', '.join(data.splits)}")
    return data


def build_network(
    draft: Draft,
    input_shape: Shape,
    classes: int | None,
    target_form: TargetForm,
    *,
    target_shape: Shape | None = None,
    facts: InputFacts = NOTHING_KNOWN,
    lengths: tuple[int, ...] = (),
    fitting: Callable[[Graph], None] | None = None,
) -> Network:
    """Build the network of a config with its starting values.

    `fitting` sees the graph before any memory is taken, and may refuse it.
    Raises: ConfigError with the place of what does not fit.
    """
    targets = (target_form, target_shape) if target_shape is not None else None
    checked = check_shapes(
        draft, tuple(input_shape), classes, facts=facts, targets=targets, lengths=lengths
    )
    config = checked.loaded().config
    assert checked.graph is not None  # noqa: S101 - there is no problem
    if fitting is not None:
        fitting(checked.graph)
    objective = Objective(config.training.loss, config.training.metrics, target_form)
    return Network(
        checked.graph,
        seed=config.seed,
        objective=objective,
        precision=config.training.precision,
    )


def build(
    source: Source,
    *,
    overrides: Overrides = (),
    input_shape: Shape | None = None,
    classes: int | None = None,
) -> Network:
    """Build the network of a config, untrained.

    Where the config has no dataset, `input_shape` and `classes` say what it would.
    Raises: ConfigError, DataError; UsageError where the input shape is not known.
    """
    draft = read_config(source, overrides, dataset=False)
    form, known = _usual_form(draft, classes), NOTHING_KNOWN
    if input_shape is None or (classes is None and draft.dataset is not None):
        checked = check(draft)
        checked.loaded()
        facts = checked.facts
        if facts is not None:
            input_shape = input_shape or facts.input_shape
            classes, form = classes or facts.classes, facts.target_form
            known = facts.inputs
    if input_shape is None:
        hint = "give input_shape=(height, width, channels), or name a dataset in the config"
        raise UsageError("the shape of the input is not known", hint=hint)
    return build_network(draft, input_shape, classes, form, facts=known)


def _usual_form(draft: Draft, classes: int | None) -> TargetForm:
    """Give the form of the targets where no data say it: labels where there are classes."""
    softmax = draft.config is not None and draft.config.training.loss.fuses == "softmax"
    return "labels" if classes is not None or softmax else "dense"


def require_monitored(loaded: LoadedConfig, monitor: Monitor, names: Sequence[str]) -> None:
    """Raise ConfigError where the best epoch is chosen by a value that no epoch has."""
    if monitor.name in names:
        return
    validation = monitor.name.startswith("val_")
    problem = loaded.problem(
        ("training", "checkpoint", "monitor"),
        f"{monitor.name!r} is not measured in this training",
        allowed=", ".join(names),
        hint="add `dataset.validation`, such as 0.1" if validation else None,
    )
    raise ConfigError([problem])
