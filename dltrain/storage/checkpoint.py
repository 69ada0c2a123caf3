"""A network on disk: one safetensors file that says what it is and proves that it is whole.

Its only metadata key is `dltrain`, a canonical JSON text (sorted keys, no spaces): the fields of
`Checkpoint` but the tensors, the format's version, and `sha256`. That is the sum over the same
JSON without `sha256` and, in name order, over each tensor's `[name, dtype, shape]` as JSON and
its bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain import __version__
from dltrain.core.errors import StorageError, UsageError
from dltrain.storage import safetensors_file
from dltrain.storage.atomic import cannot_read, replacing

FORMAT = 1
KEY = "dltrain"

Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Checkpoint:
    """All that prediction needs; with `training` and the optimizer's tensors, all for a resume."""

    config: dict[str, Any]
    """The resolved config."""
    class_names: tuple[str, ...] | None
    """What the outputs stand for; None where they are not classes."""
    classes: int | None
    """How many classes there are, or numbers in a target."""
    input_shape: tuple[int, ...]
    """Shape of one sample as the network takes it."""
    preprocessing: dict[str, Any]
    """What turns an image into that sample, with the values learnt from the data."""
    metrics: dict[str, Any]
    """The epoch's record, as metrics.jsonl has it; empty before the first."""
    dataset_fingerprint: str
    """Hash over the content of the data set."""
    tensors: Tensors = field(repr=False)
    """`<layer>/<parameter>`; `optimizer/<slot>/<layer>/<parameter>`."""
    training: dict[str, Any] | None = None
    """Where the training stands; None in a checkpoint that is only for use."""
    dltrain_version: str = __version__
    """Which version wrote it."""


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; equal content gives equal bytes.

    Raises: StorageError where the disk refuses; the file that was there is then unharmed.
    """
    tensors = {name: _little_endian(checkpoint.tensors[name]) for name in checkpoint.tensors}
    described = _describe(checkpoint)
    described["sha256"] = _digest(described, tensors)
    with replacing(path) as file:
        safetensors_file.write(file, tensors, {KEY: _canonical(described)})


def load(path: Path) -> Checkpoint:
    """Read a checkpoint and check every byte of it.

    Raises: UsageError where there is no file; StorageError where it is damaged, foreign or newer.
    """
    try:
        metadata, tensors = safetensors_file.read(path, _check_owner)
    except FileNotFoundError as error:
        raise UsageError("there is no such checkpoint", at=str(path)) from error
    except OSError as error:
        raise cannot_read(path, error) from error
    described = _check_owner(path, metadata)
    claimed = described.pop("sha256", None)
    if claimed != _digest(described, tensors):
        raise damaged(path, "its sha256 is not that of its content")
    return _rebuild(path, described, tensors)


def damaged(path: Path, reason: str) -> StorageError:
    """Say that a file cannot be trusted."""
    return StorageError(
        f"this checkpoint is damaged: {reason}",
        at=str(path),
        hint="take the run's other checkpoint (`RUN@last`, `RUN@best`) or a copy",
    )


def _describe(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "dltrain_version": checkpoint.dltrain_version,
        "config": checkpoint.config,
        "class_names": checkpoint.class_names,
        "classes": checkpoint.classes,
        "input_shape": checkpoint.input_shape,
        "preprocessing": checkpoint.preprocessing,
        "metrics": checkpoint.metrics,
        "dataset_fingerprint": checkpoint.dataset_fingerprint,
        "training": checkpoint.training,
    }


def _rebuild(path: Path, described: dict[str, Any], tensors: Tensors) -> Checkpoint:
    del described["format"]
    names = described.get("class_names")
    try:
        described["class_names"] = None if names is None else tuple(names)
        described["input_shape"] = tuple(described["input_shape"])
        return Checkpoint(**described, tensors=tensors)
    except (KeyError, TypeError) as error:
        raise damaged(path, "its description lacks a field") from error


def _check_owner(path: Path, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse files of other programs and of later versions, before any tensor is read."""
    text = metadata.get(KEY)
    if not isinstance(text, str):
        hint = "`dltrain fit CONFIG` writes checkpoints that dltrain reads"
        raise StorageError("this file was not written by dltrain", at=str(path), hint=hint)
    try:
        described = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise damaged(path, "its description is not JSON") from error
    if not isinstance(described, dict) or not isinstance(described.get("format"), int):
        raise damaged(path, "its description has no format version")
    if described["format"] > FORMAT:
        raise StorageError(
            f"this checkpoint has format {described['format']}, and dltrain {__version__} reads "
            f"up to {FORMAT}",
            at=str(path),
            hint="upgrade: pip install --upgrade dltrain",
        )
    # `1e-5` and `1E-5` are one number but not one file: only what was written is accepted.
    if _canonical(described) != text:
        raise damaged(path, "its description is not as it was written")
    return described


def _digest(described: Mapping[str, Any], tensors: Tensors) -> str:
    total = sha256(_canonical(described).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        head = [name, safetensors_file.dtype_name(tensor.dtype), list(tensor.shape)]
        total.update(_canonical(head).encode())
        total.update(safetensors_file.bytes_of(tensor))
    return total.hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _little_endian(tensor: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(tensor, dtype=tensor.dtype.newbyteorder("<"), order="C")
