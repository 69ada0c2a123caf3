"""A hash of a data set's content, which tells a changed one from the same one elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.data.series_windows import WindowStore
from dltrain.data.stores import ArrayStore, ImageStore, Store


def fingerprint(parts: Mapping[str, tuple[Store, NDArray[Any]]]) -> str:
    """Hash splits by name: their samples as stored, and their targets."""
    digest = sha256()
    for name, (store, targets) in sorted(parts.items()):
        digest.update(f"{name}\0{len(store)}\0{store.shape}\0".encode())
        if isinstance(store, ArrayStore):
            _add_array(digest, store.array)
        elif isinstance(store, ImageStore):
            _add_files(digest, store)
        elif isinstance(store, WindowStore):
            _add_array(digest, store.values)
            _add_array(digest, store.starts)
        _add_array(digest, targets)
    return digest.hexdigest()


def _add_array(digest: Any, array: NDArray[Any]) -> None:
    digest.update(array.dtype.str.encode())
    digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def _add_files(digest: Any, store: ImageStore) -> None:
    # The bytes as they lie on disk: decoded pixels may differ between versions of an image library.
    for path in store.paths:
        digest.update(f"{path.parent.name}/{path.name}\0".encode())
        digest.update(sha256(path.read_bytes()).digest())
