from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dltrain.core.errors import DataError
from dltrain.data.sources.base import Dataset


@pytest.fixture
def table(class_folders: Path) -> Path:
    lines = ["file,species,fold"]
    for name in ("dog", "cat"):
        lines += [f"{name}/{n}.png,{name},{'test' if n == 0 else 'train'}" for n in range(10)]
    path = class_folders / "labels.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def dataset(path: Path, **fields: Any) -> Dataset:
    columns = {"image": "file", "label": "species", "split": "fold"}
    return Dataset.parse({"type": "csv_manifest", "path": str(path), **columns, **fields})


def test_rows_are_images_with_class_and_split(table: Path) -> None:
    data, facts = dataset(table).load(seed=0), dataset(table).describe()
    assert data.class_names == ("cat", "dog")
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 18, "test": 2}
    assert data.splits["test"].targets.tolist() == [1, 0]
    assert facts is not None
    assert facts.samples == {"train": 18, "test": 2}


def test_a_missing_column_gets_the_nearest_name(table: Path) -> None:
    with pytest.raises(DataError, match="no column is called 'specie'") as caught:
        dataset(table, label="specie").load(seed=0)
    assert caught.value.hint == "did you mean `species`?"


def test_a_missing_image_is_named_with_its_line(table: Path) -> None:
    table.write_text(table.read_text().replace("dog/1.png", "dog/one.png"))
    with pytest.raises(DataError, match=r"dog/one\.png does not exist") as caught:
        dataset(table).load(seed=0)
    assert caught.value.at == f"{table}:3"


def test_a_row_without_a_label_is_named_with_its_line(table: Path) -> None:
    table.write_text(table.read_text().replace("dog/1.png,dog", "dog/1.png,"))
    with pytest.raises(DataError, match="lacks a value") as caught:
        dataset(table).describe()
    assert caught.value.at == f"{table}:3"


def test_a_file_that_is_no_table_is_a_data_error(table: Path) -> None:
    table.write_bytes(b"\xff\xfe\x00\x01binary")
    with pytest.raises(DataError, match="cannot be read"):
        dataset(table).load(seed=0)
    with pytest.raises(DataError, match="no such file"):
        dataset(table.parent / "absent.csv").load(seed=0)
