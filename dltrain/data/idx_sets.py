"""Splits that are pairs of IDX files: samples and labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dltrain.core.errors import DataError
from dltrain.core.shapes import Shape
from dltrain.data.arrays import array_store, sample_shape
from dltrain.data.idx_format import read_idx, read_idx_header
from dltrain.data.parts import Part
from dltrain.data.targets import as_targets, check_counts

Pair = tuple[Path, Path]


def read_pairs(pairs: Mapping[str, Pair]) -> dict[str, Part]:
    """Read every split; DataError where files are wrong or do not belong together."""
    return {name: _read_pair(*pair) for name, pair in pairs.items()}


def _read_pair(images: Path, labels: Path) -> Part:
    store = array_store(read_idx(images), at=str(images))
    targets = as_targets(read_idx(labels), at=str(labels))
    check_counts(len(store), len(targets), at=f"{images} and {labels}")
    return Part(store, targets)


def shapes_of(pairs: Mapping[str, Pair]) -> tuple[Shape, dict[str, int]]:
    """Read the shape of a sample and the size of each split from the headers alone."""
    shapes: dict[str, Shape] = {}
    counts: dict[str, int] = {}
    for name, (images, labels) in pairs.items():
        header = read_idx_header(images)
        check_counts(header.shape[0], read_idx_header(labels).shape[0], at=f"{images} and {labels}")
        shapes[name] = sample_shape(header.shape, header.dtype)
        counts[name] = header.shape[0]
    first = shapes["train"]
    for name, shape in shapes.items():
        if shape != first:
            message = f"samples of {name} have shape {shape}, those of train {first}"
            raise DataError(message, at=str(pairs[name][0]))
    return first, counts
