"""From YAML text to plain values, with the place of every key and value.

PyYAML scans and composes; what scalars mean, and what is refused, is decided here. Nothing in the
file can name a Python object.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from dltrain.config.environment import MissingVariable, fill
from dltrain.config.places import Path, Place, Places, spell
from dltrain.config.scalars import read_plain
from dltrain.core.errors import Problem

_DEEPEST = 50
_MOST_VALUES = 100_000
_PLAIN = "plain"
_TAGS = {f"tag:yaml.org,2002:{name}": name for name in ("str", "int", "float", "bool", "null")}

_CONTAINERS = {"sequence", "mapping", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}
_NO_TAGS = "configs hold texts, numbers, booleans, lists and mappings"


class _TooDeep(yaml.MarkedYAMLError):
    pass


class _Composer(yaml.SafeLoader):
    """Compose nodes only; a plain scalar keeps the tag `plain`, to be read by our rules."""

    depth = 0

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is ScalarNode and implicit[0]:
            return _PLAIN
        return "tag:yaml.org,2002:str" if kind is ScalarNode else kind.id

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.depth >= _DEEPEST:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise _TooDeep(problem=f"nested more than {_DEEPEST} deep", problem_mark=mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


@dataclass
class Tree:
    """What a YAML text says: plain values, their places, and what is wrong with the text."""

    value: Any = None
    places: Places = field(default_factory=Places)
    problems: list[Problem] = field(default_factory=list)


def read_tree(text: str, file: str) -> Tree:
    """Read one YAML document; mistakes in the text are in `problems`, none is raised."""
    tree = Tree()
    try:
        loader = _Composer(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        tree.problems.append(_syntax_problem(error, file))
        return tree
    if node is not None:
        tree.value = _Reader(tree, file).read(node, ())
    return tree


def _syntax_problem(error: yaml.YAMLError, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
    context = getattr(error, "context", None)
    if said.startswith("but ") and context:
        said = f"{context}, {said}"
    hints = {
        "found character '\\t' that cannot start any token": "indent with spaces, not with tabs",
        "mapping values are not allowed here": "put quotes around a value that holds `: `, "
        "and check the indentation",
        "expected <block end>, but found '<block mapping start>'": "check the indentation",
        "expected a single document in the stream, but found another document": "one file holds "
        "one config: remove `---`",
    }
    return Problem(
        f"this is not YAML: {said}",
        file=file,
        line=mark.line + 1 if mark else None,
        column=mark.column + 1 if mark else None,
        hint=hints.get(said),
    )


class _Reader:
    """Turn nodes into values; a node reached by two aliases is read twice, a bounded number."""

    def __init__(self, tree: Tree, file: str) -> None:
        self.tree = tree
        self.file = file
        self.open: set[int] = set()
        self.count = 0

    def read(self, node: Node, path: Path) -> Any:
        place = self.tree.places.values[path] = self.place(node)
        self.count += 1
        if id(node) in self.open:
            return self.refuse("this alias holds itself", place, path)
        if self.count > _MOST_VALUES:
            if self.count == _MOST_VALUES + 1:
                self.refuse(f"more than {_MOST_VALUES} values, counting aliases", place, path)
            return None
        if not isinstance(node, ScalarNode) and node.tag not in _CONTAINERS:
            return self.refuse(f"the tag {node.tag} is not known", place, path, hint=_NO_TAGS)
        self.open.add(id(node))
        try:
            if isinstance(node, MappingNode):
                return self.mapping(node, path)
            if isinstance(node, SequenceNode):
                return [self.read(item, (*path, at)) for at, item in enumerate(node.value)]
            return self.scalar(node, place, path)
        finally:
            self.open.discard(id(node))

    def mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        first: dict[str, Place] = {}
        merged: list[Node] = []
        for key_node, value_node in node.value:
            place = self.place(key_node)
            if not isinstance(key_node, ScalarNode):
                self.refuse("a key is a name, not a list or a mapping", place, path)
                continue
            key = key_node.value
            if key == "<<" and key_node.tag == _PLAIN:
                merged.append(value_node)
            elif key in first:
                message = f"the key `{key}` stands twice, first at line {first[key].line}"
                self.refuse(message, place, (*path, key), hint="keep one of the two")
            else:
                first[key] = self.tree.places.keys[*path, key] = place
                values[key] = self.read(value_node, (*path, key))
        for value_node in merged:
            self.merge(values, value_node, path)
        return values

    def merge(self, values: dict[str, Any], node: Node, path: Path) -> None:
        """Add what `<<` refers to; keys that are written out win, as do earlier ones."""
        sources = node.value if isinstance(node, SequenceNode) else [node]
        for source in sources:
            if not isinstance(source, MappingNode) or id(source) in self.open:
                self.refuse("`<<` takes a mapping, or a list of mappings", self.place(node), path)
                continue
            for key_node, value_node in source.value:
                key = key_node.value
                if isinstance(key, str) and key not in values:
                    self.tree.places.keys[*path, key] = self.place(key_node)
                    values[key] = self.read(value_node, (*path, key))

    def scalar(self, node: Node, place: Place, path: Path) -> Any:
        try:
            text = fill(node.value)
        except MissingVariable as error:
            hint = "set it, or write `${env:NAME:-default}`"
            return self.refuse(str(error), place, path, hint=hint)
        if node.tag == _PLAIN:
            return read_plain(text)
        kind = _TAGS.get(node.tag)
        if kind == "str":
            return text
        value = read_plain(text)
        fits = {"int": int, "float": float | int, "bool": bool, "null": type(None)}
        if kind is None:
            return self.refuse(f"the tag {node.tag} is not known", place, path, hint=_NO_TAGS)
        if not isinstance(value, fits[kind]):
            return self.refuse(f"{node.value!r} is not of the tag !!{kind}", place, path)
        return value

    def place(self, node: Node) -> Place:
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def refuse(self, message: str, place: Place, path: Path, *, hint: str | None = None) -> None:
        self.tree.problems.append(
            Problem(message, spell(path), place.file, place.line, place.column, hint=hint)
        )
