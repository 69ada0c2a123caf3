"""Names of layers: their own, or counted per type, after those of the containers around."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from dltrain.core.errors import ShapeError
from dltrain.layers.base import Layer

INPUT = "input"
"""What a network's input is called."""
RESERVED = (INPUT, "ema", "loss", "optimizer")
"""Names of other things than layers, in `inputs`, checkpoints and tables of times."""
_COUNTED = re.compile(r"(.+)_[0-9]+")


class Names:
    """Names layers one after another; a container is named before the layers inside."""

    def __init__(self) -> None:
        """Begin outside of all containers."""
        self.given: list[str] = []
        """Every name given so far."""
        self._prefix, self._repeated = "", False
        self._counts: Counter[tuple[str, ...]] = Counter()

    def name(self, layer: Layer) -> str:
        """Give a layer its name. One of its own does not change how the others are counted.

        Raises: ShapeError where the name is taken, or has another meaning.
        """
        name = counted = self._count("type", layer.type_name)
        if layer.name is not None:
            name = self._count("name", layer.name) if self._repeated else layer.name
            self._check(name, counted)
        self.given.append(self.inside(name))
        return self.given[-1]

    @contextmanager
    def scope(self, name: str, *, repeated: bool) -> Iterator[None]:
        """Put a container's name before those of the layers inside; count them if `repeated`."""
        before = self._prefix, self._repeated
        self._prefix, self._repeated = f"{name}/", repeated
        try:
            yield
        finally:
            self._prefix, self._repeated = before

    def inside(self, name: str) -> str:
        """Put the names of the containers around before a name."""
        return self._prefix + name

    def prefixes(self) -> Iterator[str]:
        """Give what stands before names in the containers around, from the innermost outwards."""
        prefix = self._prefix
        while prefix:
            yield prefix
            prefix = prefix[: prefix.rfind("/", 0, -1) + 1]
        yield ""

    def _count(self, *key: str) -> str:
        self._counts[self._prefix, *key] += 1
        return f"{key[-1]}_{self._counts[self._prefix, *key]}"

    def _check(self, name: str, counted: str) -> None:
        form = _COUNTED.fullmatch(name)
        if name in RESERVED:
            message = f"`{name}` cannot be the name of a layer"
            hint = f"{', '.join(RESERVED)} are names of other things"
        elif form is not None and name != counted and form[1] in Layer.registry():
            message = f"`{name}` is what a {form[1]} without a name is called"
            hint = "choose a name that is not a type of layer with a number"
        elif self.inside(name) in self.given:
            message = f"`{name}` is the name of an earlier layer"
            hint = "give each layer a name of its own"
        else:
            return
        raise ShapeError(message, field="name", hint=hint)
