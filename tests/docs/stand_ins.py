"""Small data in place of those that the example configs name and that are fetched first."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Overrides = dict[str, str]


def stand_in(config: str, folder: Path) -> Overrides:
    """Write small data for a config that does not name bundled ones; give what changes in it."""
    made = (write for name, write in _BY_CONFIG.items() if config.startswith(name))
    return next(made, lambda folder: {})(folder)


def small_mnist(folder: Path) -> Overrides:
    """Write a few random images under the names of MNIST's files."""
    generator = np.random.default_rng(0)
    for name, count in (("train", 200), ("t10k", 40)):
        images = generator.integers(0, 256, (count, 28, 28), np.uint8)
        _write_idx(folder / f"{name}-images-idx3-ubyte.gz", images)
        _write_idx(folder / f"{name}-labels-idx1-ubyte.gz", np.arange(count, dtype=np.uint8) % 10)
    return {"dataset.path": str(folder)}


def small_cifar10(folder: Path) -> Overrides:
    """Write a few random images under the names of CIFAR-10's files."""
    generator = np.random.default_rng(0)
    for name, count in (("data_batch_1", 200), ("test_batch", 40)):
        records = generator.integers(0, 256, (count, 1 + 3 * 32 * 32), np.uint8)
        records[:, 0] = np.arange(count) % 10
        (folder / f"{name}.bin").write_bytes(records.tobytes())
    return {"dataset.path": str(folder)}


def small_text(folder: Path) -> Overrides:
    """Write a short text."""
    path = folder / "text.txt"
    path.write_text("What is a day? A night that has seen the sun.\n" * 60)
    return {"dataset.path": str(path)}


def small_sentences(folder: Path) -> Overrides:
    """Write a few sentences with labels."""
    path = folder / "sentences.tsv"
    path.write_text("a fine , moving film\t1\nit is dull\t0\n" * 40)
    return {f"dataset.{name}": str(path) for name in ("path", "validation_path", "test_path")}


def small_flowers(folder: Path) -> Overrides:
    """Write rows without a header whose last column is a class."""
    path = folder / "flowers.csv"
    path.write_text("5.1,3.5,1.4,0.2,Iris-setosa\n6.2,2.9,4.3,1.3,Iris-versicolor\n" * 30)
    return {"dataset.path": str(path)}


def small_housing(folder: Path) -> Overrides:
    """Write districts with prices, some without their bedrooms."""
    rows = [
        f"{n % 7},{n % 5},{n},{n * 9},{n * 2 if n % 9 else ''},3,4,{n % 11},{900 * n},"
        f"{('INLAND', 'NEAR BAY')[n % 2]}"
        for n in range(1, 90)
    ]
    header = (
        "longitude,latitude,housing_median_age,total_rooms,total_bedrooms,population,households,"
        "median_income,median_house_value,ocean_proximity"
    )
    path = folder / "housing.csv"
    path.write_text("\n".join([header, *rows]))
    return {"dataset.path": str(path)}


def small_passengers(folder: Path) -> Overrides:
    """Write ten years of months."""
    path = folder / "passengers.csv"
    rows = "".join(f'"{1949 + n // 12}-{n % 12 + 1:02}",{100 + n}\n' for n in range(144))
    path.write_text(f'"Month","Passengers"\n{rows}')
    return {"dataset.path": str(path)}


def small_motions(folder: Path) -> Overrides:
    """Write series of six channels and four classes."""
    generator = np.random.default_rng(0)
    for split in ("TRAIN", "TEST"):
        lines = ["@classLabel true Badminton Running Standing Walking", "@data"]
        for label in ("Badminton", "Running", "Standing", "Walking") * 3:
            channels = generator.normal(size=(6, 20)).round(3)
            lines.append(":".join([*(",".join(map(str, one)) for one in channels), label]))
        (folder / f"BasicMotions_{split}.ts").write_text("\n".join(lines))
    return {"dataset.path": str(folder)}


def _write_idx(path: Path, array: NDArray[np.uint8]) -> None:
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes()))


_BY_CONFIG: dict[str, Callable[[Path], Overrides]] = {
    "airline": small_passengers,
    "basic_motions": small_motions,
    "california_housing": small_housing,
    "cifar10": small_cifar10,
    "fashion": small_mnist,
    "iris": small_flowers,
    "mnist": small_mnist,
    "shakespeare": small_text,
    "sst2": small_sentences,
}
