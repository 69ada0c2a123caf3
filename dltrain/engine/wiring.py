"""Which outputs a layer takes, by the names in its `inputs`, and whether every output is taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dltrain.core.errors import ShapeError
from dltrain.core.suggest import nearest
from dltrain.engine.naming import INPUT, Names
from dltrain.engine.nodes import Node, Value
from dltrain.layers.base import Layer

Location = tuple[str | int, ...]


class Wiring:
    """Finds the outputs of earlier layers by their names."""

    def __init__(self, names: Names) -> None:
        """Know no output yet; `names` tells where among the containers a layer stands."""
        self._names = names
        self._outputs: dict[str, Value] = {}
        self._ahead: tuple[str, ...] = ()
        self._results: dict[int, tuple[Value, str, Location]] = {}

    @contextmanager
    def before(self, layers: tuple[Layer, ...]) -> Iterator[None]:
        """Know the names of layers whose outputs are not there yet."""
        outer = self._ahead
        self._ahead = (*outer, *(layer.name for layer in layers if layer.name))
        try:
            yield
        finally:
            self._ahead = outer

    def note(self, layer: Layer, full: str, output: Value, location: Location) -> None:
        """Keep a layer's output under its name; of those of a repeated layer, the last."""
        self._outputs[full] = output
        if layer.name is not None:
            self._outputs[self._names.inside(layer.name)] = output
        self._results[id(output)] = (output, full, location)

    def inputs(self, layer: Layer, previous: Value, network: Value) -> tuple[Value, ...]:
        """Give the outputs that a layer takes: those that it names, else the one before."""
        if layer.inputs is None:
            if layer.joins:
                message = f"{layer.type_name} joins outputs, but does not say which"
                raise ShapeError(message, hint="name earlier layers, as in `inputs: [a, b]`")
            return (previous,)
        if len(layer.inputs) > layer.most_inputs and not layer.joins:
            most = "one input" if layer.most_inputs == 1 else f"{layer.most_inputs} inputs at most"
            message = f"{layer.type_name} takes {most}, but {len(layer.inputs)} are named"
            hint = "join them before, with add or concatenate"
            raise ShapeError(message, field="inputs", hint=hint)
        return tuple(network if name == INPUT else self.find(name) for name in layer.inputs)

    def require_read(self, nodes: list[Node], output: Value) -> None:
        """Raise ShapeError where an output is neither read nor the network's."""
        read = {id(given) for node in nodes for given in node.inputs} | {id(output)}
        for value, name, location in self._results.values():
            if value.node is not None and id(value) not in read:
                hint = "name it in the `inputs` of a later layer, or remove it"
                error = ShapeError(f"nothing reads the output of `{name}`", hint=hint)
                error.loc = location
                raise error

    def find(self, name: str, *, field: str = "inputs") -> Value:
        """Look the output up that a field names, from the innermost container outwards.

        Raises: ShapeError at the field where there is none.
        """
        for prefix in self._names.prefixes():
            if prefix + name in self._outputs:
                return self._outputs[prefix + name]
        if name.partition("/")[0] in self._ahead:
            message = f"the output of `{name}` is not there yet where this layer computes"
            raise ShapeError(message, field=field, hint="name layers that stand before it")
        seen = [INPUT]
        for prefix in self._names.prefixes():
            seen += [known[len(prefix) :] for known in self._outputs if known.startswith(prefix)]
        near = nearest(name, seen)
        hint = f"did you mean `{near}`?" if near else f"one of {', '.join(dict.fromkeys(seen))}"
        raise ShapeError(f"no earlier layer is called `{name}`", field=field, hint=hint)
