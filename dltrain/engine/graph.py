"""A network as a graph: nodes (layers with parameters) joined by values (shapes)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dltrain.activations.base import Activation
from dltrain.activations.linear import Linear
from dltrain.core.errors import ShapeError
from dltrain.core.inputs import NOTHING_KNOWN, InputFacts
from dltrain.core.shapes import Shape
from dltrain.engine.facts import LayerFacts, history, layer_facts
from dltrain.engine.naming import Names
from dltrain.engine.nodes import Node, Parameter, Value
from dltrain.engine.wiring import Location, Wiring
from dltrain.layers.activation import Activation as ActivationLayer
from dltrain.layers.base import Layer
from dltrain.layers.step_mask import StepMask

__all__ = ["Graph", "LayerFacts", "Node", "Parameter", "Value", "build_graph"]


@dataclass
class Graph:
    """Builds and holds a network: nodes in the order in which they compute."""

    classes: int | None = None
    facts: InputFacts = NOTHING_KNOWN
    inputs: list[Value] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    output: Value | None = None
    layers: tuple[Layer, ...] = ()
    """What it was built of."""
    whole: Graph | None = None
    """The graph of whole sequences, whose parameters this one of shorter ones has."""

    def __post_init__(self) -> None:
        """Begin outside of all containers."""
        self._names = Names()
        self._wiring = Wiring(self._names)
        self._masks: dict[int, Value] = {}
        self._location: Location = ()
        self._frozen = False

    def input(self, shape: Shape) -> Value:
        """Add an input of the network."""
        value = Value(shape)
        self.inputs.append(value)
        return value

    def node(self, layer: Layer, *inputs: Value, share: Value | None = None) -> Value:
        """Add a layer, then its activation where its kernels cannot apply it.

        `share` is an output of a node whose parameters this one uses too, beside others of its own.
        """
        layer = layer.resolved(self.classes, self.facts)
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

    def is_masked(self, value: Value) -> bool:
        """Tell whether some steps of a value may be padding."""
        return id(value) in self._masks

    def activate(self, activation: Activation | None, value: Value) -> Value:
        """Apply an activation after a layer, under that layer's name."""
        if activation is None or isinstance(activation, Linear):
            return value
        layer = ActivationLayer(activation=activation)
        name = self._names.inside("activation") if value.node is None else value.node.name
        activated = self._append(Node(name, layer, (value,), {}), value.shape)
        self._keep_mask(layer, (value,), activated)
        return activated

    def earlier(self, name: str, *, field: str) -> tuple[Layer, Value]:
        """Find an earlier layer by a name in a field; give it and its output.

        Raises: ShapeError at the field where there is none.
        """
        value = self._wiring.find(name, field=field)
        owner = _owner(value)
        assert owner is not None  # noqa: S101 - names are those of layers
        return owner.layer, value

    def sequence(self, layers: tuple[Layer, ...], value: Value, *place: str | int) -> Value:
        """Build layers one after another; `place` is where they stand in the config."""
        for index, layer in enumerate(layers):
            with self._at(*place, index), self._wiring.before(layers[index:]):
                inputs = self._wiring.inputs(layer, value, self.inputs[0])
                number = len(self._names.given)
                value = layer.build(self, *inputs)
                # A layer is named first, then what is inside it.
                self._wiring.note(layer, self._names.given[number], value, self._location)
        return value

    @contextmanager
    def scope(self, layer: Layer, *, repeated: bool = False) -> Iterator[None]:
        """Name what is built inside after a container, and freeze it where that is frozen."""
        before = self._frozen
        self._frozen = before or not layer.trainable
        try:
            with self._names.scope(self._names.name(layer), repeated=repeated):
                yield
        finally:
            self._frozen = before

    def finish(self, output: Value) -> None:
        """Choose the network's output; raise ShapeError where another goes nowhere."""
        self.output = output
        self._wiring.require_read(self.nodes, output)

    @property
    def parameters(self) -> list[Parameter]:
        """Give every parameter once, in layer order."""
        seen: dict[int, Parameter] = {}
        for node in self.nodes:
            for parameter in node.parameters.values():
                seen.setdefault(id(parameter), parameter)
        return list(seen.values())

    def lent(self, layer: Layer, wanted: dict[str, Parameter]) -> dict[str, Parameter]:
        """Give this graph's parameters to a layer of one of shorter sequences.

        Raises: ShapeError where they do not suit shorter sequences.
        """
        own = {parameter.name: parameter for parameter in self.parameters}
        for parameter in wanted.values():
            mine, theirs = own[parameter.name].spec.shape, parameter.spec.shape
            if mine != theirs and not (layer.by_position and mine[1:] == theirs[1:]):
                raise ShapeError(
                    f"the parameters of {layer.type_name} depend on the length of sequences, "
                    "so that batches cannot have different lengths",
                    hint="leave `dataset.buckets` out, or pool the sequence before it",
                )
        return {key: own[parameter.name] for key, parameter in wanted.items()}

    def shortened(self, steps: int) -> Graph:
        """Build the same network for sequences of fewer steps, with the parameters of this one.

        Raises: ShapeError where a layer needs all steps, or takes padding for something else.
        """
        shape = (steps, *self.inputs[0].shape[1:])
        graph = Graph(classes=self.classes, facts=self.facts, layers=self.layers, whole=self)
        value = graph.input(shape)
        graph.finish(graph.sequence(self.layers, value, "model", "layers"))
        return graph

    def table(self) -> list[LayerFacts]:
        """Describe each node, first to last, for a summary."""
        steps = zip(self.nodes, self.values, strict=True)
        return layer_facts(step for step in steps if not isinstance(step[0].layer, StepMask))

    def _add(self, layer: Layer, inputs: tuple[Value, ...], share: Value | None) -> Value:
        name = self._names.name(layer)
        shapes = [value.shape for value in inputs]
        try:
            shape = layer.output_shape(*shapes)
        except ShapeError as error:
            error.history = history(inputs[0], layer.type_name)
            raise
        frozen = self._frozen or not layer.trainable
        owner = _owner(share)
        parameters = {} if owner is None else dict(owner.parameters)
        own = {
            key: Parameter(f"{name}/{key}", spec, frozen=frozen and spec.trainable)
            for key, spec in layer.parameters(*shapes).items()
            if key not in parameters
        }
        parameters |= own if self.whole is None else self.whole.lent(layer, own)
        made = self._mask_made(name, layer, inputs)
        mask = made or (self._masks.get(id(inputs[-1])) if layer.reads_mask else None)
        value = self._append(Node(name, layer, inputs, parameters, frozen, mask), shape)
        if made is not None:
            self._masks[id(value)] = made
        self._keep_mask(layer, inputs, value)
        return value

    def _mask_made(self, name: str, layer: Layer, inputs: tuple[Value, ...]) -> Value | None:
        """Add what tells the steps of the input that are padding, where a layer says so."""
        if layer.mask is None:
            return None
        shape = layer.mask.output_shape(*(value.shape for value in inputs))
        return self._append(Node(f"{name}/mask", layer.mask, inputs, {}), shape)

    def _keep_mask(self, layer: Layer, inputs: tuple[Value, ...], value: Value) -> None:
        """Note that the steps of an output are padding where those of its input are."""
        if not layer.keeps_mask or len(value.shape) != 2:
            return
        known = inputs if layer.joins and not layer.reads_mask else inputs[:1]
        masks = {id(mask): mask for given in known if (mask := self._masks.get(id(given)))}
        if len(masks) > 1:
            raise ShapeError(
                f"{layer.type_name} joins sequences with different padding",
                hint="join them before the layers that tell the padding, or pool them first",
            )
        for mask in masks.values():
            self._masks[id(value)] = mask

    def _append(self, node: Node, shape: Shape) -> Value:
        value = Value(shape, node)
        self.nodes.append(node)
        self.values.append(value)
        self.output = value
        return value

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


def _owner(value: Value | None) -> Node | None:
    """Give the node that a value comes from, before the activation that stands apart."""
    node = None if value is None else value.node
    while node is not None and node.is_activation:
        node = node.inputs[0].node
    return node


def build_graph(
    layers: tuple[Layer, ...],
    input_shape: Shape,
    classes: int | None = None,
    facts: InputFacts = NOTHING_KNOWN,
) -> Graph:
    """Build the graph of layers one after another, or as their `inputs` say.

    Raises: ShapeError whose `loc` starts at ("model", "layers"), with the history of shapes.
    """
    graph = Graph(classes=classes, facts=facts, layers=layers)
    value = graph.input(input_shape)
    graph.finish(graph.sequence(layers, value, "model", "layers"))
    return graph
