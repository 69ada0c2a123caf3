"""A network as a graph: nodes (layers with parameters) joined by values (shapes)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dltrain.activations.base import Activation
from dltrain.activations.linear import Linear
from dltrain.core.errors import ShapeError
from dltrain.core.shapes import Shape, describe, size_of
from dltrain.layers.activation import Activation as ActivationLayer
from dltrain.layers.base import Layer, ParameterSpec

Location = tuple[str | int, ...]


@dataclass(frozen=True, eq=False)
class Parameter:
    """An array that a network learns or keeps, named `<layer>/<parameter>`."""

    name: str
    spec: ParameterSpec

    @property
    def size(self) -> int:
        """Count its elements."""
        return size_of(self.spec.shape)


@dataclass(frozen=True, eq=False)
class Value:
    """An edge of the graph: the output of a node, or an input of the network."""

    shape: Shape
    node: Node | None = None


@dataclass(frozen=True, eq=False)
class Node:
    """A layer at work, on inputs, with parameters."""

    name: str
    layer: Layer
    inputs: tuple[Value, ...]
    parameters: dict[str, Parameter]
    frozen: bool = False
    """Whether its parameters are not trained."""

    @property
    def learns(self) -> bool:
        """Tell whether any of its parameters is trained."""
        return any(parameter.spec.trainable for parameter in self.parameters.values())


@dataclass(frozen=True)
class LayerFacts:
    """One line of a network's summary."""

    name: str
    type: str
    output_shape: Shape
    parameters: int
    multiply_adds: int


@dataclass
class Graph:
    """Builds and holds a network: nodes in the order in which they compute."""

    classes: int | None = None
    inputs: list[Value] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    output: Value | None = None
    _scope: tuple[str, ...] = ()
    _counts: Counter[tuple[str, ...]] = field(default_factory=Counter)
    _location: Location = ()
    _history: list[str] = field(default_factory=list)

    def input(self, shape: Shape) -> Value:
        """Add an input of the network."""
        value = Value(shape)
        self.inputs.append(value)
        self._history.append(f"input {describe(shape)}")
        return value

    def node(self, layer: Layer, *inputs: Value, share: Value | None = None) -> Value:
        """Add a layer, then its activation where its kernels cannot apply it.

        `share` is an output of a node of the same type whose parameters this one uses too.
        """
        layer = layer.resolved(self.classes)
        if isinstance(layer.activation, Linear) and not isinstance(layer, ActivationLayer):
            layer = layer.model_copy(update={"activation": None})
        activation = layer.activation
        apart = (
            activation is not None
            and activation.type_name not in layer.fuses
            and not isinstance(layer, ActivationLayer)
        )
        if apart:
            layer = layer.model_copy(update={"activation": None})
        value = self._add(layer, inputs, share)
        return self.activate(activation, value) if apart else value

    def activate(self, activation: Activation | None, value: Value) -> Value:
        """Apply an activation after a layer, under that layer's name."""
        if activation is None or isinstance(activation, Linear):
            return value
        layer = ActivationLayer(activation=activation)
        name = "/".join((*self._scope, "activation")) if value.node is None else value.node.name
        return self._append(Node(name, layer, (value,), {}), value.shape)

    def sequence(self, layers: tuple[Layer, ...], value: Value, *place: str | int) -> Value:
        """Build layers one after another; `place` is where they stand in the config."""
        for index, layer in enumerate(layers):
            with self._at(*place, index):
                value = layer.build(self, value)
        return value

    @contextmanager
    def scope(self, layer: Layer) -> Iterator[None]:
        """Name what is built inside after a container."""
        before = self._scope
        self._scope = (*before, self._numbered(layer))
        try:
            yield
        finally:
            self._scope = before

    @property
    def parameters(self) -> list[Parameter]:
        """Give every parameter once, in layer order."""
        seen: dict[int, Parameter] = {}
        for node in self.nodes:
            for parameter in node.parameters.values():
                seen.setdefault(id(parameter), parameter)
        return list(seen.values())

    def table(self) -> list[LayerFacts]:
        """Describe each node, first to last, for a summary."""
        counted: set[int] = set()
        rows = []
        for node, value in zip(self.nodes, self.values, strict=True):
            new = [p for p in node.parameters.values() if id(p) not in counted]
            counted.update(id(parameter) for parameter in new)
            trainable = sum(parameter.size for parameter in new if parameter.spec.trainable)
            shapes = [given.shape for given in node.inputs]
            work = node.layer.multiply_adds(*shapes)
            rows.append(LayerFacts(node.name, _type_of(node), value.shape, trainable, work))
        return rows

    def _add(self, layer: Layer, inputs: tuple[Value, ...], share: Value | None) -> Value:
        name = "/".join((*self._scope, self._numbered(layer)))
        shapes = [value.shape for value in inputs]
        try:
            shape = layer.output_shape(*shapes)
        except ShapeError as error:
            raise self._located(error, layer) from None
        owner = _owner(share)
        if owner is not None:
            parameters = owner.parameters
        else:
            specs = layer.parameters(*shapes)
            parameters = {key: Parameter(f"{name}/{key}", spec) for key, spec in specs.items()}
        self._history.append(f"{layer.type_name} {describe(shape)}")
        return self._append(Node(name, layer, inputs, parameters), shape)

    def _append(self, node: Node, shape: Shape) -> Value:
        value = Value(shape, node)
        self.nodes.append(node)
        self.values.append(value)
        self.output = value
        return value

    def _numbered(self, layer: Layer) -> str:
        key = (*self._scope, layer.type_name)
        self._counts[key] += 1
        return f"{layer.type_name}_{self._counts[key]}"

    @contextmanager
    def _at(self, *place: str | int) -> Iterator[None]:
        before = self._location
        self._location = (*before, *place)
        try:
            yield
        except ShapeError as error:
            if not error.loc:
                error.loc = (*self._location, *((error.field,) if error.field else ()))
            raise
        finally:
            self._location = before

    def _located(self, error: ShapeError, layer: Layer) -> ShapeError:
        error.history = " > ".join([*self._history, layer.type_name])
        return error


def _is_activation(node: Node) -> bool:
    return isinstance(node.layer, ActivationLayer)


def _type_of(node: Node) -> str:
    """Give a layer's type; of an activation that stands apart, the activation's."""
    activation = node.layer.activation if _is_activation(node) else None
    return node.layer.type_name if activation is None else activation.type_name


def _owner(value: Value | None) -> Node | None:
    """Give the node that a value comes from, before the activation that stands apart."""
    node = None if value is None else value.node
    while node is not None and _is_activation(node):
        node = node.inputs[0].node
    return node


def build_graph(layers: tuple[Layer, ...], input_shape: Shape, classes: int | None = None) -> Graph:
    """Build the graph of layers one after another.

    Raises: ShapeError whose `loc` starts at ("model", "layers"), with the history of shapes.
    """
    graph = Graph(classes=classes)
    value = graph.input(input_shape)
    graph.output = graph.sequence(layers, value, "model", "layers")
    return graph
