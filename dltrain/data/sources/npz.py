"""NumPy arrays in one .npz file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.core.fields import Integer, LocalPath, PositiveInteger
from dltrain.data.arrays import array_store, sample_shape, value_bytes
from dltrain.data.label_names import check_last_class, class_count, numbered
from dltrain.data.npz_format import Header, read_npz, read_npz_headers
from dltrain.data.parts import Part, Reading, Stored, split_name
from dltrain.data.samples import DataFacts
from dltrain.data.sources.base import Dataset
from dltrain.data.targets import (
    as_targets,
    check_counts,
    check_labels,
    form_of,
    is_one_hot,
    without_class,
)


class Npz(Dataset):
    """Arrays x_train, y_train, x_test, y_test (and x_val, y_val) of a .npz file.

    uint8 and uint16 samples are pixels, divided by 255 and 65535, and [n, height, width] of them
    gray images; other samples are taken as they are. Whole numbers in y are class labels where
    there is one a sample, or one a pixel [n, height, width]; anything else is a dense target.
    """

    path: LocalPath
    """The .npz file."""
    classes: PositiveInteger | None = None
    """Number of classes; without it, the largest label and one."""
    targets: Literal["auto", "labels", "dense"] = "auto"
    """What y holds: class labels, dense targets, or what its type and axes say."""
    ignore_class: Integer | None = None
    """A label that stands for no class, often 255: it counts in no loss and no metric."""

    def stored_facts(self, seed: int) -> DataFacts:
        """Read the headers of the samples, and the targets."""
        headers = read_npz_headers(Path(self.path))
        names = self._splits(headers)
        targets = self._targets(names)
        shapes = {split: sample_shape(*headers[f"x_{name}"]) for split, name in names.items()}
        self._check_shapes(shapes)
        for split, name in names.items():
            check_counts(headers[f"x_{name}"][0][0], len(targets[split]), at=self._at(name))
        first = next(iter(targets.values()))
        class_names = self._class_names(targets, None)
        width = first.shape[1] if first.ndim > 1 else None
        counts = {split: len(part) for split, part in targets.items()}
        return DataFacts(
            next(iter(shapes.values())),
            len(class_names) if class_names else width,
            class_names,
            form_of(first),
            first.shape[1:],
            counts,
            value_bytes=value_bytes(headers[f"x_{next(iter(names.values()))}"][1]),
        )

    def read(self, reading: Reading) -> Stored:
        """Read every split; every label must be one of the classes."""
        names = self._splits(read_npz_headers(Path(self.path)))
        targets = self._targets(names)
        arrays = read_npz(Path(self.path), [f"x_{name}" for name in names.values()])
        parts: dict[str, Part] = {}
        for split, name in names.items():
            store = array_store(arrays.pop(f"x_{name}"), at=self._at(name))
            check_counts(len(store), len(targets[split]), at=self._at(name))
            parts[split] = Part(store, targets[split])
        self._check_shapes({split: part.store.shape for split, part in parts.items()})
        class_names = self._class_names(targets, reading.class_names)
        ignored = self.ignore_class is not None
        for split, name in names.items():
            check_labels(targets[split], len(class_names or ()), at=self._at(name), ignored=ignored)
        return Stored(parts, class_names)

    def _splits(self, headers: dict[str, Header]) -> dict[str, str]:
        names = [
            name[2:] for name in headers if name.startswith("x_") and f"y_{name[2:]}" in headers
        ]
        if not names:
            raise DataError(
                f"no pair of arrays x_train and y_train; there are {', '.join(headers) or 'none'}",
                at=self.path,
                hint="numpy.savez(path, x_train=..., y_train=..., x_test=..., y_test=...)",
            )
        return {split_name(name): name for name in sorted(names, key=lambda name: name != "train")}

    def _targets(self, names: dict[str, str]) -> dict[str, NDArray[Any]]:
        arrays = read_npz(Path(self.path), [f"y_{name}" for name in names.values()])
        form = None if self.targets == "auto" else self.targets
        targets = {}
        for split, name in names.items():
            at = f"{self.path}, array y_{name}"
            read = as_targets(arrays[f"y_{name}"], at=at, form=form)
            targets[split] = without_class(read, self.ignore_class, at=at)
        shapes = {(form_of(part), part.shape[1:]) for part in targets.values()}
        if len(shapes) > 1:
            raise DataError("the splits have targets of different shapes or types", at=self.path)
        return targets

    def _class_names(
        self, targets: dict[str, NDArray[Any]], known: tuple[str, ...] | None
    ) -> tuple[str, ...] | None:
        if known is not None:
            return known
        first = next(iter(targets.values()))
        if form_of(first) == "labels":
            classes = class_count(targets.values(), self.classes)
            if self.classes is None:
                check_last_class(tuple(targets.values()), classes, at=self.path)
            return numbered(classes)
        one_hot = all(is_one_hot(part) for part in targets.values())
        return numbered(first.shape[1]) if one_hot else None

    def _check_shapes(self, shapes: dict[str, tuple[int, ...]]) -> None:
        if len(set(shapes.values())) > 1:
            listed = ", ".join(f"{split} {shape}" for split, shape in shapes.items())
            raise DataError(f"the splits have samples of different shapes: {listed}", at=self.path)

    def _at(self, name: str) -> str:
        return f"{self.path}, arrays x_{name} and y_{name}"
