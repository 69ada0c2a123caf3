"""Shapes of one sample: (features,), (time, features) or (height, width, channels)."""

from math import prod

Shape = tuple[int, ...]

__all__ = ["Shape", "describe", "kind_of", "size_of"]


def size_of(shape: Shape) -> int:
    """Count the elements of one sample of this shape."""
    return prod(shape)


def describe(shape: Shape) -> str:
    """Write a shape as Python does, `(28, 28, 1)`."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def kind_of(shape: Shape) -> str:
    """Name what a sample of this shape is called: vectors, sequences or images."""
    return {0: "scalars", 1: "vectors", 2: "sequences", 3: "images"}.get(
        len(shape), f"arrays with {len(shape)} axes"
    )
