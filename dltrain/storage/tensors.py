"""Moving tensors between a checkpoint and the arrays of a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from dltrain.core.errors import StorageError
from dltrain.core.shapes import describe

Arrays = Mapping[str, NDArray[Any]]
OPTIMIZER = "optimizer"


def slot_tensors(slots: Mapping[str, Arrays]) -> dict[str, NDArray[Any]]:
    """Name what an optimizer remembers: `optimizer/<slot>/<layer>/<parameter>`."""
    return {
        f"{OPTIMIZER}/{slot}/{name}": array
        for slot, arrays in slots.items()
        for name, array in arrays.items()
    }


def fill(arrays: Arrays, tensors: Arrays, *, at: str) -> None:
    """Copy the tensors of the same names into `arrays`.

    Raises: StorageError where one is missing or has another shape; nothing is then changed.
    """
    _check(arrays, tensors, at=at)
    for name, array in arrays.items():
        array[...] = tensors[name]


def move(arrays: Arrays, tensors: dict[str, NDArray[Any]], *, at: str) -> None:
    """Do the same, but take each tensor out once it is copied: its memory is free for the next."""
    _check(arrays, tensors, at=at)
    for name, array in arrays.items():
        array[...] = tensors.pop(name)


def _check(arrays: Arrays, tensors: Arrays, *, at: str) -> None:
    for name, array in arrays.items():
        tensor = tensors.get(name)
        if tensor is None:
            raise StorageError(f"the checkpoint has no tensor {name}", at=at)
        if tensor.shape != array.shape:
            message = f"{name} has shape {describe(tensor.shape)} in the checkpoint, but the"
            raise StorageError(f"{message} network needs {describe(array.shape)}", at=at)
