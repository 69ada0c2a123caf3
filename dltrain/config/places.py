"""Where every key and value of a config was written."""

from __future__ import annotations

from dataclasses import dataclass, field

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """A place in a file, counted from 1, or an option of the command line (no line)."""

    file: str
    line: int | None = None
    column: int | None = None


@dataclass
class Places:
    """The places of keys and of values by their path."""

    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)

    def find(self, path: Path, *, key: bool = False) -> Place | None:
        """Give the place of a path; of what holds it where it is not written."""
        if key and path in self.keys:
            return self.keys[path]
        for length in range(len(path), -1, -1):
            if path[:length] in self.values:
                return self.values[path[:length]]
        return None

    def forget(self, path: Path) -> None:
        """Drop everything at and under a path."""
        for places in (self.keys, self.values):
            for known in [known for known in places if known[: len(path)] == path]:
                del places[known]


def spell(path: Path) -> str:
    """Write a path as people do: `model.layers[1].units`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
